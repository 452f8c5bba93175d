"""Writing to the register of disclosures: each step by whom, in which order, and never two steps by the same person.

Each act is an event of the platform's sealed log. What concerns the workspace is one of its own log too, withheld
while the law forbids to tell it: it has its place among the sealed leaves from the beginning.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Max, QuerySet

from privacy import archives, audit, profiles
from privacy.disclosures import scope
from privacy.models import Disclosure, DisclosureNotice
from privacy.models.disclosure import SILENCE_MAX, Ground
from smsplatform.lib import ids

DATABASE = "system"  # no workspace's own: the web role does not see the register
State = Disclosure.State
LEGAL_PROCESS = "legal_process"  # the only reason for a grant under which a package is made
UNDECIDED = (State.DRAFT, State.VALID, State.TOLD, State.APPROVED)


class NotNow(ValueError):
    """The case is in no state in which this can be done; perhaps somebody was faster."""


class SamePerson(ValueError):
    """Two people decide: whoever took the demand in or assessed it cannot approve it."""


class NotEffective(ValueError):
    """A demand is valid when it is authentic, effective here, and no wider than what was entered."""


class NeedsReason(ValueError):
    """A decision needs its reasons."""


class InTheFuture(ValueError):
    """It cannot have been received later than now."""


class SilenceNotBounded(ValueError):
    """Silence has a law and an end, within a year."""


class TooEarly(ValueError):
    """The holder has been told, and may still object."""


class Objected(ValueError):
    """The holder objects, and nobody has answered."""


class NoLeave(ValueError):
    """It takes a grant for this workspace, for legal process, deep enough, with a second person."""


class NothingTaken(ValueError):
    """There is no package that was taken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """What an authority wants, in the words of the form."""

    workspace: UUID
    ground: str
    country: str
    authority: str
    law: str
    reference: str
    received_at: dt.datetime
    records: tuple[str, ...]
    kinds: tuple[str, ...]
    since: dt.datetime
    until: dt.datetime
    number: str = ""
    bar_law: str = ""
    bar_until: dt.datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessment:
    """What somebody found out about a demand. Valid only when all three hold."""

    authentic: bool
    effective: bool
    narrow: bool
    reasons: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Leave:
    """A staff grant, as far as it matters here; ``second`` is the other person who agreed to it."""

    grant: UUID
    workspace: UUID
    category: str
    level: int
    second: UUID | None
    until: dt.datetime


def open_case(demand: Demand, *, by: UUID, at: dt.datetime) -> Disclosure:
    """Take a demand in. Raises ``InTheFuture``, ``SilenceNotBounded``, and as ``scope.check``."""
    if demand.received_at > at:
        raise InTheFuture
    if bool(demand.bar_law) != bool(demand.bar_until):
        raise SilenceNotBounded
    if demand.bar_until is not None and not at < demand.bar_until <= at + SILENCE_MAX:
        raise SilenceNotBounded
    scope.check(records=demand.records, kinds=demand.kinds, since=demand.since, until=demand.until)
    case = Disclosure(
        workspace_id=demand.workspace, ground=Ground(demand.ground), country=demand.country,
        authority=demand.authority, law=demand.law, reference=demand.reference, received_at=demand.received_at,
        opened_at=at, opened_by=by, records=list(demand.records), kinds=list(demand.kinds), since=demand.since,
        until=demand.until, number=demand.number or None, bar_law=demand.bar_law or None, bar_until=demand.bar_until,
    )  # fmt: skip
    with transaction.atomic(using=DATABASE):
        case.save(using=DATABASE, force_insert=True)
        _record("received", case, by, at)
    return case


