"""The start page: right figures, for those who may see them, light, and with a next step."""

import datetime as dt
import gzip
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, User, Workspace
from accounts.roles import Role
from messaging import figures, traffic
from messaging.figures import Sum
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope
from tests.factories import pages
from tests.factories.accounts import World, make_member, make_workspace
from tests.factories.messaging import accept, finish
from tests.factories.superuser import superuser

KILOBYTE = 1024
HTMX = {"HX-Request": "true"}


@pytest.fixture
def world() -> World:
    return make_workspace()


def traffic_of(world: World, *, at: dt.datetime) -> None:
    """Three delivered and one not yesterday, one still on its way today."""
    yesterday = at - dt.timedelta(days=1)
    finish(world, accept(world, count=3, at=yesterday), at=yesterday + dt.timedelta(seconds=2))
    finish(world, accept(world, at=yesterday, to="+4915123456789"), "undelivered", at=yesterday)
    accept(world, at=at)
    traffic.touch_new(since=at - dt.timedelta(days=2))
    traffic.roll_up(at=at)


def counted(world: World, at: dt.datetime, messages: int) -> None:
    """Figures of an hour whose messages may be gone already."""
    with superuser() as connection:
        connection.execute(
            "INSERT INTO messaging_traffic_hour (workspace_id, livemode, hour, country, category, outcome, latency, "
            "messages, parts, price) VALUES (%s, false, %s, 'NL', 'otp', 'delivered', 9, %s, %s, 1)",
            [world.id, at.replace(minute=0, second=0, microsecond=0), messages, messages],
        )


def read(world: World, *, days: int = 30, zone: str = "UTC", live: bool = False) -> figures.Figures:
    with scope.workspace(world.id):
        return figures.read(workspace=world.id, livemode=live, days=days, zone=ZoneInfo(zone), at=clock.now())


def test_figures_of_a_period_its_days_and_countries(world: World) -> None:
    traffic_of(world, at=clock.now())

    found = read(world)

    assert found.now.messages == 5
    assert found.now.rate == pytest.approx(0.75)
    assert found.now.open == 1
    assert found.now.median == pytest.approx(2, rel=0.25)
    assert len(found.days) == 30
    assert sum(day.messages for day in found.days.values()) == 5
    assert list(found.countries) == ["NL", "DE"]
    assert found.countries["DE"].rate == 0
    assert read(world, live=True).now.messages == 0


def test_the_period_before_is_as_long_and_separate(world: World) -> None:
    at = clock.now()
    counted(world, at - dt.timedelta(days=8), 2)
    counted(world, at, 1)
    counted(world, at - dt.timedelta(days=15), 4)

    found = read(world, days=7)

    assert (found.now.messages, found.before.messages) == (1, 2)


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "Pacific/Honolulu", "Asia/Kolkata"])
def test_days_are_those_of_the_reader(world: World, zone: str) -> None:
    at = clock.now()
    hour = at.replace(minute=0, second=0, microsecond=0)
    accept(world, at=at)
    traffic.touch_new(since=at - dt.timedelta(hours=1))
    traffic.roll_up(at=at)

    found = read(world, zone=zone, days=7)

    assert found.days[hour.astimezone(ZoneInfo(zone)).date()].messages == 1


def test_a_median_is_within_a_fifth_of_the_true_one() -> None:
    assert figures.median({}) is None
    assert figures.median({1: 1}) is not None
    some = Sum()
    some.latencies.update({10: 1, 11: 5, 12: 1})
    assert some.median == pytest.approx(0.05 * 2 ** (10.5 / 2), rel=0.2)


def test_the_page_shows_the_figures_and_each_bar_leads_to_its_messages(world: World) -> None:
    at = clock.now()
    traffic_of(world, at=at)

    html = pages.client(world.owner).get("/overview?days=7").content.decode()

    assert ">5<" in html
    assert "75.0%" in html
    day = (at - dt.timedelta(days=1)).date()
    assert f"/messages?since={day}&amp;until={day}" in html
    assert "country=DE" in html
    assert "Last 7 days" in html


def test_without_a_period_before_each_figure_says_what_it_is_made_of(world: World) -> None:
    traffic_of(world, at=clock.now())

    html = pages.client(world.owner).get("/overview").content.decode()

    for note in ("1 today", "3 of 4", "half were faster"):
        assert note in html


def test_a_bar_leads_to_the_messages_of_its_day_on_the_clock_of_the_workspace(world: World) -> None:
    at = clock.now()
    with scope.workspace(world.id):
        Workspace.objects.filter(pk=world.id).update(time_zone="Pacific/Kiritimati")
    accept(world, at=at)
    traffic.touch_new(since=at - dt.timedelta(hours=1))
    traffic.roll_up(at=at)
    browser = pages.client(world.owner)
    day = at.astimezone(ZoneInfo("Pacific/Kiritimati")).date()
    assert f"since={day}&amp;until={day}" in browser.get("/overview").content.decode()

    shown = browser.get(f"/messages?since={day}&until={day}").content.decode()
    before = browser.get(f"/messages?until={day - dt.timedelta(days=1)}").content.decode()

    assert 'id="msg_' in shown
    assert 'id="msg_' not in before


def test_a_period_that_is_none_is_the_usual_one(world: World) -> None:
    assert "Last 30 days" in pages.client(world.owner).get("/overview?days=31").content.decode()


