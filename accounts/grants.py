"""Leave for staff to look into one workspace: asked for with a reason, short, and written down.

    opened ──(waits for the workspace, if it wants to be asked)──▶ active: metadata ─▶ identifiers ─▶ content
                                                                       └── over, or ended early ──┘

Each step up wants a factor used just now; content also a second person. Break-glass goes to content at once, for a
quarter of an hour: every admin gets a mail, and somebody else reviews it within two days. The rules are here, in
the table's constraints and in its trigger; what a grant opens is up to ``smsplatform.lib.tenancy.staff``.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from accounts import directory, letters, reasons, tickets
from accounts.models import StaffGrant, User
from accounts.models.grant import BREAK_GLASS, HOURS_MAX, REVIEW_WITHIN, Reason, State
from accounts.models.user import StaffRole
from privacy import audit
from privacy.disclosures import register as disclosures
from smsplatform.lib import ids
from smsplatform.lib.tenancy import scope, staff
from smsplatform.lib.tenancy.staff import Level, Pass

MINUTES = 30
FACTOR_FRESH = dt.timedelta(minutes=2)
MAY_LOOK = frozenset({StaffRole.ADMIN, StaffRole.SUPPORT, StaffRole.FINANCE})
MAY_SEE_CONTENT = frozenset({StaffRole.ADMIN, StaffRole.SUPPORT})


class GrantRefused(ValueError):
    """This cannot be granted: ``field`` says what is wrong with what was asked, ``code`` why."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field, self.code = field, code


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What somebody asks for."""

    category: str
    reason: str
    ticket: str
    minutes: int = MINUTES
    break_glass: bool = False


def open(*, workspace: UUID, by: User, wish: Wish, factor_at: dt.datetime | None, at: dt.datetime) -> StaffGrant:
    """A new grant at the lowest level, or at the highest for break-glass. Raises ``GrantRefused``."""
    place = check(workspace=workspace, by=by, wish=wish, at=at)
    _check_factor(factor_at, at)
    silent_until = _silent_until(workspace, wish, at)
    waits = place.staff_approval and not wish.break_glass and silent_until is None
    minutes = min(wish.minutes, int(BREAK_GLASS.total_seconds() // 60)) if wish.break_glass else wish.minutes
    grant = StaffGrant(
        workspace_id=workspace, staff_id=by.pk, category=wish.category, reason=wish.reason.strip(),
        ticket=wish.ticket, minutes=minutes, break_glass=wish.break_glass, created_at=at, customer_asked=waits,
        withheld_until=silent_until,
        level=Level.CONTENT if wish.break_glass else Level.METADATA,
    )  # fmt: skip
    if not waits:
        _start(grant, at)
    with scope.workspace(workspace):
        grant.save(force_insert=True, using="default")
        _record("broke_glass" if wish.break_glass else "asked" if waits else "opened", grant, by.pk, at)
        _tell(grant)
    return grant


def raise_level(*, grant: StaffGrant, by: User, factor_at: dt.datetime | None, at: dt.datetime) -> StaffGrant:
    """One step up. Raises ``GrantRefused``."""
    _check_factor(factor_at, at)
    with scope.workspace(grant.workspace_id):
        row = _own(grant, by, at)
        if row.level >= Level.CONTENT:
            raise GrantRefused("level", "highest")
        if row.level + 1 == Level.CONTENT and row.approved_by is None:
            raise GrantRefused("level", "second_person")
        row.level += 1
        row.save(update_fields=["level"], using="default")
        _record("raised", row, by.pk, at)
    return row


def ask_for_content(*, grant: StaffGrant, by: User, at: dt.datetime) -> None:
    """Ask a second person to agree to content, and to exports. Raises ``GrantRefused``."""
    with scope.workspace(grant.workspace_id):
        row = _own(grant, by, at)
        if by.staff_role not in MAY_SEE_CONTENT:
            raise GrantRefused("level", "role")
        if row.content_asked_at is None:
            row.content_asked_at = at
            row.save(update_fields=["content_asked_at"], using="default")
            _record("asked_second", row, by.pk, at)


def approve_content(*, grant: StaffGrant, by: User, factor_at: dt.datetime | None, at: dt.datetime) -> None:
    """Agree as the second person. Raises ``GrantRefused``."""
    _check_factor(factor_at, at)
    with scope.workspace(grant.workspace_id):
        row = _active(grant, at)
        if row.staff_id == by.pk:
            raise GrantRefused("approver", "self")
        if by.staff_role not in MAY_SEE_CONTENT:
            raise GrantRefused("approver", "role")
        if row.content_asked_at is None:
            raise GrantRefused("approver", "not_asked")
        if row.approved_by is None:
            row.approved_by, row.approved_at = by.pk, at
            row.save(update_fields=["approved_by", "approved_at"], using="default")
            _record("seconded", row, by.pk, at)


def decide_for_workspace(*, grant: StaffGrant, by: UUID, agreed: bool, at: dt.datetime) -> None:
    """Somebody of the workspace agrees or refuses, in its open scope. Raises ``GrantRefused``."""
    row = StaffGrant.objects.using("default").select_for_update().get(pk=grant.pk)
    if row.state(at=at) != State.WAITING:
        raise GrantRefused("grant", "not_waiting")
    row.customer_by = by
    if agreed:
        _start(row, at)
    else:
        row.refused_at = at
    row.save(update_fields=["customer_by", "starts_at", "expires_at", "refused_at"], using="default")
    _record("agreed" if agreed else "refused", row, by, at, source="user")


def end(*, grant: StaffGrant, by: UUID, at: dt.datetime, source: str = "staff") -> None:
    """End it early: whose it is, or an admin, or somebody of the workspace."""
    with scope.workspace(grant.workspace_id):
        row = StaffGrant.objects.using("default").select_for_update().get(pk=grant.pk)
        if row.state(at=at) in (State.ACTIVE, State.WAITING):
            row.ended_at = at
            row.save(update_fields=["ended_at"], using="default")
            _record("ended", row, by, at, source=source)


def review(*, grant: StaffGrant, by: User, at: dt.datetime) -> None:
    """Somebody else has looked into a break-glass. Raises ``GrantRefused``."""
    with scope.workspace(grant.workspace_id):
        row = StaffGrant.objects.using("default").select_for_update().get(pk=grant.pk)
        if row.staff_id == by.pk:
            raise GrantRefused("reviewer", "self")
        if by.staff_role not in (StaffRole.ADMIN, StaffRole.AUDITOR):
            raise GrantRefused("reviewer", "role")
        if row.owes_review():
            row.reviewed_by, row.reviewed_at = by.pk, at
            row.save(update_fields=["reviewed_by", "reviewed_at"], using="default")
            _record("reviewed", row, by.pk, at)


def strongest(*, staff_id: UUID, workspace: UUID, at: dt.datetime) -> StaffGrant | None:
    """The grant that shows this person most of a workspace now."""
    rows = StaffGrant.objects.using(staff.ALIAS).filter(
        staff_id=staff_id, workspace_id=workspace, starts_at__lte=at, expires_at__gt=at, ended_at=None, refused_at=None
    )
    return rows.order_by("-level", "-expires_at").first()


def pass_of(grant: StaffGrant) -> Pass:
    """What opens the doors."""
    assert grant.expires_at is not None
    return Pass(grant=grant.pk, workspace=grant.workspace_id, level=Level(grant.level), until=grant.expires_at)


def unreviewed(*, at: dt.datetime) -> list[UUID]:
    """Break-glass grants that nobody reviewed in time, for the board of promises."""
    late = StaffGrant.objects.using("system").filter(
        break_glass=True, reviewed_at=None, created_at__lt=at - REVIEW_WITHIN
    )
    return list(late.order_by("id").values_list("id", flat=True))


def check(*, workspace: UUID, by: User, wish: Wish, at: dt.datetime) -> directory.Listed:
    """The workspace, if this may be asked for. Raises ``GrantRefused``."""
    place = directory.get(workspace)
    if place is None or place.state in ("closed", "erased"):
        raise GrantRefused("workspace", place.state if place else "unknown")
    if by.staff_role not in MAY_LOOK or not by.is_active:
        raise GrantRefused("staff", "role")
    if wish.break_glass and by.staff_role not in MAY_SEE_CONTENT:
        raise GrantRefused("break_glass", "role")
    if code := reasons.problem(wish.reason):
        raise GrantRefused("reason", code)
    if _said_before(workspace, by, wish.reason, at):
        raise GrantRefused("reason", "repeated")
    if code := _ticket_problem(wish.ticket, workspace):
        raise GrantRefused("ticket", code)
    if not 1 <= wish.minutes <= HOURS_MAX.total_seconds() // 60:
        raise GrantRefused("minutes", "range")
    return place


def _ticket_problem(ticket: str, workspace: UUID) -> str:
    """Tickets of our own are looked up; of other systems' only the pattern is known."""
    if tickets.is_ours(ticket):
        return tickets.problem(ticket, workspace=workspace)
    return "" if reasons.is_ticket(ticket) else "pattern"


