"""Operators' pages: what they show is about the platform, and every change says why."""

from uuid import UUID, uuid4

import pytest
from django.test import Client

from accounts.models.user import StaffRole
from messaging import endpoints, operation, routing
from messaging.models import Carrier, Route
from privacy.models import PurgeRun
from smsplatform import announcements
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import pages, staff
from tests.factories.superuser import superuser

ACT = {"why": "maintenance", "ticket": "OPS-12"}
PATHS = ("/staff/carriers", "/staff/queues", "/staff/dead-letters", "/staff/notices")


@pytest.fixture(scope="module")
def operator() -> Client:
    return pages.verified(staff.member(StaffRole.SUPPORT))


@pytest.fixture(scope="module")
def auditor() -> Client:
    return pages.verified(staff.member(StaffRole.AUDITOR))


@pytest.fixture
def route() -> Route:
    carrier = Carrier(name=f"op-{uuid4().hex[:8]}", host="127.0.0.1", port=1, system_id="t", password="t", sandbox=True)
    carrier.save(using="owner", force_insert=True)
    prefix = str(uuid4().int)[:12]
    return Route.objects.using("owner").create(prefix=f"9{prefix}", livemode=True, carrier_id=carrier.id)


def body(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def recorded(action: str, **details: str) -> list[dict[str, str]]:
    with superuser() as connection:
        found = connection.execute(
            "SELECT details FROM privacy_audit_event WHERE action = %s ORDER BY id", [action]
        ).fetchall()
    return [row[0] for row in found if details.items() <= row[0].items()]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("role", [StaffRole.ADMIN, StaffRole.FINANCE, StaffRole.AUDITOR])
def test_all_staff_may_look_and_no_grant_is_needed(role: str, path: str) -> None:
    assert pages.verified(staff.member(role)).get(path).status_code == 200


@pytest.mark.parametrize("role", [StaffRole.FINANCE, StaffRole.AUDITOR])
def test_only_operators_change_something(route: Route, role: str) -> None:
    browser = pages.verified(staff.member(role))
    switch = f"/staff/carriers/{ids.encode(ids.CARRIER, route.carrier_id)}/off"

    assert browser.post(switch, ACT).status_code == 403
    assert browser.post("/staff/dead-letters/purge/audit", ACT).status_code == 403
    assert '/off"' not in body(browser, "/staff/carriers")
    browser.post("/staff/notices", {"tone": "info", "title": "No", "text": "No"})
    assert not [each for each in announcements.listed() if each.title == "No"]


def test_a_carrier_is_disabled_and_enabled_with_a_reason(operator: Client, route: Route) -> None:
    public = ids.encode(ids.CARRIER, route.carrier_id)

    for onoff in ("off", "on"):
        assert operator.get(f"/staff/carriers/{public}/{onoff}").status_code == 200
        assert operator.post(f"/staff/carriers/{public}/{onoff}", ACT).status_code == 302
        assert Carrier.objects.using("system").get(pk=route.carrier_id).enabled is (onoff == "on")

    wanted = {"carrier": str(route.carrier_id), **ACT}
    assert recorded("staff:carrier:disabled", **wanted)
    assert recorded("staff:carrier:enabled", **wanted)


def test_a_disabled_route_is_left_out(operator: Client, route: Route) -> None:
    number = f"+{route.prefix}55"
    routing.refresh()
    assert routing.book(livemode=True).carriers(number) == (route.carrier_id,)

    operator.post(f"/staff/carriers/{ids.encode(ids.ROUTE, route.pk)}/off", ACT)
    routing.refresh()

    assert routing.book(livemode=True).carriers(number) != (route.carrier_id,)
    assert "Left out" in body(operator, "/staff/carriers")


@pytest.mark.parametrize("bad", [{}, {"why": "fault"}, {**ACT, "why": "boredom"}, {**ACT, "ticket": "please"}])
def test_a_change_without_a_proper_reason_is_refused_and_changes_nothing(
    operator: Client, route: Route, bad: dict[str, str]
) -> None:
    answer = operator.post(f"/staff/carriers/{ids.encode(ids.CARRIER, route.carrier_id)}/off", {**bad, "x": "y"})

    assert answer.status_code == 422
    assert Carrier.objects.using("system").get(pk=route.carrier_id).enabled


@pytest.mark.parametrize(
    "path",
    [
        "/staff/carriers/none/off", "/staff/carriers/car_7/off", "/staff/dead-letters/magic/x",
        f"/staff/carriers/{ids.encode(ids.CARRIER, UUID(int=7))}/off",
    ],
)  # fmt: skip
def test_what_is_not_there_cannot_be_changed(operator: Client, path: str) -> None:
    assert operator.post(path, ACT).status_code == 404


def test_the_depth_of_each_stage_is_counted(operator: Client) -> None:
    shop = pages.shop()
    before = {each.stage: each.depth for each in operation.depths(at=clock.now())}

    pages.messages(shop, count=3)

    after = {each.stage: each.depth for each in operation.depths(at=clock.now())}
    assert after["due"] == before["due"] + 3
    assert "Waiting to be sent" in body(operator, "/staff/queues")


def exhausted() -> tuple[UUID, UUID]:
    """An endpoint whose one delivery was given up."""
    shop = pages.shop()
    values = {"url": "https://nowhere.invalid/hook"}
    with scope.workspace(shop.workspace.id):
        made = endpoints.create(workspace=shop.workspace.id, livemode=False, values=values, by=None, at=clock.now())
        delivery = endpoints.test(endpoint=made, by=None, at=clock.now())
    with superuser() as connection:
        connection.execute(
            "UPDATE messaging_delivery SET state = 'exhausted', finished_at = now(), last_status = 503 WHERE id = %s",
            [delivery],
        )
    return made.id, delivery


def state_of(delivery: UUID) -> str:
    with superuser() as connection:
        row = connection.execute("SELECT state FROM messaging_delivery WHERE id = %s", [delivery]).fetchone()
    assert row is not None
    return str(row[0])


def test_given_up_deliveries_are_listed_without_their_address_and_tried_again(
    operator: Client, auditor: Client
) -> None:
    endpoint, delivery = exhausted()
    public = ids.encode(ids.WEBHOOK, endpoint)

    shown = body(auditor, "/staff/dead-letters")
    assert public in shown
    assert "nowhere.invalid" not in shown
    assert operator.post(f"/staff/dead-letters/deliveries/{public}", ACT).status_code == 302

    assert state_of(delivery) == "pending"
    assert recorded("staff:delivery:retried", endpoint=str(endpoint), count="1")
    assert public not in body(operator, "/staff/dead-letters")


def test_a_failed_purge_is_listed_until_one_succeeds(operator: Client) -> None:
    unit, at = f"unit {uuid4().hex[:8]}", clock.now()
    for error in ("OperationalError", ""):
        PurgeRun.objects.using("system").create(unit=unit, started_at=at, finished_at=at, error=error)
        assert (unit in body(operator, "/staff/dead-letters")) is bool(error)


def notice(operator: Client, **changed: str) -> str:
    title = f"Works {uuid4().hex[:8]}"
    told = {"tone": "warn", "title": title, "text": "Carrier A is slow.", "title_de": "", "text_de": "", **changed}
    assert operator.post("/staff/notices", told).status_code == 302
    return title


@pytest.mark.promise("api-05")
def test_a_notice_is_shown_to_customers_and_on_the_status_page_until_it_ends(operator: Client) -> None:
    title, customer = notice(operator, text_de="Anbieter A ist langsam."), pages.client(pages.shop().owner)

    assert title in body(customer, "/messages")
    assert title in body(Client(), "/status")
    assert "Anbieter A ist langsam." in Client(headers={"accept-language": "de"}).get("/status").content.decode()
    made = next(each for each in announcements.listed() if each.title == title)
    assert recorded("staff:notice:created", notice=str(made.pk))
    operator.post("/staff/notices/end", {"notice": made.public_id})

    assert title not in body(customer, "/messages")
    assert operator.post("/staff/notices/end", {"notice": made.public_id}).status_code == 404


def test_a_planned_notice_waits(operator: Client) -> None:
    title = notice(operator, starts_at="2090-01-01T10:00", ends_at="2090-01-02T10:00")

    assert title not in body(Client(), "/status")
    assert title in body(operator, "/staff/notices")


@pytest.mark.parametrize(
    "bad",
    [{"title": ""}, {"text": "x" * 1001}, {"tone": "loud"}, {"ends_at": "2020-01-01T10:00"}, {"starts_at": "tomorrow"}],
)
def test_a_poor_notice_is_refused_with_the_reason_and_keeps_what_was_typed(
    operator: Client, bad: dict[str, str]
) -> None:
    told = {"tone": "info", "title": "Kept title", "text": "Something", **bad}

    answer = operator.post("/staff/notices", told)

    assert answer.status_code == 422
    assert "aria-invalid" in answer.content.decode()
    assert "Something" in answer.content.decode() or "text" in bad