def assess(case: Disclosure, found: Assessment, *, valid: bool, by: UUID, at: dt.datetime) -> None:
    """Say whether it has to be answered. Raises ``NeedsReason``, ``NotEffective`` and ``NotNow``."""
    if not found.reasons.strip():
        raise NeedsReason
    if valid and not (found.authentic and found.effective and found.narrow):
        raise NotEffective
    with _act(case, State.DRAFT) as row:
        row.authentic, row.effective, row.narrow = found.authentic, found.effective, found.narrow
        row.reasons, row.assessed_by, row.assessed_at = found.reasons, by, at
        row.state = State.VALID if valid else State.REFUSED
        if not valid:
            row.closed_at, row.closed_by = at, by
        _record("assessed" if valid else "refused", row, by, at)


def order_notice(case: Disclosure, *, by: UUID, at: dt.datetime) -> None:
    """Have the holder told, or go on in silence while the law forbids it. ``telling.publish`` carries it out.

    Raises ``NotNow``.
    """
    with _act(case, State.VALID) as row:
        row.state, row.notice_ordered_at = State.TOLD, at
        if row.barred(at) or not profiles.value("disclosure.notify_first"):
            row.release_at = at
        _record("silenced" if row.barred(at) else "notice_ordered", row, by, at)


def approve(case: Disclosure, *, by: UUID, at: dt.datetime) -> None:
    """Agree as the second person. Raises ``SamePerson``, ``Objected`` and ``NotNow``."""
    with _act(case, State.TOLD) as row:
        if by in (row.opened_by, row.assessed_by):
            raise SamePerson
        _check_objection(row)
        row.state, row.approved_by, row.approved_at = State.APPROVED, by, at
        _record("approved", row, by, at)


def produce(case: Disclosure, *, leave: Leave, by: UUID, at: dt.datetime) -> UUID:
    """Have the package made; its id. Raises ``NoLeave``, ``TooEarly``, ``Objected`` and ``NotNow``.

    A package that ended (taken, or its week over) may be made again; one that stands is not made twice.
    """
    with _act(case, State.APPROVED) as row:
        check_leave(row, leave, at=at)
        if row.release_at is None or at < row.release_at:
            raise TooEarly
        _check_objection(row)
        if row.package_id is not None and not archives.is_over(row.package_id, at=at):
            raise NotNow
        row.package_id, row.sha256, row.produced_at = ids.uuid7(), "", at
        _record("produced", row, by, at, grant=str(leave.grant), package=str(row.package_id))
        _tell_log("produced", row, by, at)
    assert row.package_id is not None
    archives.order(row.package_id, subject="disclosure", at=at)
    return row.package_id


def check_leave(case: Disclosure, leave: Leave, *, at: dt.datetime) -> None:
    """Raise ``NoLeave`` unless the grant covers this case."""
    fits = leave.workspace == case.workspace_id and leave.category == LEGAL_PROCESS and at < leave.until
    if not fits or leave.second is None or leave.level < scope.level(case.kinds):
        raise NoLeave


def note_taken(case: Disclosure, *, leave: Leave, by: UUID, at: dt.datetime) -> None:
    """Write down that the package is taken, before a byte of it leaves. Raises ``NoLeave`` and ``NotNow``."""
    with _act(case, State.APPROVED) as row:
        check_leave(row, leave, at=at)
        _check_objection(row)
        _record("downloaded", row, by, at, grant=str(leave.grant), package=str(row.package_id))
        _tell_log("downloaded", row, by, at)


def hand_over(case: Disclosure, *, outcome: str, by: UUID, at: dt.datetime) -> None:
    """Close it as answered: ``outcome`` says to whom and how. The package ends. Raises ``NeedsReason``,
    ``NothingTaken``, ``Objected`` and ``NotNow``."""
    if not outcome.strip():
        raise NeedsReason
    with _act(case, State.APPROVED) as row:
        _check_objection(row)
        if not row.sha256 or row.package_id is None or not archives.was_taken(row.package_id):
            raise NothingTaken
        row.state, row.outcome, row.closed_by, row.closed_at = State.HANDED_OVER, outcome, by, at
        _record("handed_over", row, by, at)
        _tell_log("handed_over", row, by, at)
        _notices(row).update(handed_over_at=at)
    archives.end(row.package_id)


