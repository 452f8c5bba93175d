"""Messages, inspector, send form and exports in a real browser."""

from pathlib import Path
from typing import Any

import pytest

from messaging import exports
from messaging.models import Export
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.browser.visit import Visit
from tests.factories import messaging, pages
from tests.factories.accounts import World, make_workspace

LONG = "Grüße aus Köln 😀 – wir haben „Ihr“ Paket. " * 6


@pytest.fixture(scope="module")
def world() -> World:
    """A workspace with messages in several states, and an export in each."""
    made = make_workspace()
    messaging.accept(made, count=3)
    messaging.finish(made, messaging.accept(made, count=30, to="+4915123456789"))
    messaging.finish(made, messaging.accept(made, to="+33612345678", category="marketing"), "undelivered")
    for state in ("done", "failed", "running"):
        _export(made, state)
    return made


def _export(world: World, state: str) -> None:
    at = clock.now()
    with scope.workspace(world.id):
        Export.objects.create(
            workspace_id=world.id, requested_by=world.owner.id, kind="messages", format="csv", state=state,
            filter='{"livemode": false, "wanted": {"status": "delivered"}}', rows_estimated=9000, rows_read=4000,
            rows_done=4000, error="OperationalError" if state == "failed" else "", expires_at=at + exports.KEPT,
        )  # fmt: skip


def test_pages_of_messages_are_accessible_and_fit(chromium: Any, address: str, world: World) -> None:
    drafts = messaging.accept(world, body=LONG, reference="order 77")
    message = ids.encode(ids.MESSAGE, drafts[0].id)
    visit = Visit(chromium, address).sign_in_as(world.owner)
    filtered = "/messages?status=delivered&country=DE&category=transactional"

    paths = ("/messages", filtered, f"/messages/{message}", f"/send?like={message}", "/exports")
    faults = [fault for path in paths for fault in visit.faults(path)]

    visit.close()
    assert faults == []


def test_a_filter_shows_its_chip_and_is_cleared_by_it(chromium: Any, address: str, world: World) -> None:
    visit = Visit(chromium, address).sign_in_as(world.owner)
    page = visit.page
    page.goto("/messages")

    page.get_by_label("Status").select_option("undelivered")
    page.get_by_role("link", name="Status: Undelivered").wait_for()
    assert page.locator("#list tbody tr").count() == 1
    page.get_by_role("link", name="Status: Undelivered").click()
    page.wait_for_url("**/messages?")

    assert page.locator("#list tbody tr").count() > 1
    assert visit.said == []
    visit.close()


def test_plain_characters_are_offered_and_make_the_text_shorter(chromium: Any, address: str, world: World) -> None:
    visit = Visit(chromium, address).sign_in_as(world.owner)
    page = visit.page
    page.goto("/send")

    page.get_by_label("To", exact=True).fill("+4915123456789")
    page.get_by_role("textbox", name="Message").fill("„Your parcel“ – it is here")
    page.get_by_text("With plain characters instead").wait_for()
    page.get_by_label("Replace typographic characters").check()
    page.get_by_text("Typographic characters were replaced").wait_for()

    assert page.locator("#preview").get_by_text("GSM-7").is_visible()
    assert visit.said == []
    visit.close()


def test_an_export_is_asked_for_watched_and_taken_away(chromium: Any, address: str) -> None:
    shop = pages.shop()
    pages.messages(shop, count=3)
    visit = Visit(chromium, address).sign_in_as(shop.owner)
    page = visit.page
    page.goto("/messages")

    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name="CSV").click()
    page.wait_for_url("**/exports")
    page.get_by_text("Waiting").wait_for()
    _finish(shop)
    page.get_by_role("link", name="Download").wait_for(timeout=10_000)
    with page.expect_download() as caught:
        page.get_by_role("link", name="Download").click()

    assert len(Path(caught.value.path()).read_text().splitlines()) == 4
    assert caught.value.suggested_filename.endswith(".csv")
    assert visit.said == []
    visit.close()


def _finish(shop: pages.Shop) -> None:
    with scope.workspace(shop.workspace.id):
        export = Export.objects.get(workspace_id=shop.workspace.id)
        while exports.step(export=export.id, at=clock.now()):
            pass
