"""What the browser in front of us has shown: kept in its session, by id, and for half an hour."""

import datetime as dt
from uuid import UUID

from django.http import Http404, HttpRequest

from accounts.access import lacks_factor, owes_second_step
from privacy.models import DataRequest, IdentityProof
from privacy.requests import desk, proofs
from smsplatform.lib import ids, lookups

SHOWN = "privacy_shown"  # the proof that was shown last
ASKED = "privacy_asked"  # the proof whose code is awaited
RAISED = "privacy_raised"  # requests made here that needed no proof
RAISED_MAX = 10


def proof(request: HttpRequest, *, at: dt.datetime) -> IdentityProof | None:
    """What was shown lately, if anything."""
    return proofs.shown(UUID(known), at=at) if (known := request.session.get(SHOWN)) else None


def remember(request: HttpRequest, shown: IdentityProof) -> None:
    """From now on this browser speaks for that identity; under a new session id, so that nobody waits on the old."""
    request.session.cycle_key()
    request.session[SHOWN] = str(shown.pk)
    request.session.pop(ASKED, None)


def raised(request: HttpRequest, made: DataRequest) -> None:
    """Let this browser follow a request that needed no proof."""
    request.session[RAISED] = [*request.session.get(RAISED, []), str(made.pk)][-RAISED_MAX:]


def user(request: HttpRequest) -> UUID | None:
    """Who has signed in, second step and all."""
    whole = request.user.is_authenticated and not owes_second_step(request) and not lacks_factor(request)
    return request.user.pk if whole else None


def own(request: HttpRequest, public_id: str, *, at: dt.datetime) -> DataRequest:
    """The request of this address, if it is this visitor's. Raises Http404, the same for all that is not."""
    wanted = lookups.named(ids.DATA_REQUEST, public_id)
    found = desk.mine(proof=proof(request, at=at), user=user(request)).filter(pk=wanted).first()
    if found is None and str(wanted) in request.session.get(RAISED, []):
        found = DataRequest.objects.filter(pk=wanted).first()
    if found is None:
        raise Http404
    return found
