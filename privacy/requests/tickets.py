"""What workspaces are told of requests about their data: as controllers they decide, we carry out.

A workspace may let us fulfil some kinds without asking; objections and restrictions are, unless it says otherwise. When
all tickets of a request are decided, the request is.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connections
from django.db.models import Count, Q

from privacy import audit, ciphers, keyring
from privacy.models import DataRequest, RequestSettings, RequestTicket
from privacy.models.data_request import Kind, State
from privacy.requests import desk, signals
from smsplatform.lib import ids
from smsplatform.lib.tenancy import scope

# Which setting lets us fulfil a kind of request without asking; other kinds are always asked for.
SWITCHES = {
    Kind.OBJECTION: "objection",
    Kind.RESTRICTION: "restriction",
    Kind.ACCESS: "access",
    Kind.PORTABILITY: "access",
    Kind.ERASURE: "erasure",
    Kind.ANONYMISATION: "erasure",
}
SWITCH_NAMES = tuple(dict.fromkeys(SWITCHES.values()))
CARRIED_OUT = frozenset(SWITCHES.keys() - {Kind.OBJECTION})  # by a worker, after the decision
FORWARDED = frozenset({*SWITCHES, Kind.RECTIFICATION})


_WORDS = {str(RequestTicket.State.REFUSED): "refused", str(RequestTicket.State.CLOSED): "withdrawn"}
NUMBER = "privacy.RequestTicket.msisdn"  # the label of its blind index
UNDECIDED = {str(RequestTicket.State.OPEN), str(RequestTicket.State.ACCEPTED)}


class AlreadyDecided(ValueError):
    """Somebody decided this ticket before, or its request was withdrawn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """How a workspace decided, for the person who asked; ``name`` is who the controller is."""

    ticket: UUID
    workspace: UUID
    name: str
    state: str
    due_at: dt.datetime
    decided_at: dt.datetime | None
    reason: str


def forward(request: DataRequest, workspaces: Sequence[UUID], *, at: dt.datetime) -> None:
    """Tell every workspace that holds data, outside of any scope; without any there is nothing to do."""
    if not workspaces:
        desk.move(request, State.DELIVERED, by="platform", note="nothing_held", at=at)
        return
    if request.state == State.VERIFIED:
        desk.move(request, State.FORWARDED, by="platform", at=at)
    for workspace in workspaces:
        with scope.workspace(workspace):
            _open(request, workspace, at)
    conclude(request, at=at)


def _open(request: DataRequest, workspace: UUID, at: dt.datetime) -> None:
    """A ticket in the open scope; none when there is one already, so that forwarding may be repeated."""
    if RequestTicket.objects.filter(workspace_id=workspace, request_id=request.pk).exists():
        return
    ticket = RequestTicket.objects.create(
        id=ids.uuid7(),
        workspace_id=workspace,
        request_id=request.pk,
        kind=request.kind,
        msisdn=request.identity,
        msisdn_idx=_index(workspace, request.identity) if request.identity else None,
        words=request.words,
        due_at=request.due_at,
        created_at=at,
    )
    _record(ticket, "opened", None, at)
    signals.ticket_opened.send(sender=RequestTicket, ticket=ticket, at=at)
    if is_automatic(workspace, request.kind):
        accept(ticket, by=None, at=at)


def number_of(ticket: RequestTicket) -> str:
    """Whose ticket it is, E.164; when another request had the number erased here, from the request while it has it."""
    if ticket.msisdn:
        return str(ticket.msisdn)
    request = DataRequest.objects.filter(pk=ticket.request_id).first()
    return (request.identity or "") if request else ""


def _index(workspace: UUID, msisdn: str) -> bytes:
    return ciphers.blind_index(keyring.key(workspace, keyring.Purpose.INDEX), NUMBER, msisdn)


def settings_of(workspace: UUID) -> RequestSettings:
    """What the workspace of the open scope lets us do; the defaults until it chose."""
    return RequestSettings.objects.filter(pk=workspace).first() or RequestSettings(workspace_id=workspace)


def choose(*, workspace: UUID, changes: Mapping[str, bool], by: UUID, at: dt.datetime) -> RequestSettings:
    """Let us fulfil some kinds from now on, in the open scope, or no longer; what is not in ``changes`` stays."""
    row, _ = RequestSettings.objects.get_or_create(workspace_id=workspace)
    for name, value in changes.items():
        setattr(row, name, value)
    if changes:
        row.save(update_fields=list(changes))
        words = {name: "on" if value else "off" for name, value in changes.items()}
        audit.record(action="user:request_settings:changed", workspace=workspace, actor=by, at=at, details=words)
    return row


def is_automatic(workspace: UUID, kind: str) -> bool:
    """Whether requests of this kind are fulfilled without asking."""
    switch = SWITCHES.get(kind)  # type: ignore[call-overload]  # the enum's values are these strings
    return bool(switch and getattr(settings_of(workspace), switch))


def accept(ticket: RequestTicket, *, by: UUID | None, at: dt.datetime) -> None:
    """Agree, in the open scope; ``by`` is None when a switch decided. Raises ``AlreadyDecided``.

    An objection holds from this commit on; what takes longer is carried out by ``privacy.requests.fulfilling``.
    """
    at_once = ticket.kind not in CARRIED_OUT
    _decide(ticket, RequestTicket.State.DONE if at_once else RequestTicket.State.ACCEPTED, by, at)
    if ticket.kind == Kind.OBJECTION:
        told = {"workspace": ticket.workspace_id, "msisdn": number_of(ticket), "by": by or ticket.request_id, "at": at}
        signals.objected.send(sender=RequestTicket, **told)
    signals.ticket_decided.send(sender=RequestTicket, ticket=ticket, at=at)


