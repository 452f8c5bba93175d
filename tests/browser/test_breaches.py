"""The breach desk in a real browser: a drill from opening to closing, and every page of it in both looks."""

from typing import Any

import pytest

from accounts.models.user import StaffRole
from smsplatform.lib import clock, ids
from tests.browser.visit import Visit
from tests.factories import pages, staff


@pytest.fixture(scope="module")
def admin() -> Any:
    return staff.member(StaffRole.ADMIN)


def test_a_drill_is_opened_scoped_assessed_told_reported_and_closed(chromium: Any, address: str, admin: Any) -> None:
    shop = pages.shop()
    pages.message(shop)
    visit = Visit(chromium, address).sign_in_verified(admin)
    page = visit.page

    page.goto("/staff/breaches")
    page.get_by_role("link", name="Start a drill").first.click()
    assert page.get_by_label("This is a drill").is_checked()
    page.get_by_label("Title").fill("A lost laptop")
    page.get_by_label("What happened").fill("Practice: a laptop was left in a train.")
    page.get_by_label("Confidentiality").check()
    page.get_by_role("button", name="Start the clocks").click()
    page.get_by_role("link", name="Compute").click()
    page.locator("input[value='messaging.Message']").check()
    page.get_by_label("Only these workspaces").fill(ids.encode(ids.WORKSPACE, shop.workspace.id))
    page.get_by_role("button", name="Compute").click()
    page.get_by_text("Computed: 1 workspaces").wait_for()
    page.get_by_role("link", name="Assess").click()
    page.locator("input[name='risk'][value='risk']").check()
    page.get_by_label("Reasons").fill("The disk was encrypted, the key was not on it.")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("textbox", name="What was done").fill("Ended its sessions.")
    page.get_by_role("button", name="Keep it").click()
    page.get_by_role("link", name="Report", exact=True).click()
    page.get_by_label("Reference of the authority").fill("LfD 12")
    page.get_by_role("button", name="Keep as reported").click()
    for _ in ("controllers", "users"):
        page.locator("a.primary", has_text="Tell").first.click()
        page.get_by_role("button", name="Practise telling").click()
    page.get_by_role("button", name="Close the incident").click()
    page.goto(f"{page.url}/report")
    page.get_by_text("LfD 12").first.wait_for()

    assert visit.said == []
    visit.close()
    customer = Visit(chromium, address).sign_in_as(shop.owner)
    customer.page.goto("/overview")
    assert "A lost laptop" not in customer.page.content(), "a drill tells nobody"
    customer.close()


def test_the_pages_of_the_desk_are_accessible_and_fit(chromium: Any, address: str, admin: Any) -> None:
    browser = pages.verified(admin)
    facts = {"title": "Drill", "description": "Practice.", "integrity": "on", "drill": "on"}
    here = browser.post("/staff/breaches/new", {**facts, "aware_at": f"{clock.now():%Y-%m-%dT%H:%M}"})["Location"]
    browser.post(f"{here}/scope", {"models": "messaging.Message"})
    browser.post(f"{here}/assess", {"risk": "high", "reasons": "Practice."})
    browser.post(f"{here}/measure", {"text": "Closed the door."})
    visit = Visit(chromium, address).sign_in_verified(admin)
    below = ("", "/scope", "/assess", "/tell/authority", "/tell/controllers", "/tell/users", "/report")
    paths = ["/staff/breaches", "/staff/breaches/new", "/staff/breaches/runbook", *(f"{here}{path}" for path in below)]

    faults = [fault for path in paths for fault in visit.faults(path)]

    visit.close()
    assert faults == []
