"""What a fresh quick start contains: four people, one workspace with money and keys, one simulated carrier."""

import datetime as dt
import secrets
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts import keys, provisioning
from accounts.models import TotpDevice, User, Workspace
from accounts.models.user import StaffRole
from billing import ledger, rates
from messaging.provisioning import put_carrier, put_routes, register_sender
from smsplatform.lib import ids
from smsplatform.lib.tenancy import scope

CARRIER = "sandbox"
CREDIT_MICRO = 100 * 10**6


def connect_carrier(*, port: int) -> None:
    """Route everything, test and live, to the simulated carrier on this port."""
    carrier = put_carrier(
        name=CARRIER,
        host="127.0.0.1",
        port=port,
        system_id="smsplatform",
        password=CARRIER,
        sandbox=True,
    )
    for livemode in (False, True):
        put_routes(prefix="", livemode=livemode, carriers=[carrier])


def seed(*, at: dt.datetime) -> dict[str, Any]:
    """Make the demo's people, workspace, money and keys; secrets are in the answer and nowhere else."""
    plan = rates.install_default(at=at)
    owner, people_owner = _person("owner@demo.example", "Demo Owner", "", at)
    _, staff = _person("support@demo.example", "Demo Support", StaffRole.SUPPORT, at)
    _, auditor = _person("auditor@demo.example", "Demo Auditor", StaffRole.AUDITOR, at)
    _, admin = _person("admin@demo.example", "Demo Admin", StaffRole.ADMIN, at)
    workspace = provisioning.create_workspace(name="Demo", owner=owner, price_plan_id=plan, at=at)
    _fund(workspace, at)
    _privacy_desk(plan, at)
    people = {"owner": people_owner, "staff": staff, "auditor": auditor, "admin": admin}
    return {"keys": _keys(workspace, owner.id, at), **people}


def _person(email: str, name: str, staff_role: str, at: dt.datetime) -> tuple[User, dict[str, str]]:
    password = secrets.token_urlsafe(12)
    user = provisioning.create_user(email=email, password=password, name=name, staff_role=staff_role, at=at)
    shown = {"email": email, "password": password}
    if staff_role:  # staff sign in with a second factor
        shown["totp_secret"] = TotpDevice.make_secret()
        TotpDevice.objects.create(user=user, secret=shown["totp_secret"], confirmed=True)
        user.second_factor = True
        user.save(update_fields=["second_factor"])
    return user, shown


def _privacy_desk(plan: UUID, at: dt.datetime) -> None:
    """Where the codes of the privacy centre come from."""
    own = provisioning.create_operator_workspace(
        id=UUID(settings.PRIVACY_WORKSPACE), name="Privacy desk", price_plan_id=plan, at=at
    )
    _fund(own, at)
    with scope.workspace(own.id), transaction.atomic():
        register_sender(workspace=own.id, address="Privacy", approved=True, default=True, by=None, at=at)


def _fund(workspace: Workspace, at: dt.datetime) -> None:
    for livemode, source in ((False, ledger.Source.TEST_FUNDS), (True, ledger.Source.PROMO)):
        wallet = ledger.open_wallet(workspace=workspace.id, currency=workspace.currency, livemode=livemode)
        ledger.top_up(id=ids.uuid7(), wallet=wallet, amount=CREDIT_MICRO, source=source, at=at)


def _keys(workspace: Workspace, by: UUID, at: dt.datetime) -> dict[str, str]:
    with scope.workspace(workspace.id), transaction.atomic():
        register_sender(workspace=workspace.id, address="Demo", approved=True, default=True, by=by, at=at)
        made = {
            name: keys.create(workspace=workspace, name=f"Demo {name}", livemode=name == "live", by=by, at=at)
            for name in ("test", "live")
        }
    return {name: secret for name, (_, secret) in made.items()}