def refuse(ticket: RequestTicket, *, reason: str, by: UUID, at: dt.datetime) -> None:
    """Say no in the open scope; the person reads the reason. Raises ``NoReason``, ``AlreadyDecided``."""
    if not reason.strip():
        raise desk.NoReason
    _decide(ticket, RequestTicket.State.REFUSED, by, at)
    ticket.reason = reason[: desk.WORDS_MAX]
    ticket.save(update_fields=["reason"])
    signals.ticket_decided.send(sender=RequestTicket, ticket=ticket, at=at)


def answer(ticket: RequestTicket, *, reason: str | None, by: UUID, at: dt.datetime) -> None:
    """What the workspace of the open scope says: yes, or no with a reason. Raises ``NoReason``, ``AlreadyDecided``."""
    if reason is None:
        accept(ticket, by=by, at=at)
    else:
        refuse(ticket, reason=reason, by=by, at=at)
    request = DataRequest.objects.filter(pk=ticket.request_id).first()
    if request is not None:
        conclude(request, at=at)


def withdraw(request: DataRequest, *, at: dt.datetime) -> None:
    """The person takes their request back, outside of any scope. Raises ``NotAllowed``."""
    desk.withdraw(request, at=at)
    for told in decisions(request):
        with scope.workspace(told.workspace):
            _close(RequestTicket.objects.get(pk=told.ticket), at)


def _close(ticket: RequestTicket, at: dt.datetime) -> None:
    try:
        _decide(ticket, RequestTicket.State.CLOSED, None, at)
    except AlreadyDecided:
        return
    signals.ticket_decided.send(sender=RequestTicket, ticket=ticket, at=at)


def put_off(request: DataRequest, *, reason: str, actor: UUID, at: dt.datetime) -> None:
    """Take longer, as ``desk.extend``; workspaces get as long. Outside of any scope."""
    desk.extend(request, reason=reason, actor=actor, at=at)
    for told in decisions(request):
        with scope.workspace(told.workspace):
            undecided = RequestTicket.objects.filter(pk=told.ticket, state=RequestTicket.State.OPEN)
            undecided.update(due_at=request.due_at, reminded=0)


def waiting(workspace: UUID, *, soon: dt.datetime, at: dt.datetime) -> tuple[int, int, int]:
    """How many tickets of the open scope's workspace wait: all, those due before ``soon``, and those due by ``at``."""
    counted = RequestTicket.objects.filter(workspace_id=workspace, state=RequestTicket.State.OPEN).aggregate(
        waiting=Count("pk"), soon=Count("pk", filter=Q(due_at__lt=soon)), late=Count("pk", filter=Q(due_at__lte=at))
    )
    return counted["waiting"], counted["soon"], counted["late"]


def done(ticket: RequestTicket, *, at: dt.datetime) -> None:
    """What was agreed to has been carried out; in the open scope."""
    accepted = RequestTicket.objects.filter(pk=ticket.pk, state=RequestTicket.State.ACCEPTED)
    if accepted.update(state=RequestTicket.State.DONE):
        ticket.state = RequestTicket.State.DONE
        _record(ticket, "fulfilled", None, at)
        signals.ticket_decided.send(sender=RequestTicket, ticket=ticket, at=at)


def _decide(ticket: RequestTicket, state: str, by: UUID | None, at: dt.datetime) -> None:
    automatic = by is None and state != RequestTicket.State.CLOSED
    changes = {"state": state, "decided_at": at, "decided_by": by, "automatic": automatic}
    undecided = RequestTicket.objects.filter(pk=ticket.pk, state=RequestTicket.State.OPEN)
    if not undecided.update(**changes):
        raise AlreadyDecided
    for name, value in changes.items():
        setattr(ticket, name, value)
    _record(ticket, _WORDS.get(str(state), "accepted"), by, at)


def decisions(request: DataRequest) -> list[Decision]:
    """How each workspace decided, by its name; whatever scope is open."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT * FROM privacy.tickets_of(%s)", [request.pk])
        return [_decision(row) for row in cursor.fetchall()]


def _decision(row: tuple[UUID, UUID, str, str, dt.datetime, dt.datetime | None, bytes | None]) -> Decision:
    ticket, workspace, name, state, due_at, decided_at, reason = row
    return Decision(
        ticket=ticket, workspace=workspace, name=name, state=state, due_at=due_at, decided_at=decided_at,
        reason=RequestTicket(id=ticket, workspace_id=workspace, reason=reason).reason or "",
    )  # fmt: skip


def conclude(request: DataRequest, *, at: dt.datetime) -> None:
    """Close the request if every workspace has decided; safe to repeat."""
    told = [decision.state for decision in decisions(request)]
    request.refresh_from_db(fields=["state"])
    if request.state != State.FORWARDED or not told or UNDECIDED & set(told):
        return
    refused = told.count(RequestTicket.State.REFUSED)
    to = State.DELIVERED if not refused else State.REFUSED if refused == len(told) else State.PARTLY_REFUSED
    desk.move(request, to, by="workspace", note="decided", at=at)


def _record(ticket: RequestTicket, what: str, by: UUID | None, at: dt.datetime) -> None:
    audit.record(
        action=f"{'user' if by else 'system'}:request_ticket:{what}",
        workspace=ticket.workspace_id,
        actor=by,
        at=at,
        details={"ticket": str(ticket.pk), "kind": ticket.kind},
    )
