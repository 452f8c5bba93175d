"""Reports of unwanted texts and demands of authorities, in a real browser."""

from typing import Any

import pytest

from privacy.abuse import cases
from privacy.disclosures import register, telling
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope
from tests.browser.visit import Visit
from tests.factories import pages, staff
from tests.privacy.test_disclosures import Desk, approved, demand, notice, told, valid
from tests.privacy.test_finding import number


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk(
        first=staff.member("admin"), second=staff.member("admin"), shop=pages.shop(), mine=number(), other=number()
    )


def test_a_person_reports_a_message_and_staff_follow_it_up(chromium: Any, address: str, desk: Desk) -> None:
    visit = Visit(chromium, address)
    visit.page.goto("/privacy")
    visit.page.get_by_role("link", name="Report a message").first.click()
    visit.page.get_by_text("Phishing: it wants").click()
    visit.page.get_by_label("Sender, as your phone showed it").fill("PARCEL24")
    visit.page.get_by_label("The text, and what you want to say of it").fill("Pay two euros here")
    faults = visit.faults("/report")
    visit.page.get_by_text("Phishing: it wants").click()
    visit.page.get_by_label("Sender, as your phone showed it").fill("PARCEL24")
    visit.page.get_by_role("button", name="Send the report").click()
    visit.page.get_by_text("We look into every report.").wait_for()
    faults += visit.violations() + visit.faults("/privacy/authorities")
    visit.close()

    visit = Visit(chromium, address).sign_in_verified(desk.first)
    faults += visit.faults("/staff/abuse") + visit.faults("/staff/abuse/new")
    visit.page.goto("/staff/abuse")
    visit.page.get_by_role("link", name="PARCEL24").first.click()
    visit.page.wait_for_load_state()
    faults += visit.faults(visit.page.url)
    visit.page.get_by_text("Dismissed", exact=True).first.click()
    visit.page.get_by_label("Reason").fill("No customer of ours sent it.")
    visit.page.get_by_role("button", name="Decide").click()
    visit.page.get_by_text("No customer of ours sent it.").wait_for()
    visit.close()

    assert faults == []


def test_a_demand_at_each_of_its_steps(chromium: Any, address: str, desk: Desk) -> None:
    cases.report(cases.Report(kind="fraud", sender="MYBANK", words="Pay!"), at=clock.now())
    draft = register.open_case(demand(desk), by=desk.first.pk, at=clock.now())
    steps = [draft, valid(desk), told(desk), approved(desk, number=desk.mine)]
    shown = notice(steps[2])
    assert shown is not None
    with scope.workspace(desk.shop.workspace.id):
        telling.object_to(
            workspace=desk.shop.workspace.id, notice=shown.pk, words="Wrong company.", by=desk.shop.owner.pk,
            at=clock.now(),
        )  # fmt: skip

    visit = Visit(chromium, address).sign_in_verified(desk.first)
    paths = ["/staff/disclosures", "/staff/disclosures/new", "/staff/disclosures/runbook"]
    faults = [fault for path in paths for fault in visit.faults(path)]
    faults += [fault for case in steps for fault in visit.faults(f"/staff/disclosures/{case}")]
    visit.page.goto(f"/staff/disclosures/{draft}")
    for found in ("It is authentic", "It is effective", "What was entered is no wider"):
        visit.page.get_by_text(found).click()
    visit.page.get_by_label("Reasons").fill("Asked back at the court.")
    visit.page.get_by_role("button", name="It is valid").click()
    visit.page.get_by_role("button", name="Tell them now").wait_for()
    visit.close()

    visit = Visit(chromium, address).sign_in_as(desk.shop.owner)
    faults += visit.faults("/disclosures")
    visit.close()

    assert faults == []
