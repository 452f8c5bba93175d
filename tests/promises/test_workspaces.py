"""What we promise about workspaces and the people in them: each test carries the number of its promise."""

import datetime as dt

import pytest
from django.db import connections
from django.test import override_settings

from accounts import closing
from accounts.models import Membership, User, Workspace
from accounts.models.workspace import Receipts
from accounts.roles import Role
from messaging.models import Delivery
from privacy import profiles
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope
from smsplatform.lib.tenancy.catalogue import findings
from tests.factories import messaging, pages
from tests.factories.accounts import World, make_member, make_user, make_workspace
from tests.factories.letters import Letters
from tests.factories.routes import endpoint

COMPANY = {"company": "Blue Heron Ltd", "contact_name": "Ada Byron", "contact_email": "ada@example.org"}
SETTINGS = {"name": "Acme", "time_zone": "Europe/Berlin", "body_hours": "12", "metadata_days": "30", "receipts": "all"}


@pytest.fixture
def world() -> World:
    return make_workspace()


def workspace_of(world: World) -> Workspace:
    with scope.workspace(world.id):
        return Workspace.objects.get(pk=world.id)


@pytest.mark.promise("fleet-27", "api-24", "transit-99")
@pytest.mark.parametrize(
    ("role", "opens", "refused"),
    [
        (Role.ADMIN, "/team", "/settings/close"),
        (Role.DEVELOPER, "/api-keys", "/activity"),
        (Role.BILLING, "/team", "/messages"),
        (Role.VIEWER, "/messages", "/send"),
    ],
)
def test_fleet_27_a_role_limits_what_a_person_sees(world: World, role: str, opens: str, refused: str) -> None:
    browser = pages.client(make_member(world, role)[0])

    assert browser.get(opens).status_code == 200
    assert browser.get(refused).status_code == 403


@pytest.mark.promise("otp-33")
def test_otp_33_the_roles_of_the_database_are_in_force() -> None:
    assert list(findings(using="owner")) == []


@pytest.mark.promise("otp-33")
def test_otp_33_staff_without_a_role_in_a_workspace_see_nothing_of_it(world: World) -> None:
    staff, _ = make_user(staff_role="support")

    for path in ("/team", "/activity", "/settings", "/messages"):
        assert pages.client(staff).get(path).status_code == 302, path


@pytest.mark.promise("fleet-41")
@override_settings(POLICY_PROFILE="otp")
def test_fleet_41_company_and_contact_are_edited_at_any_time_and_kept_encrypted(world: World) -> None:
    browser = pages.client(world.owner)
    values = {**SETTINGS, **COMPANY, "contact_phone": "+49 151 23456789"}

    browser.post("/settings/save", values)
    shown = browser.get("/settings").content.decode()
    browser.post("/settings/save", {**values, "company": ""})

    assert all(value in shown for value in values.values())
    row = workspace_of(world)
    assert (row.company, row.contact_name, row.time_zone) == (None, "Ada Byron", "Europe/Berlin")
    with scope.workspace(world.id), connections["default"].cursor() as cursor:
        cursor.execute("SELECT row_to_json(w)::text FROM accounts_workspace w")
        stored = cursor.fetchone()[0]
    assert "Ada" not in stored
    assert "23456789" not in stored


@pytest.mark.promise("fleet-41")
@override_settings(POLICY_PROFILE="transit")
def test_fleet_41_what_an_operator_does_not_collect_is_neither_asked_nor_taken(world: World) -> None:
    browser = pages.client(world.owner)

    browser.post("/settings/save", {**SETTINGS, **COMPANY})

    assert workspace_of(world).company is None
    assert "Company" not in browser.get("/settings").content.decode()


@pytest.mark.promise("fleet-41")
@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "", "Enter a name"),
        ("body_hours", "25", "less than or equal to 24"),
        ("time_zone", "Moon/Base", "Moon/Base"),
        ("receipts", "some", "some"),
    ],
)
def test_fleet_41_a_wrong_setting_is_explained_and_nothing_changes(
    world: World, field: str, value: str, said: str
) -> None:
    response = pages.client(world.owner).post("/settings/save", {**SETTINGS, field: value})

    assert response.status_code == 422
    assert said in response.content.decode()
    assert workspace_of(world).time_zone == "UTC"


@pytest.mark.promise("transit-15")
@pytest.mark.parametrize(
    ("wanted", "told"),
    [(Receipts.ALL, {"message.delivered", "message.undelivered"}), (Receipts.FAILURES, {"message.undelivered"})],
)
def test_transit_15_a_workspace_says_which_receipts_it_wants(world: World, wanted: str, told: set[str]) -> None:
    endpoint(world)
    pages.client(world.owner).post("/settings/save", {**SETTINGS, "receipts": wanted})

    messaging.finish(world, messaging.accept(world), "delivered")
    messaging.finish(world, messaging.accept(world), "undelivered")

    with scope.workspace(world.id):
        assert set(Delivery.objects.filter(workspace_id=world.id).values_list("type", flat=True)) == told


@pytest.mark.promise("team-06", "otp-41")
def test_team_06_a_person_closes_the_workspace_and_deletes_themselves_without_asking_anybody(world: World) -> None:
    browser = pages.client(world.owner)

    with Letters.at_once() as letters:
        browser.post("/settings/close", {"name": world.workspace.name, "when": "now"})
        browser.post(letters.link(world.email))
    closing.erase_due()
    browser.post("/account/delete", {"sure": "on"})

    assert not User.objects.filter(pk=world.owner.pk).exists()
    assert workspace_of(world).name == ""


@pytest.mark.promise("team-34", "team-29", "fleet-35")
def test_team_34_a_closed_workspace_is_erased_within_thirty_days(world: World) -> None:
    at = clock.now()
    with scope.workspace(world.id):
        closing.close(workspace=Workspace.objects.get(pk=world.id), by=world.owner, when=closing.When.GRACE, at=at)

    assert profiles.duration("retention.account_grace") <= dt.timedelta(days=30)
    assert world.id not in closing.due(at=at + dt.timedelta(days=29))
    assert world.id in closing.due(at=at + dt.timedelta(days=30))
    closing.erase(workspace=world.id, at=at + dt.timedelta(days=30))
    with scope.workspace(world.id):
        assert not Membership.objects.filter(workspace_id=world.id).exists()
