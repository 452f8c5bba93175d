"""What a workspace hears of requests about its data, and how it answers: by mail, on its pages, by API and webhook."""

import datetime as dt
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import notifications
from accounts.models import Notification
from accounts.roles import Role
from messaging import endpoints, events
from messaging.models import Delivery
from privacy.models import AuditEvent, DataRequest, RequestTicket
from privacy.models.data_request import Kind, State
from privacy.requests import tickets, watching
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope
from tests.factories import pages, routes
from tests.factories.accounts import World, make_member, make_workspace
from tests.factories.letters import Letters

DAY = dt.timedelta(days=1)
LIST = "/v1/privacy_requests"
SETTINGS = f"{LIST}/settings"


def stored(ticket: RequestTicket) -> RequestTicket:
    with scope.workspace(ticket.workspace_id):
        return RequestTicket.objects.get(pk=ticket.pk)


def told(world: World) -> list[str]:
    """Kinds of what the owner was told, oldest first."""
    with scope.workspace(world.id):
        rows = Notification.objects.filter(workspace_id=world.id, user_id=world.owner.pk).order_by("id")
        return list(rows.values_list("kind", flat=True))


def listening(world: World) -> None:
    values = {"url": "https://example.org/hook", "types": sorted(events.REQUEST_TYPES)}
    with scope.workspace(world.id):
        endpoints.create(workspace=world.id, livemode=True, values=values, by=None, at=clock.now())


def heard(world: World) -> list[tuple[str, Any]]:
    with scope.workspace(world.id):
        rows = Delivery.objects.filter(workspace_id=world.id).order_by("occurred_at", "id")
        return list(rows.values_list("type", "event_id"))


def overdue_soon(ticket: RequestTicket, *, begun: dt.timedelta, left: dt.timedelta) -> None:
    """As if it had come ``begun`` ago and were due in ``left``."""
    at = clock.now()
    with scope.workspace(ticket.workspace_id):
        RequestTicket.objects.filter(pk=ticket.pk).update(created_at=at - begun, due_at=at + left)


@settings(max_examples=60)
@given(
    hours=st.integers(1, 24 * 120),
    passed=st.one_of(st.integers(0, 24 * 130), st.sampled_from([0.5, 0.8, 1.0])),
)
def test_the_database_counts_reminders_as_the_watch_does(hours: int, passed: float) -> None:
    begun = dt.datetime(2026, 3, 1, 7, tzinfo=dt.UTC)
    due = begun + dt.timedelta(hours=hours)
    at = begun + (dt.timedelta(hours=passed) if isinstance(passed, int) else passed * (due - begun))

    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT privacy.reminders_due(%s, %s, %s)", [begun, due, at])
        counted = cursor.fetchone()[0]

    assert counted == watching.steps_due(begun=begun, due=due, at=at)


def test_a_workspace_is_reminded_at_half_four_fifths_five_days_and_when_it_is_late() -> None:
    world = make_workspace()
    listening(world)
    ticket = routes.ticket(world)
    begun, due = ticket.created_at, ticket.due_at
    moments = [begun + 0.5 * (due - begun), begun + 0.8 * (due - begun), due - 5 * DAY, due]

    counts = []
    for moment in sorted(moments):
        before = len(told(world))
        watching.remind(at=moment - dt.timedelta(seconds=1))
        quiet = len(told(world)) - before
        watching.remind(at=moment)
        watching.remind(at=moment)
        counts.append((quiet, len(told(world)) - before))

    assert counts == [(0, 1)] * 4
    assert told(world) == ["privacy_request", *["privacy_request_due"] * 3, "privacy_request_late"]
    assert [kind for kind, _ in heard(world)] == [
        "privacy_request.created", *["privacy_request.due_soon"] * 3, "privacy_request.overdue",
    ]  # fmt: skip


def test_each_event_has_its_own_id_and_names_the_ticket() -> None:
    world = make_workspace()
    listening(world)
    ticket = routes.ticket(world)
    watching.remind(at=ticket.due_at)
    with scope.workspace(world.id):
        tickets.answer(ticket, reason="We are not who texted you.", by=world.owner.pk, at=clock.now())

    found = heard(world)

    assert sorted(kind for kind, _ in found) == [
        "privacy_request.created", "privacy_request.decided", "privacy_request.overdue",
    ]  # fmt: skip
    assert len({event for _, event in found}) == 3
    assert {events.ticket_of(event) for _, event in found} == {ticket.pk}


def test_the_people_who_decide_get_a_mail_and_others_do_not(letters: Letters) -> None:
    world = make_workspace()
    _admin, admin_mail = make_member(world, Role.ADMIN)
    _developer, other = make_member(world, Role.DEVELOPER)
    ticket = routes.ticket(world, kind=Kind.RECTIFICATION)

    notifications.send(at=clock.now())
    overdue_soon(ticket, begun=40 * DAY, left=-DAY)
    watching.remind(at=clock.now())
    notifications.send(at=clock.now())

    assert [len(letters.to(one)) for one in (world.email, admin_mail, other)] == [2, 2, 0]
    assert "asks" in letters.subjects(world.email)[0]
    assert letters.subjects(world.email)[1].startswith("Overdue")
    assert letters.link(world.email) == f"/privacy-requests/{ticket}"
    assert (ticket.msisdn or "none") not in letters.to(world.email)[0].body


