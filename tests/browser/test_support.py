"""A question to support and its answer, in a real browser, from both sides."""

from typing import Any

import pytest

from smsplatform.lib import ids
from smsplatform.lib.tenancy.staff import Level
from tests.browser.visit import Visit
from tests.factories import pages, staff
from tests.factories import support as cases


@pytest.mark.promise("team-19")
def test_a_customer_asks_about_a_message_and_staff_answer(chromium: Any, address: str) -> None:
    shop, member = pages.shop(), staff.member()
    message = pages.message(shop)
    customer = Visit(chromium, address).sign_in_as(shop.owner)
    page = customer.page
    faults = customer.faults("/support/new")

    page.goto(f"/messages/{message}")
    page.get_by_role("link", name="Ask support").click()
    page.get_by_label("What is it about?").select_option("delivery")
    page.get_by_label("In one line").fill(cases.SUBJECT)
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Write what happened").wait_for()
    faults += customer.violations()
    page.get_by_label("What happened?").fill(cases.TEXT)
    page.get_by_role("button", name="Send").click()
    page.get_by_role("heading", name=cases.SUBJECT).wait_for()
    number = page.url.rpartition("/")[2]

    here = f"/staff/workspaces/{ids.encode(ids.WORKSPACE, shop.workspace.pk)}/support"
    desk = Visit(chromium, address).sign_in_verified(member)
    faults += desk.faults("/staff/support")
    assert cases.SUBJECT not in desk.page.content()
    staff.grant(shop.workspace.pk, member, Level.IDENTIFIERS, ticket=number)
    faults += desk.faults(here) + desk.faults(f"{here}/{number}")
    desk.page.get_by_role("textbox", name="Answer").fill("The network is slow today. It will come.")
    desk.page.get_by_role("button", name="Answer", exact=True).click()
    desk.page.get_by_text("They were told by mail").wait_for()
    desk.close()

    faults += customer.faults("/support") + customer.faults(f"/support/{number}")
    page.get_by_text("The network is slow today.").wait_for()
    page.get_by_role("button", name="Mark as resolved").click()
    page.get_by_text("Still open?").wait_for()
    customer.close()

    assert faults == []
