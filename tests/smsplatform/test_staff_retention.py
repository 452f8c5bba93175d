"""The staff pages of retention and holds: what they show, who may use them, and what wrong entries are told."""

import datetime as dt
from uuid import uuid4

import pytest

from accounts.models import User
from accounts.models.user import StaffRole
from privacy import retention
from privacy.models import Hold, PurgeRun
from smsplatform.lib import clock, ids
from tests.factories import pages

DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def admin() -> User:
    return pages.person(staff_role=StaffRole.ADMIN)[0]


def test_every_unit_is_listed_and_a_purge_that_stands_still_is_said(admin: User) -> None:
    browser = pages.verified(admin)
    PurgeRun.objects.using("system").filter(unit=PurgeRun.HEARTBEAT).delete()
    still = browser.get("/staff/retention").content.decode()
    retention.beat()

    running = browser.get("/staff/retention").content.decode()

    assert "It should run every five minutes" in still
    assert "It should run every five minutes" not in running
    for name in ("Delivery metadata", "Body keys", "API log", "Sessions"):
        assert name in running


def test_a_hold_is_placed_reviewed_and_released(admin: User) -> None:
    shop, browser = pages.shop(), pages.verified(admin)
    soon = (clock.now() + 30 * DAY).date().isoformat()
    workspace = ids.encode(ids.WORKSPACE, shop.workspace.id)
    entered = {
        "workspace": workspace,
        "basis": "investigation",
        "units": ["bodies"],
        "review_on": soon,
        "reason": "spam",
    }

    browser.post("/staff/holds/place", entered)
    hold = Hold.objects.using("system").get(workspace_id=shop.workspace.id)
    assert str(hold) in browser.get("/staff/holds").content.decode()
    browser.post(f"/staff/holds/{hold}/review", {"review_on": (clock.now() + 60 * DAY).date().isoformat()})
    hold.refresh_from_db(using="system")
    assert hold.review_at > clock.now() + 59 * DAY
    browser.post(f"/staff/holds/{hold}/release", {"reason": "nothing found"})

    hold.refresh_from_db(using="system")
    assert hold.released_at is not None
    assert "nothing found" in browser.get(f"/staff/holds/{hold}").content.decode()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"workspace": "x"}, "This is not an id"),
        ({"messages": "msg_1 nonsense"}, "This is not an id"),
        ({"basis": "legal_order"}, "Name the order"),
        ({"review_on": "2099-01-01"}, "within the next 90 days"),
        ({"units": []}, "required"),
    ],
)
def test_a_wrong_entry_is_told_and_nothing_is_held(admin: User, changed: dict[str, object], told: str) -> None:
    soon = (clock.now() + 30 * DAY).date().isoformat()
    workspace = ids.encode(ids.WORKSPACE, uuid4())
    entered = {
        "workspace": workspace,
        "basis": "investigation",
        "units": ["bodies"],
        "review_on": soon,
        "reason": "spam",
    }

    answer = pages.verified(admin).post("/staff/holds/place", {**entered, **changed})

    assert answer.status_code == 422
    assert told in answer.content.decode()


def test_auditors_see_retention_and_no_holds_and_customers_see_neither() -> None:
    auditor = pages.verified(pages.person(staff_role=StaffRole.AUDITOR)[0])
    customer = pages.client(pages.person()[0])

    assert auditor.get("/staff/retention").status_code == 200
    assert auditor.get("/staff/holds").status_code == 403
    assert customer.get("/staff/holds").status_code == 404
