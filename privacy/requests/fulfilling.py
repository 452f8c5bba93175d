"""What happens once somebody has shown who they are: answered at once, forwarded, or left to the desk."""

import datetime as dt
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model

from privacy import finding
from privacy.models import DataRequest, IdentityProof
from privacy.models.data_request import About, Kind, State
from privacy.requests import desk, tickets
from privacy.requests.proofs import Identity

TEXTED = frozenset({About.RECIPIENT, About.CONTACT})  # whose data belongs to workspaces
SIGNED_UP = frozenset({About.ACCOUNT_HOLDER, About.TEAM_MEMBER})


def proved(proof: IdentityProof, *, at: dt.datetime) -> list[DataRequest]:
    """Begin with every request that waited for this proof; outside of any scope."""
    requests = desk.prove_all(proof, at=at)
    for request in requests:
        start(request, at=at)
    return requests


def start(request: DataRequest, *, at: dt.datetime) -> None:
    """Do what can be done without a person; what is left waits in the desk's queue. Outside of any scope."""
    if request.state != State.VERIFIED:
        return
    if request.about in SIGNED_UP and request.user_id is None:
        _attach(request)
    if request.kind == Kind.CONFIRMATION:
        note = "held" if _holds(request) else "nothing_held"
        desk.move(request, State.DELIVERED, by="platform", note=note, at=at)
    elif request.about in TEXTED and request.kind in tickets.FORWARDED:
        tickets.forward(request, workspaces(request.identity or ""), at=at)


def workspaces(msisdn: str) -> list[UUID]:
    """Who holds anything about a number, but for the operator's own workspace, which only sent it codes."""
    return [one for one in finding.workspaces_of(msisdn) if str(one) != settings.PRIVACY_WORKSPACE]


def account_of(identity: Identity) -> UUID | None:
    """The account with this address."""
    users = get_user_model()
    index = users.email_index(identity.value)
    return users.objects.filter(email_idx=index, is_active=True).values_list("pk", flat=True).first()


def _attach(request: DataRequest) -> None:
    """The address that was shown may be that of an account."""
    request.user_id = account_of(Identity(kind="mail", value=request.identity or ""))
    request.save(update_fields=["user_id"])


def _holds(request: DataRequest) -> bool:
    if request.about in TEXTED:
        return bool(workspaces(request.identity or ""))
    return request.user_id is not None
