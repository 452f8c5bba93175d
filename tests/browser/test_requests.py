"""The privacy centre in a real browser: a recipient from their number to silence and erasure, without an account."""

from collections.abc import Iterator
from typing import Any

import pytest

from privacy.models import RequestTicket
from privacy.requests import fulfilling, tickets
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope
from tests.browser.visit import Visit
from tests.factories import pages, routes
from tests.factories.accounts import make_workspace
from tests.factories.requests import Phones, a_number
from tests.factories.wallets import Wallet


@pytest.fixture(scope="module")
def phones() -> Iterator[Phones]:
    with Phones.connected() as made:
        yield made


@pytest.mark.promise("transit-67", "fleet-47", "otp-43")
def test_a_recipient_stops_a_sender_and_has_the_number_erased(chromium: Any, address: str, phones: Phones) -> None:
    shop, number = pages.shop(), a_number()
    pages.message(shop, to=number)
    visit = Visit(chromium, address, width=390)
    page = visit.page

    page.goto("/privacy")
    page.get_by_role("link", name="Begin").click()
    page.get_by_label("Erase my data").check()
    page.get_by_label("Your phone number").fill(number)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Code from the text").fill(phones.code(number))
    page.get_by_role("button", name="Show that it is my number").click()
    page.get_by_text(shop.workspace.name).wait_for()
    page.get_by_role("link", name="Who texted me").click()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_text("Stopped").wait_for()
    with scope.workspace(shop.workspace.id):
        ticket = RequestTicket.objects.get(workspace_id=shop.workspace.id, kind="erasure")
        tickets.answer(ticket, reason=None, by=shop.owner.pk, at=clock.now())
    fulfilling.carry_out(at=clock.now())

    page.get_by_role("link", name="Your requests").click()
    page.get_by_role("link", name="Erase my data").click()
    page.get_by_text("Done", exact=True).first.wait_for()
    page.goto("/privacy/requests/senders")
    page.get_by_role("heading", name="Nobody, as far as we know").wait_for()
    assert visit.said == []
    visit.close()


def test_somebody_has_their_name_corrected_and_ends_a_restriction(chromium: Any, address: str) -> None:
    user, _ = pages.person()
    visit = Visit(chromium, address, width=390).sign_in_as(user)
    page = visit.page

    page.goto("/account")
    page.get_by_role("link", name="Your data").click()
    page.get_by_label("What is right?").wait_for(state="hidden")
    page.get_by_label("Correct my data").check()
    page.get_by_label("What is wrong?").select_option(label="Name")
    page.get_by_label("What is right?").fill("Joe Döe")
    page.get_by_role("button", name="Ask").click()
    page.get_by_text("Corrected.").first.wait_for()
    page.goto("/account/data")
    page.get_by_label("Stop using my data").check()
    page.get_by_role("button", name="Ask").click()
    page.get_by_role("button", name="Use my data again").click()
    page.get_by_text("Ended. Your data is used as before.").wait_for()

    user.refresh_from_db()
    assert user.name == "Joe Döe"
    assert visit.said == []
    visit.close()


def test_a_workspace_reads_what_waits_and_decides_it(chromium: Any, address: str) -> None:
    world = make_workspace()
    first, second = routes.ticket(world), routes.ticket(world, kind="rectification")
    with scope.workspace(world.id):
        RequestTicket.objects.filter(pk=first.pk).update(due_at=clock.now())
    visit = Visit(chromium, address).sign_in_as(world.owner)
    page = visit.page

    page.goto("/settings")
    page.get_by_text("1 request about data is overdue.").wait_for()
    page.get_by_role("link", name="Decide now").click()
    page.get_by_role("link", name="Correct my data").click()
    page.get_by_role("button", name="Refuse this request").click()
    page.get_by_text("The person is owed a reason.").wait_for()
    page.get_by_label("Why not?").fill("It is correct as it is.")
    page.get_by_role("button", name="Refuse this request").click()
    page.get_by_text("Refused", exact=True).wait_for()
    page.goto(f"/privacy-requests/{first}")
    page.get_by_role("button", name="Fulfil this request").click()
    page.get_by_text("Being carried out").wait_for()

    with scope.workspace(world.id):
        assert RequestTicket.objects.get(pk=second.pk).reason == "It is correct as it is."
    visit.close()


def test_the_pages_about_requests_are_accessible_and_fit(chromium: Any, address: str) -> None:
    world = make_workspace()
    ticket = routes.ticket(world)
    own = pages.client(world.owner).post("/account/data", {"kind": "objection", "activity": "count_visits"})["Location"]
    visit = Visit(chromium, address)
    public = ("/privacy/requests", "/privacy/requests?who=recipient", "/privacy/requests?who=visitor")

    faults = [fault for path in (*public, "/privacy/requests/find") for fault in visit.faults(path)]
    _ask_with_a_wallet(visit.page)
    faults += visit.faults("/privacy/requests/wallet")
    visit.sign_in_as(world.owner)
    signed_in = ("/account/data", own, "/privacy-requests", f"/privacy-requests/{ticket}", "/settings/processors")
    faults += [fault for path in signed_in for fault in visit.faults(path)]

    visit.close()
    assert faults == []


def _ask_with_a_wallet(page: Any) -> None:
    page.goto("/privacy/requests?who=account_holder")
    page.get_by_label("A copy of my data").check()
    page.get_by_label("Or the wallet").fill(Wallet().address)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="Sign with your wallet").wait_for()
