"""Staff who may look into a workspace, and the grants they need."""

import datetime as dt
from uuid import UUID

from accounts import grants
from accounts.models import StaffGrant, TotpDevice, User
from accounts.models.user import StaffRole
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import staff
from smsplatform.lib.tenancy.staff import Level
from tests.factories import pages

TICKET = "DESK-1234"


def member(role: str = StaffRole.SUPPORT) -> User:
    """Somebody who works for the operator and has an authenticator."""
    user, _ = pages.person(staff_role=role)
    pages.authenticator(user)
    return user


def device(user: User) -> TotpDevice:
    """The authenticator of somebody."""
    found: TotpDevice = TotpDevice.objects.get(user=user, confirmed=True)
    return found


def wish(**changed: object) -> grants.Wish:
    """A reason nobody gave before."""
    values: dict[str, object] = {
        "category": "customer_support",
        "reason": f"Customer reports late delivery receipts {ids.uuid7().hex[-6:]}",
        "ticket": TICKET,
    }
    return grants.Wish(**{**values, **changed})  # type: ignore[arg-type]  # what a test chose


def grant(
    workspace: UUID, by: User, level: Level = Level.METADATA, *, at: dt.datetime | None = None, **changed: object
) -> StaffGrant:
    """A grant that was raised to ``level`` step by step, with a second person for content."""
    at = at or clock.now()
    with staff.console():
        made = grants.open(workspace=workspace, by=by, wish=wish(**changed), factor_at=at, at=at)
        if level >= Level.IDENTIFIERS:
            made = grants.raise_level(grant=made, by=by, factor_at=at, at=at)
        if level >= Level.CONTENT:
            grants.ask_for_content(grant=made, by=by, at=at)
            grants.approve_content(grant=made, by=member(StaffRole.ADMIN), factor_at=at, at=at)
            made = grants.raise_level(grant=made, by=by, factor_at=at, at=at)
    return made
