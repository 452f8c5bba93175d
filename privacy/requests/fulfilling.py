"""What happens once somebody has shown who they are: answered at once, forwarded, or left to the desk."""

import datetime as dt
import logging
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connections

from privacy import archives, erasure, finding, restrictions
from privacy.models import DataRequest, IdentityProof, RequestTicket
from privacy.models.data_request import About, Kind, State
from privacy.people import Person
from privacy.requests import desk, tickets
from privacy.requests.proofs import Identity
from smsplatform.lib import clock
from smsplatform.lib.tasks import task
from smsplatform.lib.tenancy import scope

logger = logging.getLogger(__name__)
BATCH = 50
COPIES = frozenset({Kind.ACCESS, Kind.PORTABILITY})
ERASURES = frozenset({Kind.ERASURE, Kind.ANONYMISATION})
TEXTED = frozenset({About.RECIPIENT, About.CONTACT})  # whose data belongs to workspaces
SIGNED_UP = frozenset({About.ACCOUNT_HOLDER, About.TEAM_MEMBER})


def proved(proof: IdentityProof, *, holder: UUID | None = None, at: dt.datetime) -> list[DataRequest]:
    """Begin with every request that waited for this proof; outside of any scope.

    ``holder`` is the account behind a wallet, which nothing here could find.
    """
    requests = desk.prove_all(proof, at=at)
    for request in requests:
        if holder is not None:
            _attach(request, holder)
        start(request, at=at)
    return requests


def start(request: DataRequest, *, at: dt.datetime) -> None:
    """Do what can be done without a person; what is left waits in the desk's queue. Outside of any scope."""
    if request.state != State.VERIFIED:
        return
    if request.about in SIGNED_UP and request.user_id is None:
        _attach(request, account_of(Identity(kind="mail", value=request.identity or "")))
    if request.kind == Kind.CONFIRMATION:
        note = "held" if _holds(request) else "nothing_held"
        desk.move(request, State.DELIVERED, by="platform", note=note, at=at)
    elif request.about in TEXTED and request.kind in tickets.FORWARDED:
        tickets.forward(request, workspaces(request.identity or ""), at=at)
    elif request.user_id is not None:
        _begin_own(request, at)


def _begin_own(request: DataRequest, at: dt.datetime) -> None:
    """A person of an account: copies are made at once, an erasure waits until they have seen what it does."""
    if request.kind in COPIES:
        desk.move(request, State.EXECUTING, by="platform", at=at)
        archives.request(person_of(request), request_id=request.pk, at=at)
    elif request.kind in ERASURES:
        desk.move(request, State.PLANNED, by="platform", at=at)
    elif request.kind == Kind.RESTRICTION:
        desk.move(request, State.EXECUTING, by="platform", at=at)
        restrictions.restrict(person_of(request), request_id=request.pk, at=at)
        desk.move(request, State.DELIVERED, by="platform", note="restricted", at=at)


def person_of(request: DataRequest) -> Person:
    """Whom a request of an account is about."""
    return Person(subject="account_holder", user=request.user_id)


def carry_out(*, at: dt.datetime) -> int:
    """Do what was agreed to and not done yet; how much. Whatever fails is tried again and stops nothing else."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT * FROM privacy.tickets_accepted(%s)", [BATCH])
        accepted = cursor.fetchall()
    done = sum(_tried(ticket, workspace, at) for ticket, workspace in accepted)
    own = DataRequest.objects.filter(state__in=(State.APPROVED, State.EXECUTING)).order_by("id")[:BATCH]
    return done + sum(_tried_own(request, at) for request in own)


@task(name="privacy.requests.fulfilling.sweep", queue="privacy")
def sweep() -> None:
    """Scheduled; safe to run twice."""
    carry_out(at=clock.now())


def _tried(ticket_id: UUID, workspace: UUID, at: dt.datetime) -> bool:
    try:
        return _carry_out(ticket_id, workspace, at)
    except erasure.InFlight:
        return False
    except Exception:
        logger.exception("ticket_failed", extra={"ticket": str(ticket_id)})
        return False


def _carry_out(ticket_id: UUID, workspace: UUID, at: dt.datetime) -> bool:
    with scope.workspace(workspace):
        ticket = RequestTicket.objects.get(pk=ticket_id)
    person = Person(subject="recipient", msisdn=ticket.msisdn or "", workspace=workspace)
    if ticket.kind in ERASURES:
        erasure.execute(person, request_id=ticket.pk, at=at)
    elif ticket.kind == Kind.RESTRICTION:
        restrictions.restrict(person, request_id=ticket.pk, at=at)
    elif not _copied(person, ticket.pk, at):
        return False
    with scope.workspace(workspace):
        tickets.done(ticket, at=at)
    tickets.conclude(DataRequest.objects.get(pk=ticket.request_id), at=at)
    return True


def _copied(person: Person, archive: UUID, at: dt.datetime) -> bool:
    """Whether the copy is there; asking for it again changes nothing."""
    archives.request(person, request_id=archive, at=at)
    return archives.state(archive).ready


def _tried_own(request: DataRequest, at: dt.datetime) -> bool:
    try:
        return _carry_out_own(request, at)
    except (erasure.InFlight, erasure.Blocked):
        return False
    except Exception:
        logger.exception("request_failed", extra={"request": str(request.pk)})
        return False


def _carry_out_own(request: DataRequest, at: dt.datetime) -> bool:
    if request.state == State.APPROVED:
        desk.move(request, State.EXECUTING, by="platform", at=at)
    if request.kind in ERASURES:
        erasure.execute(person_of(request), request_id=request.pk, at=at)
    elif request.kind not in COPIES or not archives.state(request.pk).ready:
        return False
    desk.move(request, State.DELIVERED, by="platform", at=at)
    return True


def workspaces(msisdn: str) -> list[UUID]:
    """Who holds anything about a number, but for the operator's own workspace, which only sent it codes."""
    return [one for one in finding.workspaces_of(msisdn) if str(one) != settings.PRIVACY_WORKSPACE]


def account_of(identity: Identity) -> UUID | None:
    """The account with this address."""
    users = get_user_model()
    index = users.email_index(identity.value)
    return users.objects.filter(email_idx=index, is_active=True).values_list("pk", flat=True).first()


def _attach(request: DataRequest, user: UUID | None) -> None:
    """What was shown may belong to an account."""
    request.user_id = user
    request.save(update_fields=["user_id"])


def _holds(request: DataRequest) -> bool:
    if request.about in TEXTED:
        return bool(workspaces(request.identity or ""))
    return request.user_id is not None