def test_nobody_is_written_to_about_what_the_switches_decide_or_what_is_decided(letters: Letters) -> None:
    world = make_workspace()
    routes.ticket(world, kind=Kind.OBJECTION)
    ticket = routes.ticket(world)
    with scope.workspace(world.id):
        tickets.answer(ticket, reason=None, by=world.owner.pk, at=clock.now())

    notifications.send(at=clock.now())

    assert told(world) == ["privacy_request"]
    assert letters.to(world.email) == []


def test_pages_say_what_waits_and_what_is_late_to_those_who_decide() -> None:
    shop = pages.shop()
    world = make_workspace()
    ticket = routes.ticket(world)
    owner, viewer = pages.client(world.owner), pages.client(shop.viewer)

    calm = owner.get("/settings").content.decode()
    overdue_soon(ticket, begun=26 * DAY, left=4 * DAY)
    soon = owner.get("/settings").content.decode()
    overdue_soon(ticket, begun=31 * DAY, left=-DAY)
    late = owner.get("/settings").content.decode()

    assert 'title="1 to decide"' in calm
    assert "five days" not in calm
    assert "is to be answered within five days" in soon
    assert "is overdue" in late
    assert "to decide" not in viewer.get("/settings").content.decode()


def test_who_asked_reads_that_somebody_is_late() -> None:
    ticket = routes.ticket(make_workspace())
    request = DataRequest.objects.get(pk=ticket.request_id)

    for _ in range(2):
        watching.remind(at=request.due_at)

    assert list(request.steps.order_by("id").values_list("note", flat=True)).count("late") == 1


def test_putting_it_off_gives_the_workspace_as_long_and_reminds_anew() -> None:
    world = make_workspace()
    ticket = routes.ticket(world)
    request = DataRequest.objects.get(pk=ticket.request_id)
    watching.remind(at=ticket.due_at - DAY)

    tickets.put_off(request, reason="Two systems have to be searched.", actor=uuid4(), at=ticket.due_at - DAY)

    assert stored(ticket).due_at == request.due_at > ticket.due_at
    assert stored(ticket).reminded == 0


def test_programs_list_read_accept_and_refuse() -> None:
    world = make_workspace()
    yes, no = routes.ticket(world), routes.ticket(world, kind=Kind.RECTIFICATION)
    api = world.api()

    assert [one["id"] for one in api.get(LIST, {"status": "open"}).json()["data"]] == [str(no), str(yes)]
    accepted = api.post(f"{LIST}/{yes}/accept")
    refused = api.post(f"{LIST}/{no}/refuse", {"reason": "It is correct as it is."})
    listed = api.get(LIST, {"status": "refused"}).json()["data"]

    assert (accepted.status_code, accepted.json()["status"]) == (200, "accepted")
    assert (refused.status_code, refused.json()["reason"]) == (200, "It is correct as it is.")
    assert [one["id"] for one in listed] == [str(no)]
    assert api.get(f"{LIST}/{no}").json() == listed[0]


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("{id}/refuse", {}, 422, "required"),
        ("{id}/refuse", {"reason": ""}, 422, ""),
        ("{id}/refuse", {"reason": "x" * 4001}, 422, ""),
        ("{id}/refuse", {"reason": 4}, 422, ""),
        ("{id}/refuse", b"{", 400, ""),
        ("prq_00000000000000000000000000/accept", None, 404, "not_found"),
        ("dsr_nonsense/refuse", {"reason": "No."}, 404, "not_found"),
    ],
)
def test_what_programs_get_wrong_is_named_and_decides_nothing(path: str, body: Any, status: int, code: str) -> None:
    world = make_workspace()
    ticket = routes.ticket(world)

    answer = world.api().post(f"{LIST}/{path.format(id=ticket)}", body)

    assert answer.status_code == status, answer.content
    assert code in answer.content.decode()
    assert stored(ticket).state == "open"


def test_a_key_needs_the_scope_and_sees_no_other_workspace() -> None:
    world, other = make_workspace(), make_workspace()
    ticket = routes.ticket(world)

    assert world.api(key=world.key("messages:read")).get(f"{LIST}/{ticket}").status_code == 403
    assert world.api(key=world.key("privacy:read")).post(f"{LIST}/{ticket}/accept").status_code == 403
    assert other.api().get(f"{LIST}/{ticket}").status_code == 404
    assert world.api().get(LIST, {"status": "nonsense"}).status_code in (400, 422)
    assert stored(ticket).state == "open"


