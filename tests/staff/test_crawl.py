"""Every address of the staff console, with every kind of grant: refused or shown as it should be, and as many records
as answers that showed something of a customer."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

import pytest
from django.test import Client
from django.urls import get_resolver

from accounts import grants
from accounts.looks import LOOKED
from accounts.models import StaffGrant, User
from privacy.models import AuditEvent
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from smsplatform.lib.tenancy.staff import Level
from smsplatform.lib.tenancy.staff import console as staff_console
from tests.architecture.test_permissions import routes
from tests.factories import pages, staff
from tests.factories.accounts import World, make_workspace
from tests.factories.messaging import TO, accept
from tests.factories.superuser import superuser

GRANTED = [route for route in routes(get_resolver()) if hasattr(route.view, "level")]
STAFF = [route for route in routes(get_resolver()) if getattr(route.view, "access", "") == "staff"]
SECRET = "Your parcel is here"


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """A support person and two workspaces."""

    user: User
    browser: Client
    world: World
    other: World


@pytest.fixture
def desk() -> Desk:
    user = staff.member("admin")
    return Desk(user=user, browser=pages.verified(user), world=make_workspace(), other=make_workspace())


def records(workspace: UUID) -> int:
    with scope.workspace(workspace):
        return AuditEvent.objects.filter(workspace_id=workspace, action=LOOKED).count()


def age(grant: StaffGrant, by: dt.timedelta) -> None:
    """Let time pass for a grant; its own trigger forbids that, so as the database's owner without triggers."""
    with superuser() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE accounts_staff_grant SET created_at = created_at - %(by)s, starts_at = starts_at - %(by)s,"
            " expires_at = expires_at - %(by)s WHERE id = %(id)s",
            {"by": by, "id": grant.pk},
        )


def test_the_crawl_finds_the_pages_that_show_customers() -> None:
    assert {route.path for route in GRANTED} >= {
        "staff/workspaces/<slug:workspace_id>",
        "staff/workspaces/<slug:workspace_id>/messages",
        "staff/workspaces/<slug:workspace_id>/messages/<slug:message_id>",
        "staff/workspaces/<slug:workspace_id>/team",
    }


def test_every_staff_page_that_names_a_workspace_needs_a_grant() -> None:
    """Asking for one is the only page about a workspace that opens without."""
    open_to_all = {"staff/workspaces/<slug:workspace_id>/access"}

    lax = {route.path for route in STAFF if "workspace_id" in route.names} - {route.path for route in GRANTED}

    assert lax == open_to_all


@pytest.mark.promise("fleet-28", "transit-99", "transit-100", "transit-101")
def test_no_page_about_a_workspace_opens_without_the_right_grant(desk: Desk) -> None:
    addresses = {route.path: route.address(desk.world) for route in GRANTED}

    def crawl() -> set[tuple[str, int]]:
        answers = {path: desk.browser.get(address).status_code for path, address in addresses.items()}
        return {(path, status) for path, status in answers.items() if status != 403}

    assert crawl() == set(), "without any grant"
    staff.grant(desk.other.id, desk.user, Level.CONTENT)
    assert crawl() == set(), "with a grant for another workspace"
    staff.grant(desk.world.id, staff.member(), Level.CONTENT)
    assert crawl() == set(), "with the grant of somebody else"
    age(staff.grant(desk.world.id, desk.user, Level.CONTENT), dt.timedelta(hours=1))
    assert crawl() == set(), "with a grant that is over"
    with staff_console():
        grants.end(grant=staff.grant(desk.world.id, desk.user, Level.CONTENT), by=desk.user.pk, at=clock.now())
    assert crawl() == set(), "with a grant that was ended"
    assert records(desk.world.id) == records(desk.other.id) == 0


@pytest.mark.promise("fleet-28", "transit-100")
def test_with_the_right_grant_each_answer_that_shows_something_is_written_down_once(desk: Desk) -> None:
    staff.grant(desk.world.id, desk.user, max(route.view.level for route in GRANTED))
    written = 0
    for route in GRANTED:
        for method in ("GET", "POST"):
            answer = desk.browser.generic(method, route.address(desk.world))
            assert answer.status_code in (200, 302, 404, 405, 422), (route.path, method)
            written += answer.status_code in (200, 422)
            assert records(desk.world.id) == written, (route.path, method)
    assert written >= 8
    assert records(desk.other.id) == 0


@pytest.mark.promise("transit-101", "fleet-29")
def test_each_level_shows_what_it_says_and_no_more(desk: Desk) -> None:
    message = accept(desk.world, body=SECRET)[0]
    workspace = ids.encode(ids.WORKSPACE, desk.world.id)
    address = f"/staff/workspaces/{workspace}/messages/{ids.encode(ids.MESSAGE, message.id)}"

    def page(level: Level) -> str:
        staff.grant(desk.world.id, desk.user, level)
        return desk.browser.get(address).content.decode()

    masked, known, full = page(Level.METADATA), page(Level.IDENTIFIERS), page(Level.CONTENT)

    assert "••••" in masked
    assert TO not in masked
    assert TO in known
    assert SECRET not in masked + known
    assert SECRET in full
    with scope.workspace(desk.world.id):
        rows = AuditEvent.objects.filter(workspace_id=desk.world.id, action=LOOKED).order_by("id")
        told = [(row.details["level"], row.details["kinds"]) for row in rows]
        assert all(row.actor_id == desk.user.pk and row.details["ticket"] == staff.TICKET for row in rows)
    assert told == [
        ("METADATA", "delivery_meta"),
        ("IDENTIFIERS", "delivery_meta.msisdn"),
        ("CONTENT", "delivery_meta.msisdn.body"),
    ]


def test_a_look_that_cannot_be_written_down_is_not_shown(desk: Desk) -> None:
    accept(desk.world)
    staff.grant(desk.world.id, desk.user)
    address = f"/staff/workspaces/{ids.encode(ids.WORKSPACE, desk.world.id)}/messages"
    refuse = "CREATE TRIGGER full_disk BEFORE INSERT ON privacy_audit_event FOR EACH ROW WHEN (NEW.workspace_id = '{}')"
    with superuser() as connection:
        connection.execute(
            "CREATE OR REPLACE FUNCTION public.full_disk() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$"
        )
        connection.execute(f"{refuse.format(desk.world.id)} EXECUTE FUNCTION public.full_disk()".encode())
        try:
            answer = desk.browser.get(address)
        finally:
            connection.execute("DROP TRIGGER full_disk ON privacy_audit_event")
            connection.execute("DROP FUNCTION public.full_disk()")

    assert answer.status_code == 503
    assert "msg_" not in answer.content.decode()


def test_staff_who_did_nothing_for_a_quarter_of_an_hour_sign_in_again(desk: Desk) -> None:
    assert desk.browser.get("/staff").status_code == 200
    session = desk.browser.session
    session["staff_seen_at"] = (clock.now() - dt.timedelta(minutes=16)).isoformat()
    session.save()

    answer = desk.browser.get("/staff")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in")
    assert "_auth_user_id" not in desk.browser.session


@pytest.mark.parametrize("role", ["", "auditor"])
def test_others_ask_for_nothing(desk: Desk, role: str) -> None:
    user = staff.member(role) if role else pages.person()[0]
    browser = pages.verified(user)

    answer = browser.get(f"/staff/workspaces/{ids.encode(ids.WORKSPACE, desk.world.id)}/access")

    assert answer.status_code == (403 if role else 404)