def _silent_until(workspace: UUID, wish: Wish, at: dt.datetime) -> dt.datetime | None:
    """Until when a law forbids to tell the workspace of this grant: it is neither asked nor shown it meanwhile."""
    return disclosures.barred_until(workspace, at=at) if wish.category == Reason.LEGAL_PROCESS else None


def _said_before(workspace: UUID, by: User, reason: str, at: dt.datetime) -> bool:
    """Whether this person gave this workspace the very same reason within a day: no silent renewal."""
    return (
        StaffGrant.objects.using(staff.ALIAS)
        .filter(
            staff_id=by.pk, workspace_id=workspace, reason__iexact=reason.strip(), id__gte=ids.floor(at - 6 * HOURS_MAX)
        )
        .exists()
    )


def _check_factor(factor_at: dt.datetime | None, at: dt.datetime) -> None:
    if factor_at is None or not dt.timedelta(0) <= at - factor_at < FACTOR_FRESH:
        raise GrantRefused("code", "stale")


def _active(grant: StaffGrant, at: dt.datetime) -> StaffGrant:
    row = StaffGrant.objects.using("default").select_for_update().get(pk=grant.pk)
    if row.state(at=at) != State.ACTIVE:
        raise GrantRefused("grant", "over")
    return row


def _own(grant: StaffGrant, by: User, at: dt.datetime) -> StaffGrant:
    row = _active(grant, at)
    if row.staff_id != by.pk:
        raise GrantRefused("grant", "foreign")
    return row


def _start(grant: StaffGrant, at: dt.datetime) -> None:
    grant.starts_at, grant.expires_at = at, at + dt.timedelta(minutes=grant.minutes)


def _record(what: str, grant: StaffGrant, by: UUID, at: dt.datetime, *, source: str = "staff") -> None:
    details = {
        "grant": str(grant.pk), "category": grant.category, "ticket": grant.ticket, "level": Level(grant.level).name,
    }  # fmt: skip
    audit.record(
        action=f"{source}:grant:{what}", workspace=grant.workspace_id, actor=by, at=at, details=details,
        withheld_until=grant.withheld_until,
    )  # fmt: skip


def _tell(grant: StaffGrant) -> None:
    """Mails that nobody should have to wait for."""
    arguments = {"grant": str(grant.pk), "workspace": str(grant.workspace_id)}
    if grant.break_glass:
        letters.post(letters.broke_glass, **arguments)
    elif grant.customer_asked:
        letters.post(letters.staff_asks, **arguments)