def withdraw(case: Disclosure, *, reason: str, by: UUID, at: dt.datetime) -> None:
    """End it without disclosing: the authority took it back, or the objection is right. Raises ``NeedsReason`` and
    ``NotNow``."""
    if not reason.strip():
        raise NeedsReason
    with _act(case, *UNDECIDED) as row:
        row.state, row.outcome, row.closed_by, row.closed_at = State.WITHDRAWN, reason, by, at
        _record("withdrawn", row, by, at)
        _notices(row).update(dropped_at=at)
    if row.package_id is not None:
        archives.end(row.package_id)


def answer_objection(case: Disclosure, *, answer: str, by: UUID, at: dt.datetime) -> None:
    """Tell the holder why it is disclosed all the same. Raises ``NeedsReason`` and ``NotNow``."""
    if not answer.strip():
        raise NeedsReason
    with _act(case, State.TOLD, State.APPROVED) as row:
        notice = _notices(row).filter(objected_at__isnull=False, answered_at=None).select_for_update().first()
        if notice is None:
            raise NotNow
        notice.answer, notice.answered_at = answer, at
        notice.save(using=DATABASE, update_fields=["answer", "answered_at"])
        _record("objection_answered", row, by, at)
        _tell_log("objection_answered", row, by, at)


def notice_of(case: Disclosure) -> DisclosureNotice | None:
    """What the holder was told."""
    return _notices(case).first()


def barred_until(workspace: UUID, *, at: dt.datetime) -> dt.datetime | None:
    """Until when the law forbids to tell a workspace that staff look into it for a legal process; None when it may."""
    rows = Disclosure.objects.using(DATABASE).filter(workspace_id=workspace, bar_until__gt=at)
    rows = rows.exclude(state__in=[State.REFUSED, State.WITHDRAWN])
    last: dt.datetime | None = rows.aggregate(last=Max("bar_until"))["last"]
    return last


def set_package(package: UUID, *, sha256: str) -> None:
    """Keep the digest of a finished package with its case."""
    Disclosure.objects.using(DATABASE).filter(package_id=package).update(sha256=sha256)


def of_package(package: UUID) -> Disclosure:
    """The case for which a package is made. Raises ``DoesNotExist``."""
    return Disclosure.objects.using(DATABASE).get(package_id=package, state=State.APPROVED)


def _check_objection(case: Disclosure) -> None:
    """Raise ``Objected``. Locks the notice, so that nobody objects between this and the end of the transaction."""
    if any(notice.objected_at and not notice.answered_at for notice in _notices(case).select_for_update()):
        raise Objected


def _notices(case: Disclosure) -> "QuerySet[DisclosureNotice]":
    return DisclosureNotice.objects.using(DATABASE).filter(disclosure_id=case.pk)


@contextmanager
def _act(case: Disclosure, *states: str) -> Iterator[Disclosure]:
    """One transaction with the row locked; what the block changed is saved. Raises ``NotNow``."""
    with transaction.atomic(using=DATABASE):
        row = Disclosure.objects.using(DATABASE).select_for_update().get(pk=case.pk)
        if row.state not in states:
            raise NotNow
        yield row
        row.save(using=DATABASE)


def _record(what: str, case: Disclosure, by: UUID, at: dt.datetime, **details: str) -> None:
    """In the log of the platform, which the workspace does not see."""
    told = {"disclosure": str(case.pk), "subject": str(case.workspace_id), "ground": str(case.ground), **details}
    action = f"staff:disclosure:{what}"
    audit.record(action=action, workspace=audit.PLATFORM, actor=by, at=at, details=told, using=DATABASE)


def _tell_log(what: str, case: Disclosure, by: UUID, at: dt.datetime) -> None:
    """In the workspace's own log, as soon as it may be told."""
    audit.record(
        action=f"staff:disclosure:{what}", workspace=case.workspace_id, actor=by, at=at,
        details={"disclosure": str(case.pk)}, withheld_until=case.withheld_until(at), using=DATABASE,
    )  # fmt: skip