def test_a_new_workspace_is_led_to_its_first_message() -> None:
    shop = pages.shop()

    html = pages.client(shop.owner).get("/overview").content.decode()

    assert "Send your first message" in html
    assert "Messages per day" not in html
    assert 'action="/send"' in html


def test_the_quick_form_sends(world: World) -> None:
    browser = pages.client(world.owner)
    html = browser.get("/overview").content.decode()
    token = re.search(r'name="token" value="([^"]+)"', html)
    assert token

    fields = {"token": token.group(1), "to": pages.TO, "sender": "ACME", "text": "Hi", "category": "transactional"}
    response = browser.post("/send", fields)

    assert response["Location"].startswith("/messages/msg_")


def test_first_steps_tick_themselves_and_can_be_hidden_by_each_person(world: World) -> None:
    admin, _ = make_member(world, Role.ADMIN)
    browser = pages.client(world.owner)
    before = browser.get("/overview").content.decode()
    assert "Finish setting up" in before
    accept(world)
    after = browser.get("/overview").content.decode()
    assert before.count('class="done"') + 1 == after.count('class="done"')

    assert browser.post("/overview/steps")["Location"] == "/overview"
    browser.post("/overview/steps")

    assert "Finish setting up" not in browser.get("/overview").content.decode()
    assert "Finish setting up" in pages.client(admin).get("/overview").content.decode()


def test_who_may_not_see_figures_money_or_messages_does_not(world: World) -> None:
    traffic_of(world, at=clock.now())
    viewer, _ = make_member(world, Role.VIEWER)
    billing, _ = make_member(world, Role.BILLING)

    seen = pages.client(viewer).get("/overview").content.decode()
    money = pages.client(billing).get("/overview").content.decode()

    assert "Test money" not in seen
    assert "On their way" in seen
    assert 'action="/send"' not in seen
    assert "Test money" in money
    assert "Recent messages" not in money
    assert pages.client(billing).get("/overview/recent").status_code == 403


def test_another_workspace_is_not_counted(world: World) -> None:
    traffic_of(world, at=clock.now())

    html = pages.client(pages.shop().owner).get("/overview").content.decode()

    assert "Messages per day" not in html


def test_live_and_test_are_apart(world: World) -> None:
    traffic_of(world, at=clock.now())
    browser = pages.client(world.owner)
    browser.post("/mode", {"mode": "live"})

    assert "Nothing sent in live mode yet" in browser.get("/overview").content.decode()


def test_the_page_takes_the_same_queries_for_little_and_for_much() -> None:
    little, much = make_workspace(), make_workspace()
    at = clock.now()
    accept(little, at=at)
    finish(much, accept(much, count=30, at=at), at=at)
    for hours in range(1, 60):
        counted(much, at - dt.timedelta(hours=9 * hours), hours)
    traffic.touch_new(since=at - dt.timedelta(hours=1))
    traffic.roll_up(at=at)

    assert queries(little.owner) == queries(much.owner) <= 16


def queries(owner: User) -> int:
    browser = pages.client(owner)
    browser.get("/overview")
    with CaptureQueriesContext(connection) as captured:
        assert browser.get("/overview").status_code == 200
    return len(captured)


def test_the_newest_messages_are_told_again_only_when_they_changed(world: World) -> None:
    accept(world)
    browser = pages.client(world.owner)
    found = re.search(r'hx-get="(/overview/recent[^"]+)"', browser.get("/overview").content.decode())
    assert found

    assert browser.get(found.group(1), headers=HTMX).status_code in (204, 200)  # 200 when the minute turned
    accept(world)
    assert browser.get(found.group(1), headers=HTMX).status_code == 200


def test_the_first_visit_loads_at_most_sixty_kilobytes(world: World) -> None:
    """The page with ninety days, and every file it names, compressed as a server would."""
    traffic_of(world, at=clock.now())

    html = pages.client(world.owner).get("/overview?days=90").content
    names = re.findall(rb'(?:src|href)="/static/([^"?]+)', html)
    files = [Path(str(finders.find(name.decode()))).read_bytes() for name in set(names)]

    assert len(files) >= 3
    assert sum(len(gzip.compress(content)) for content in (html, *files)) <= 60 * KILOBYTE


def test_nothing_inline_and_no_style_anywhere(world: World) -> None:
    traffic_of(world, at=clock.now())

    response = pages.client(world.owner).get("/overview?days=90")
    html = response.content.decode()

    assert " style=" not in html
    assert "<style" not in html
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)


def test_the_start_page_leads_everybody_to_their_place() -> None:
    shop = pages.shop()

    assert pages.client(shop.owner).get("/")["Location"] == "/overview"
    assert Client().get("/").status_code == 200
    with scope.workspace(shop.workspace.id):
        Membership.objects.filter(user=shop.viewer).update(role="nobody")
    assert pages.client(shop.viewer).get("/")["Location"] == "/no-workspace"


def test_times_are_said_in_the_time_zone_of_the_workspace(world: World) -> None:
    with scope.workspace(world.id):
        Workspace.objects.filter(pk=world.id).update(time_zone="Europe/Berlin")

    assert "Europe/Berlin" in pages.client(world.owner).get("/overview").content.decode()
