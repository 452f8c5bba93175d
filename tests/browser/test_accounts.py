"""Signing up and one's own account in a real browser."""

from typing import Any
from uuid import uuid4

from django.core import mail

from accounts import links
from accounts.models import User
from tests.browser.visit import Visit
from tests.factories import pages
from tests.factories.letters import Letters

PUBLIC = ("/sign-up", "/sign-up/sent", "/password")


def test_account_pages_are_accessible_and_fit(chromium: Any, address: str) -> None:
    shop = pages.shop()
    visit = Visit(chromium, address)
    faults = [fault for path in (*PUBLIC, f"/password/reset/{links.reset(shop.owner)}") for fault in visit.faults(path)]
    visit.sign_in_as(shop.owner)

    for path in ("/account", "/account/security", "/outbox/preview", "/outbox/preview/accounts/confirm"):
        faults += visit.faults(path)

    visit.close()
    assert faults == []


def test_signing_up_without_script_leads_to_a_workspace(chromium: Any, address: str) -> None:
    email = f"{uuid4().hex}@example.org"
    visit = Visit(chromium, address, java_script_enabled=False)
    page = visit.page
    with Letters.at_once() as letters:
        mail.outbox.clear()
        page.goto("/sign-in")
        page.get_by_role("link", name="Create an account").click()
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password").fill("a long and good one")
        page.get_by_label("Workspace").fill("Acme Rockets")
        page.get_by_label("I am at least 18").check()
        page.get_by_role("button", name="Create account").click()
        page.get_by_role("heading", name="Look at your mail").wait_for()
        page.goto(letters.link(email))
        page.get_by_role("button", name="Confirm address").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill("a long and good one")
    page.get_by_role("button", name="Sign in").click()

    assert page.get_by_text("Acme Rockets").first.is_visible()
    assert User.objects.get_by_natural_key(email).email_confirmed_at
    visit.close()
