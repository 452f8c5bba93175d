"""The overview and the public pages in a real browser."""

import datetime as dt
from typing import Any

import pytest

from messaging import traffic
from smsplatform.lib import clock
from tests.browser.visit import Visit
from tests.factories.accounts import World, make_workspace
from tests.factories.messaging import accept, finish

PUBLIC = ("/", "/prices", "/status", "/privacy", "/privacy/policy")


@pytest.fixture(scope="module")
def world() -> World:
    made, at = make_workspace(), clock.now()
    finish(made, accept(made, count=9, at=at), at=at)
    finish(made, accept(made, count=2, at=at, to="+4915123456789"), "undelivered", at=at)
    traffic.touch_new(since=at - dt.timedelta(hours=1))
    traffic.roll_up(at=at)
    return made


def test_public_pages_are_accessible_and_fit(chromium: Any, address: str) -> None:
    visit = Visit(chromium, address)

    faults = [fault for path in PUBLIC for fault in visit.faults(path)]

    assert faults == []
    assert visit.context.cookies() == []
    visit.close()


def test_the_overview_is_accessible_and_fits(chromium: Any, address: str, world: World) -> None:
    visit = Visit(chromium, address).sign_in_as(world.owner)

    faults = visit.faults("/overview?days=90")
    visit.page.get_by_text("Show as table").click()
    faults += visit.violations()

    assert visit.overflow() <= 0
    assert faults == []
    visit.close()


def test_a_bar_leads_to_its_messages_and_the_table_too(chromium: Any, address: str, world: World) -> None:
    visit = Visit(chromium, address).sign_in_as(world.owner)
    page = visit.page
    page.goto("/overview?days=7")

    page.locator(".plot a").last.click()
    page.wait_for_url("**/messages?since=*")
    page.go_back()
    page.get_by_text("Show as table").click()
    page.locator(".as-table tbody a").last.click()

    page.wait_for_url("**/messages?since=*")
    assert page.locator("tbody tr").count() == 11
    visit.close()


def test_keys_lead_to_pages_and_tell_what_they_do(chromium: Any, address: str, world: World) -> None:
    visit = Visit(chromium, address).sign_in_as(world.owner)
    page = visit.page
    page.goto("/overview")

    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard shortcuts").wait_for()
    page.keyboard.press("g")
    page.keyboard.press("m")
    assert page.url.endswith("/overview")  # not while the dialog is open
    page.keyboard.press("Escape")
    page.get_by_role("dialog", name="Keyboard shortcuts").wait_for(state="hidden")
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_url("**/messages")
    page.locator("[data-search]").focus()
    page.keyboard.type("go")

    assert page.url.endswith("/messages")
    assert visit.said == []
    visit.close()


def test_the_overview_and_public_pages_work_without_script(chromium: Any, address: str, world: World) -> None:
    visit = Visit(chromium, address, java_script_enabled=False)
    page = visit.page
    page.goto("/prices")
    page.get_by_label("Country or prefix").fill("+49")
    page.get_by_role("button", name="Find").click()
    assert page.get_by_role("cell", name="Germany").or_(page.get_by_role("rowheader", name="Germany")).is_visible()
    page.get_by_role("button", name="Dark colours").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    visit.sign_in_as(world.owner)

    page.goto("/overview")
    page.get_by_role("link", name="7 days").click()
    assert page.get_by_text("Last 7 days").is_visible()
    page.get_by_role("button", name="Hide these steps").click()

    assert not page.get_by_text("Finish setting up").is_visible()
    visit.close()
