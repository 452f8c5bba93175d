"""Reports of unwanted texts and demands of authorities, in a real browser."""

from typing import Any

import pytest

from privacy.abuse import cases
from privacy.disclosures import telling
from smsplatform.lib import clock
from tests.browser.visit import LOOKS, Visit
from tests.factories import staff
from tests.factories.pages import Shop
from tests.privacy import test_disclosures as made


@pytest.fixture(scope="module")
def desk() -> made.Desk:
    shop: Shop = made.pages.shop()
    return made.Desk(
        first=staff.member("admin"), second=staff.member("admin"), shop=shop, mine=made.number(), other=made.number()
    )


def test_a_person_reports_a_message_and_staff_follow_it_up(chromium: Any, address: str, desk: made.Desk) -> None:
    visit = Visit(chromium, address)
    visit.page.goto("/privacy")
    visit.page.get_by_role("link", name="Report a message").first.click()
    visit.page.get_by_text("Phishing").click()
    visit.page.get_by_label("Sender, as your phone showed it").fill("PARCEL24")
    visit.page.get_by_label("The text, and what you want to say of it").fill("Pay two euros here")
    visit.page.get_by_role("button", name="Send the report").click()
    assert "We look into every report." in visit.page.inner_text("main")
    visit.close()

    visit = Visit(chromium, address).sign_in_verified(desk.first)
    visit.page.goto("/staff/abuse")
    visit.page.get_by_role("link", name="PARCEL24").first.click()
    visit.page.get_by_text("Dismissed", exact=True).first.click()
    visit.page.get_by_label("Reason").fill("No customer of ours sent it.")
    visit.page.get_by_role("button", name="Decide").click()
    assert "No customer of ours sent it." in visit.page.inner_text("main")
    visit.close()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_pages_are_accessible_and_fit(
    chromium: Any, address: str, desk: made.Desk, width: int, scheme: str
) -> None:
    report = cases.report(cases.Report(kind="fraud", sender="MYBANK", words="Pay!"), at=clock.now())
    draft = made.register.open_case(made.demand(desk), by=desk.first.pk, at=clock.now())
    steps = [draft, made.valid(desk), made.told(desk), made.approved(desk, number=desk.mine)]
    objected = made.notice(steps[2])
    assert objected is not None
    with made.tenancy.workspace(desk.shop.workspace.id):
        telling.object_to(
            workspace=desk.shop.workspace.id, notice=objected.pk, words="Wrong company.", by=desk.shop.owner.pk,
            at=clock.now(),
        )  # fmt: skip
    inside = [
        "/staff/abuse", "/staff/abuse/new", f"/staff/abuse/{report}", "/staff/disclosures", "/staff/disclosures/new",
        "/staff/disclosures/runbook", *(f"/staff/disclosures/{case}" for case in steps),
    ]  # fmt: skip

    visit = Visit(chromium, address, width=width, scheme=scheme)
    faults = [fault for path in ("/report", "/report/done", "/privacy/authorities") for fault in visit.faults(path)]
    visit.close()
    visit = Visit(chromium, address, width=width, scheme=scheme).sign_in_verified(desk.first)
    faults += [fault for path in inside for fault in visit.faults(path)]
    visit.close()
    visit = Visit(chromium, address, width=width, scheme=scheme).sign_in_as(desk.shop.owner)
    faults += visit.faults("/disclosures")
    visit.close()

    assert faults == []