@pytest.mark.parametrize(
    ("kind", "switch"),
    [(kind, switch) for kind, switch in tickets.SWITCHES.items()],
)
def test_a_switch_decides_its_kinds_and_no_other(kind: str, switch: str) -> None:
    world = make_workspace()
    browser = pages.client(world.owner)

    browser.post("/privacy-requests/switches", {switch: "on"})
    decided = routes.ticket(world, kind=kind)
    browser.post("/privacy-requests/switches", {other: "on" for other in tickets.SWITCHES.values() if other != switch})
    waits = routes.ticket(world, kind=kind)

    assert (stored(decided).automatic, stored(decided).state) in [(True, "accepted"), (True, "done")]
    assert (stored(waits).automatic, stored(waits).state) == (False, "open")


def test_programs_switch_what_is_fulfilled_without_asking_as_the_page_does() -> None:
    world = make_workspace()
    api = world.api()

    untouched = api.get(SETTINGS)
    changed = api.patch(SETTINGS, {"access": True, "objection": False})
    nothing = api.patch(SETTINGS, {})
    page = pages.client(world.owner).get("/privacy-requests").content.decode()
    decided, waits = routes.ticket(world, kind=Kind.ACCESS), routes.ticket(world, kind=Kind.OBJECTION)

    assert untouched.json() == {
        "object": "privacy_request_settings", "objection": True, "restriction": True, "access": False, "erasure": False,
    }  # fmt: skip
    assert changed.json() == nothing.json() == api.get(SETTINGS).json()
    assert changed.json() == untouched.json() | {"access": True, "objection": False}
    assert re.findall(r'name="(\w+)"[^>]*checked', page) == ["restriction", "access"]
    assert (stored(decided).automatic, stored(waits).state) == (True, "open")
    with scope.workspace(world.id):
        rows = AuditEvent.objects.filter(workspace_id=world.id, action="user:request_settings:changed")
        assert [row.details for row in rows] == [{"access": "on", "objection": "off"}]


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"erasure": "yes"}, 422, "#/erasure"),
        ({"erasure": None}, 422, "#/erasure"),
        ({"erasure": 1}, 422, "#/erasure"),
        ({"access": True, "rectification": True}, 422, "#/rectification"),
        ([], 422, "#"),
        (b"{", 400, ""),
    ],
)
def test_a_switch_put_wrongly_is_named_with_its_fix_and_switches_nothing(body: Any, status: int, pointer: str) -> None:
    world = make_workspace()

    answer = world.api().patch(SETTINGS, body)

    assert answer.status_code == status, answer.content
    assert pointer in [error["pointer"] for error in answer.json().get("errors", [{"pointer": ""}])]
    assert all(error["detail"] for error in answer.json().get("errors", []))
    assert world.api().get(SETTINGS).json()["access"] is False


def test_switching_needs_its_scope() -> None:
    world, other = make_workspace(), make_workspace()
    reader, nobody = world.api(key=world.key("privacy:read")), world.api(key=world.key("messages:read"))

    assert (reader.get(SETTINGS).status_code, nobody.get(SETTINGS).status_code) == (200, 403)
    assert reader.patch(SETTINGS, {"erasure": True}).status_code == 403
    assert other.api().patch(SETTINGS, {"erasure": True}).status_code == 200
    assert reader.get(SETTINGS).json()["erasure"] is False


def test_two_who_switch_at_once_undo_nothing_of_each_other() -> None:
    world = make_workspace()
    start = threading.Barrier(2)

    def switch(name: str) -> int:
        start.wait(10)
        status: int = world.api().patch(SETTINGS, {name: True}).status_code
        return status

    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(switch, ["access", "erasure"]))

    shown = world.api().get(SETTINGS).json()
    assert (statuses, shown["access"], shown["erasure"]) == ([200, 200], True, True)


def test_pages_decide_once_and_want_a_reason_for_no() -> None:
    world = make_workspace()
    ticket = routes.ticket(world)
    browser = pages.client(world.owner)
    path = f"/privacy-requests/{ticket}"

    empty = browser.post(f"{path}/refuse", {"reason": "  "})
    long = browser.post(f"{path}/refuse", {"reason": "x" * 4001})
    assert (empty.status_code, long.status_code, stored(ticket).state) == (422, 422, "open")
    browser.post(f"{path}/refuse", {"reason": "We owe you a refund first."})
    again = browser.post(f"{path}/accept", follow=True)

    assert stored(ticket).state == "refused"
    assert b"This was decided before" in again.content
    assert DataRequest.objects.get(pk=ticket.request_id).state == State.REFUSED


def test_only_who_may_decide_decides_and_other_workspaces_see_nothing() -> None:
    world, other = make_workspace(), make_workspace()
    ticket = routes.ticket(world)
    viewer, _ = make_member(world)

    assert pages.client(viewer).post(f"/privacy-requests/{ticket}/accept").status_code == 403
    assert pages.client(other.owner).get(f"/privacy-requests/{ticket}").status_code == 404
    assert Client().post(f"/privacy-requests/{ticket}/accept").status_code == 302
    assert stored(ticket).state == "open"
