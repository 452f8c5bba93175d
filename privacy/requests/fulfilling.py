"""What happens once somebody has shown who they are: answered at once, forwarded, or left to the desk."""

import datetime as dt
import logging
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connections

from privacy import archives, erasure, finding, objections, restrictions
from privacy.models import ConsentRecord, DataRequest, IdentityProof, Objection, RequestTicket
from privacy.models.data_request import About, Kind, State
from privacy.people import Person
from privacy.requests import correcting, desk, tickets
from privacy.requests.proofs import Identity
from smsplatform.lib import clock
from smsplatform.lib.tasks import task
from smsplatform.lib.tenancy import scope

logger = logging.getLogger(__name__)
BATCH = 50
COPIES = frozenset({Kind.ACCESS, Kind.PORTABILITY})
ERASURES = frozenset({Kind.ERASURE, Kind.ANONYMISATION})
VISITORS = frozenset({Kind.ACCESS, Kind.ERASURE, Kind.OBJECTION})
SESSION = "session"
TEXTED = frozenset({About.RECIPIENT, About.CONTACT})  # whose data belongs to workspaces
SIGNED_UP = frozenset({About.ACCOUNT_HOLDER, About.TEAM_MEMBER})


class NumberGone(LookupError):
    """Nobody knows any more whose ticket this is: both the ticket's number and the request's are erased."""


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
    elif request.about == About.VISITOR and request.user_id is None:
        _begin_visitor(request, at)
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
    elif request.kind == Kind.OBJECTION:
        _begin_objection(request, at)
    elif request.kind == Kind.RECTIFICATION and request.field and request.proof == SESSION:
        assert request.user_id is not None
        correcting.correct(request, by="person", actor=request.user_id, at=at)


def _begin_objection(request: DataRequest, at: dt.datetime) -> None:
    """What a word ends, ends now. What has to be weighed waits for the desk, and the data is restricted meanwhile."""
    assert request.user_id is not None
    effect = objections.effect(request.activity)
    if effect == objections.STOP:
        with desk.recorded():
            objections.put(person=request.user_id, activity=request.activity, request_id=request.pk, at=at)
            desk.move(request, State.DELIVERED, by="platform", note="objected", at=at)
    elif effect == objections.WEIGH:
        restrictions.restrict(person_of(request), request_id=request.pk, at=at)
        desk.remark(request, note="weighed", at=at)


def _begin_visitor(request: DataRequest, at: dt.datetime) -> None:
    """All there is of a visitor is the record of what they decided about cookies."""
    if request.kind not in VISITORS:
        return
    if request.kind == Kind.OBJECTION:  # its page has declined statistics in the same response
        desk.move(request, State.DELIVERED, by="platform", note="objected", at=at)
    elif request.consent_id is None or not _holds(request):
        desk.move(request, State.DELIVERED, by="platform", note="nothing_held", at=at)
    elif request.kind in COPIES:
        desk.move(request, State.EXECUTING, by="platform", at=at)
        archives.request(person_of(request), request_id=request.pk, at=at)
    else:
        desk.move(request, State.EXECUTING, by="platform", at=at)
        erasure.execute(person_of(request), request_id=request.pk, at=at)
        desk.move(request, State.DELIVERED, by="platform", note="erased", at=at)


def grant(request: DataRequest, *, answer: str, actor: UUID, at: dt.datetime) -> None:
    """The desk says yes, with words for the person; what was asked is done in the same transaction.

    Raises ``NotAllowed``, ``NotThere``.
    """
    if request.kind == Kind.RECTIFICATION and request.field:
        correcting.correct(request, by="staff", actor=actor, answer=answer, at=at)
        return
    note = "answered"
    with desk.recorded():
        if request.kind == Kind.OBJECTION and request.user_id is not None and request.activity:
            objections.put(person=request.user_id, activity=request.activity, request_id=request.pk, at=at)
            note = "objected"
        desk.move(request, State.DELIVERED, by="staff", actor=actor, note=note, answer=answer, at=at)


def decline(request: DataRequest, *, code: str, reason: str, actor: UUID, at: dt.datetime) -> None:
    """The desk says no, with the law that allows it; what held until then ends. Raises ``NoReason``, ``NotAllowed``."""
    with desk.recorded():
        desk.refuse(request, code=code, reason=reason, actor=actor, at=at)
        if request.kind == Kind.OBJECTION:
            restrictions.end(request.pk, at=at)


def withdraw(request: DataRequest, *, at: dt.datetime) -> None:
    """The person takes their request back, outside of any scope. Raises ``NotAllowed``."""
    tickets.withdraw(request, at=at)
    if request.kind == Kind.OBJECTION:
        restrictions.end(request.pk, at=at)


def held_by(request: DataRequest) -> bool:
    """Whether what a finished request brought about still holds, and its person may end it."""
    if request.state not in (State.DELIVERED, State.PARTLY_REFUSED):
        return False
    if request.kind == Kind.RESTRICTION:
        return any(restrictions.is_restricted(person) for person in _restricted(request))
    standing = Objection.objects.filter(pk=request.pk, lifted_at=None)
    return request.kind == Kind.OBJECTION and standing.exists()


def lift(request: DataRequest, *, at: dt.datetime) -> None:
    """End what a finished request brought about, because its person says so; outside of any scope."""
    for person in _restricted(request) if request.kind == Kind.RESTRICTION else ():
        if restrictions.is_restricted(person):
            restrictions.lift(person, at=at)
    if request.kind == Kind.OBJECTION:
        objections.lift(request_id=request.pk, at=at)
        restrictions.end(request.pk, at=at)
    desk.remark(request, note="lifted", by="person", at=at)


def _restricted(request: DataRequest) -> list[Person]:
    """Whom a request restricted, in each workspace that did so."""
    if request.about not in TEXTED:
        return [person_of(request)]
    number = request.identity or ""
    places = [told.workspace for told in tickets.decisions(request) if told.state == RequestTicket.State.DONE]
    return [Person(subject="recipient", msisdn=number, workspace=place) for place in places if number]


def person_of(request: DataRequest) -> Person:
    """Whom a request of an account or a visitor is about."""
    if request.about == About.VISITOR and request.user_id is None:
        return Person(subject="visitor", consent=request.consent_id)
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
    person = Person(subject="recipient", msisdn=tickets.number_of(ticket), workspace=workspace)
    if not person.msisdn:
        raise NumberGone
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
    if request.consent_id is not None:
        return ConsentRecord.objects.filter(consent_id=request.consent_id).exists()
    return request.user_id is not None
