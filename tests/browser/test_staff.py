"""Staff at work, in a real browser: every look has a reason, and the customer reads it."""

from typing import Any

import pytest

from accounts import factors, seconding
from privacy.models import AuditEvent
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from smsplatform.lib.tenancy.staff import Level
from tests.browser.visit import Visit
from tests.factories import pages, staff

TEXT = "Your parcel is at the door."


def approve(chromium: Any, address: str, second: Any, workspace: str) -> None:
    """Somebody else agrees to content in a browser of their own: asked who they are first, and led back."""
    visit = Visit(chromium, address).sign_in_verified(second)
    page = visit.page
    page.goto("/staff/grants")
    row = page.get_by_role("listitem").filter(has_text=workspace)
    row.get_by_role("button", name="Approve content").click()
    page.get_by_text("nothing was decided yet").wait_for()
    page.get_by_label("Code from your authenticator").fill(staff.device(second).code(clock.now()))
    page.get_by_role("button", name="Confirm", exact=True).click()
    row.get_by_role("button", name="Approve content").click()
    page.get_by_text("Approved. They can raise their access now").wait_for()
    assert visit.said == []
    visit.close()


@pytest.mark.promise("fleet-28", "fleet-29", "transit-100")
def test_support_opens_a_message_with_a_reason_and_the_customer_sees_that_look(chromium: Any, address: str) -> None:
    shop, user, second = pages.shop(), staff.member(), staff.member("admin")
    message = pages.message(shop, text=TEXT)
    codes = iter(factors.renew_codes(user=user, at=clock.now()))  # one of the authenticator opens once in 30 seconds
    visit = Visit(chromium, address).sign_in_verified(user)
    page = visit.page

    page.goto("/staff")
    page.get_by_label("Name or id").fill(ids.encode(ids.WORKSPACE, shop.workspace.id))
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Ask for access").click()
    page.get_by_label("Reason", exact=True).fill("test test test test")
    page.get_by_label("Ticket").fill("DESK-4711")
    page.get_by_role("button", name="Open access").click()
    page.get_by_text("This says nothing.").wait_for()
    page.get_by_label("Reason", exact=True).fill("Customer says that a text never arrived")
    page.get_by_label("Code from your authenticator").fill(next(codes))
    page.get_by_role("button", name="Open access").click()
    page.get_by_role("link", name=f"Message {message}").click()
    page.get_by_text("needs the level of content").wait_for()
    assert TEXT not in page.content()
    assert pages.TO not in page.content()
    shown = page.url

    page.get_by_role("link", name="Raise access").first.click()
    page.get_by_label("Code from your authenticator").fill(next(codes))
    page.get_by_role("button", name="Show identifiers").click()
    page.goto(shown)
    page.get_by_text(pages.TO).first.wait_for()
    assert TEXT not in page.content()
    page.get_by_role("link", name="Raise access").first.click()
    page.get_by_role("button", name="Ask a second person").click()
    page.get_by_text("Come back when somebody approved.").wait_for()
    step = page.url
    approve(chromium, address, second, shop.workspace.name)

    page.goto(step)
    page.get_by_label("Code from your authenticator").fill(next(codes))
    page.get_by_role("button", name="Show content").click()
    page.goto(shown)
    page.get_by_text(TEXT).wait_for()
    visit.close()

    customer = Visit(chromium, address).sign_in_as(shop.owner)
    customer.page.goto("/staff-access")
    customer.page.get_by_text("DESK-4711").first.wait_for()
    customer.page.get_by_text("Text of a message").first.wait_for()
    assert user.email not in customer.page.content()
    assert second.email not in customer.page.content()
    assert customer.said == []
    customer.close()


def test_the_staff_pages_are_accessible_and_fit(chromium: Any, address: str) -> None:
    shop, user, second = pages.shop(), staff.member("admin"), staff.member()
    message = pages.message(shop)
    staff.grant(shop.workspace.id, second, break_glass=True)
    grant = staff.grant(shop.workspace.id, user, Level.IDENTIFIERS)
    chosen = {"livemode": False, "wanted": {"since": "2026-01-01", "until": "2026-01-02"}, "format": "csv"}
    other = staff.grant(shop.workspace.id, second)
    seconding.ask(kind="export", grant=other, by=second, at=clock.now(), chosen=chosen)
    here = f"/staff/workspaces/{ids.encode(ids.WORKSPACE, shop.workspace.id)}"
    visit = Visit(chromium, address).sign_in_verified(user)
    below = ("", "/access", "/messages", f"/messages/{message}", "/exports", "/ledger", "/keys", "/team", "/senders")
    faults = visit.faults("/staff") + visit.faults("/staff/grants") + visit.faults("/staff/senders")
    faults += visit.faults(f"/staff/grants/{grant.public_id}/step")
    for path in below:
        faults += visit.faults(f"{here}{path}")
    visit.close()
    customer = Visit(chromium, address).sign_in_as(shop.owner)
    with scope.workspace(shop.workspace.id):
        entry = AuditEvent.objects.filter(workspace_id=shop.workspace.id).latest("id")
    faults += customer.faults("/staff-access") + customer.faults(f"/activity/{ids.encode('evt', entry.pk)}")
    customer.close()

    assert faults == []
