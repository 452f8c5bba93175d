"""Taking reports in and deciding them. Each step has its reason, by whom, and an event of the platform's log."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from privacy import audit, ciphers
from privacy.models import AbuseCase, AbuseStep
from smsplatform.lib import ids

DATABASE = "system"  # of no workspace: the web role may add a report and read none
INDEX = "privacy.AbuseCase.number"
State = AbuseCase.State
CLOSED = (State.ACTIONED, State.DISMISSED)
# What may follow what; a case that turned out to be more is opened again.
MOVES: dict[str, tuple[str, ...]] = {
    State.NEW: (State.INVESTIGATING, State.ACTIONED, State.DISMISSED),
    State.INVESTIGATING: (State.ACTIONED, State.DISMISSED),
    State.ACTIONED: (State.INVESTIGATING,),
    State.DISMISSED: (State.INVESTIGATING,),
}


class NeedsReason(ValueError):
    """A step needs its reason."""


class NotNow(ValueError):
    """The case is in no state in which this can be done; perhaps somebody was faster."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What somebody tells of a text they did not want. Number (E.164) and address are theirs, and may be empty."""

    kind: str
    sender: str
    words: str = ""
    number: str = ""
    email: str = ""
    text_at: dt.datetime | None = None


def report(told: Report, *, at: dt.datetime, source: str = AbuseCase.Source.FORM, by: UUID | None = None) -> AbuseCase:
    """Take a report in; by whom only when staff wrote it down."""
    case = AbuseCase(
        kind=told.kind, source=source, sender=told.sender, words=told.words or None, number=told.number or None,
        number_idx=ciphers.platform_index(INDEX, told.number) if told.number else None, email=told.email or None,
        text_at=told.text_at, reported_at=at,
    )  # fmt: skip
    with transaction.atomic(using=DATABASE):
        case.save(using=DATABASE, force_insert=True)
        _step(case, "", by, at)
        _record("reported", case, by, at)
    return case


def move(case: AbuseCase, to: str, *, reason: str, by: UUID, at: dt.datetime) -> None:
    """Decide the next step. Raises ``NeedsReason`` and ``NotNow``."""
    if not reason.strip():
        raise NeedsReason
    with transaction.atomic(using=DATABASE):
        row = _locked(case)
        if to not in MOVES[row.state]:
            raise NotNow
        row.state, row.closed_at = to, at if to in CLOSED else None
        row.save(using=DATABASE, update_fields=["state", "closed_at"])
        _step(row, reason, by, at)
        _record(to, row, by, at)


def trace(
    case: AbuseCase, *, suspect: UUID | None, hold: UUID | None = None, reason: str, by: UUID, at: dt.datetime
) -> None:
    """Say which workspace sent it, as far as somebody knows, and which hold keeps what it is about.

    Raises ``NeedsReason`` and, for a case that is closed, ``NotNow``.
    """
    if not reason.strip():
        raise NeedsReason
    with transaction.atomic(using=DATABASE):
        row = _locked(case)
        if row.state in CLOSED:
            raise NotNow
        row.suspect_id, row.hold_id = suspect, hold
        row.save(using=DATABASE, update_fields=["suspect_id", "hold_id"])
        _step(row, reason, by, at)
        _record("traced", row, by, at, **({"subject": str(suspect)} if suspect else {}))


def forget(case: AbuseCase, *, by: UUID, at: dt.datetime) -> None:
    """Erase who reported it and their words, because they ask; that there was a report stays."""
    with transaction.atomic(using=DATABASE):
        row = _locked(case)
        row.number = row.number_idx = row.email = row.words = None
        row.save(using=DATABASE, update_fields=["number", "number_idx", "email", "words"])
        _record("forgotten", row, by, at)


def waiting() -> "QuerySet[AbuseCase]":
    """Those that nobody decided, longest first."""
    return AbuseCase.objects.using(DATABASE).filter(closed_at=None).order_by("id")


def decided() -> "QuerySet[AbuseCase]":
    """Those that were decided, newest first."""
    return AbuseCase.objects.using(DATABASE).filter(closed_at__isnull=False).order_by("-closed_at")


def _locked(case: AbuseCase) -> AbuseCase:
    return AbuseCase.objects.using(DATABASE).select_for_update().get(pk=case.pk)


def _step(case: AbuseCase, reason: str, by: UUID | None, at: dt.datetime) -> None:
    made = AbuseStep(id=ids.uuid7(), case=case, state=case.state, reason=reason or None, by_id=by, at=at)
    made.save(using=DATABASE, force_insert=True)


def _record(what: str, case: AbuseCase, by: UUID | None, at: dt.datetime, **details: str) -> None:
    told = {"case": str(case.pk), "kind": str(case.kind), **details}
    source = "staff" if by else "visitor"
    action = f"{source}:abuse:{what}"
    audit.record(action=action, workspace=audit.PLATFORM, actor=by, at=at, details=told, using=DATABASE)
