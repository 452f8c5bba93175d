"""What staff may not do alone: one asks under a grant, another agrees with their own second factor, and it is done.

    open ──▶ agreed: carried out in the same transaction
      ├────▶ declined
      └────▶ lapsed: nobody decided within a day

It is decided once, however many press the button at a time, and never by who asked: not even when they broke the
glass. The table's constraint and trigger say the same.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from uuid import UUID

from accounts.grants import FACTOR_FRESH, MAY_SEE_CONTENT, GrantRefused
from accounts.models import StaffGrant, StaffProposal, User
from accounts.models.grant import State
from accounts.models.proposal import Answer
from accounts.models.user import StaffRole
from privacy import audit
from smsplatform.lib import ids
from smsplatform.lib.tenancy import scope, staff
from smsplatform.lib.tenancy.staff import Level

Kind = StaffProposal.Kind
DECIDERS = {Kind.EXPORT: MAY_SEE_CONTENT, Kind.REFUND: MAY_SEE_CONTENT | {StaffRole.FINANCE}}


def ask(
    *,
    kind: str,
    grant: StaffGrant,
    by: User,
    at: dt.datetime,
    level: Level = Level.METADATA,
    subject: UUID | None = None,
    amount: int | None = None,
    currency: str = "",
    chosen: Mapping[str, object] | None = None,
) -> StaffProposal:
    """Propose it; the same subject is not proposed twice at a time. Raises ``GrantRefused``."""
    with scope.workspace(grant.workspace_id):
        _check_grant(grant, by, level, at)
        if subject is not None and (waiting := _waiting(kind, subject, at)):
            return waiting
        made = StaffProposal(
            workspace_id=grant.workspace_id, kind=kind, grant_id=grant.pk, asked_by=by.pk, category=grant.category,
            ticket=grant.ticket, level=level, subject=subject, amount=amount, currency=currency, chosen=chosen or {},
            created_at=at,
        )  # fmt: skip
        made.save(force_insert=True, using="default")
        _record("asked", made, by.pk, at)
    return made


def decide(
    *,
    proposal: StaffProposal,
    by: User,
    agreed: bool,
    factor_at: dt.datetime | None,
    at: dt.datetime,
    carry_out: Callable[[StaffProposal], None],
) -> StaffProposal:
    """Agree or decline as the second person; what was agreed is carried out before this is committed.

    Raises ``GrantRefused``; what ``carry_out`` raises leaves the proposal open.
    """
    if agreed and (factor_at is None or not dt.timedelta(0) <= at - factor_at < FACTOR_FRESH):
        raise GrantRefused("code", "stale")
    with scope.workspace(proposal.workspace_id):
        row = StaffProposal.objects.using("default").select_for_update().get(pk=proposal.pk)
        _check_decider(row, by, at)
        row.decided_by, row.decided_at, row.agreed = by.pk, at, agreed
        row.save(update_fields=["decided_by", "decided_at", "agreed"], using="default")
        _record("seconded" if agreed else "declined", row, by.pk, at)
        if agreed:
            carry_out(row)
    return row


def waiting(*, at: dt.datetime) -> list[StaffProposal]:
    """What waits for a second person, in all workspaces, longest first."""
    rows = StaffProposal.objects.using(staff.ALIAS).filter(decided_at=None).order_by("id")
    return [row for row in rows if row.answer(at=at) == Answer.OPEN]


def _check_grant(grant: StaffGrant, by: User, level: Level, at: dt.datetime) -> None:
    row = StaffGrant.objects.using("default").get(pk=grant.pk)
    if row.staff_id != by.pk:
        raise GrantRefused("grant", "foreign")
    if row.state(at=at) != State.ACTIVE:
        raise GrantRefused("grant", "over")
    if row.level < level:
        raise GrantRefused("level", "higher")


def _check_decider(row: StaffProposal, by: User, at: dt.datetime) -> None:
    if row.answer(at=at) != Answer.OPEN:
        raise GrantRefused("proposal", "decided")
    if row.asked_by == by.pk:
        raise GrantRefused("approver", "self")
    if by.staff_role not in DECIDERS[Kind(row.kind)] or not by.is_active:
        raise GrantRefused("proposal", "role")


def _waiting(kind: str, subject: UUID, at: dt.datetime) -> StaffProposal | None:
    rows = StaffProposal.objects.using("default").filter(kind=kind, subject=subject, decided_at=None).order_by("-id")
    return next((row for row in rows[:1] if row.answer(at=at) == Answer.OPEN), None)


def _record(what: str, row: StaffProposal, by: UUID, at: dt.datetime) -> None:
    details = {
        "proposal": str(row.pk), "grant": str(row.grant_id), "ticket": row.ticket, "category": row.category,
        "level": Level(row.level).name,
    }  # fmt: skip
    if row.subject is not None:
        details["message"] = str(row.subject)
    grant = StaffGrant.objects.using("default").only("withheld_until").get(pk=row.grant_id)
    audit.record(
        action=f"staff:{row.kind}:{what}", workspace=row.workspace_id, actor=by, at=at, details=details,
        withheld_until=grant.withheld_until,
    )  # fmt: skip


def found(public_id: str) -> StaffProposal | None:
    """The proposal of an address; staff of any workspace may know that it waits."""
    try:
        wanted = ids.decode(ids.PROPOSAL, public_id)
    except ids.InvalidId:
        return None
    return StaffProposal.objects.using(staff.ALIAS).filter(pk=wanted).first()
