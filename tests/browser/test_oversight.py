"""The auditor's and the operator's pages in a real browser; the tampered copy is the command's."""

import datetime as dt
import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command

from accounts.models.user import StaffRole
from privacy import audit
from privacy.sealing import proofs, signing
from smsplatform import announcements
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from smsplatform.lib.tenancy.staff import Level
from tests.browser.visit import Visit
from tests.factories import pages, staff
from tests.factories.sealed import close_the_day, empty_log

LEVELS = ("METADATA", "METADATA", "IDENTIFIERS", "CONTENT")
REASONS = ("customer_support", "carrier_complaint", "billing_dispute")


@pytest.fixture(scope="module")
def auditor() -> Any:
    return staff.member(StaffRole.AUDITOR)


@pytest.fixture(scope="module")
def fresh_log() -> None:
    empty_log()


@pytest.fixture(scope="module")
def looked(fresh_log: None) -> list[UUID]:
    """A month of looks by two people, sealed, with the day closed; one of them stands out."""
    at, made = clock.now(), []
    people, grant = [staff.member() for _ in range(2)], str(uuid4())
    for number in range(40):
        workspace = uuid4()
        details = {
            "grant": grant, "ticket": f"DESK-{number}", "level": LEVELS[number % 4], "category": REASONS[number % 3],
        }  # fmt: skip
        with scope.workspace(workspace):
            made.append(
                audit.record(
                    action="staff:data:viewed", workspace=workspace, actor=people[number % 3 // 2].pk,
                    at=at - dt.timedelta(hours=number * 5), details=details,
                )
            )  # fmt: skip
    staff.grant(pages.shop().workspace.id, people[0], break_glass=True)
    close_the_day()
    announcements.create(draft=_notice(at), by=people[0].pk, at=at)
    return made


def _notice(at: dt.datetime) -> announcements.Draft:
    return announcements.Draft(
        tone="warn", title="Slow receipts", text="Carrier A answers late. Messages arrive; their receipts wait.",
        title_de="", text_de="", starts_at=at, ends_at=at + dt.timedelta(hours=2),
    )  # fmt: skip


@pytest.mark.promise("fleet-28", "transit-100")
def test_an_auditor_verifies_the_day_and_a_tampered_copy_fails(
    chromium: Any, address: str, auditor: Any, looked: list[UUID], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    visit = Visit(chromium, address).sign_in_verified(auditor)

    visit.page.goto("/staff/audit")
    visit.page.get_by_role("link", name="Verify").click()
    visit.page.get_by_role("row").nth(1).get_by_role("button").click()
    visit.page.wait_for_load_state()
    assert "Nothing was edited, removed, inserted or put into another order." in visit.page.inner_text("main")
    visit.page.goto(f"/staff/audit/{ids.encode('evt', looked[0])}")
    with visit.page.expect_download() as download:
        visit.page.get_by_role("link", name="Download the proof").click()
    proof = json.loads(Path(download.value.path()).read_text())
    visit.close()
    assert proofs.check(proof, signing.verifier()) == ""

    copy = tmp_path / "log.jsonl"
    call_command("audit", "copy", str(copy))
    copy.write_text(copy.read_text().replace("carrier_complaint", "customer_support", 1))
    with pytest.raises(CommandError, match="does not hold"):
        call_command("audit", "verify", str(copy))
    assert "edited: row" in capsys.readouterr().out


@pytest.mark.promise("fleet-28", "fleet-29", "transit-100")
def test_a_look_from_its_reason_to_the_signed_day(
    chromium: Any, address: str, auditor: Any, looked: list[UUID], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Support opens a message with a reason; the customer sees that look and takes its proof; the auditor verifies the
    day; a copy in which the look was made milder fails.
    """
    shop, user, text = pages.shop(), staff.member(), "Your parcel is at the door."
    message = pages.message(shop, text=text)
    here = f"/staff/workspaces/{ids.encode(ids.WORKSPACE, shop.workspace.id)}"
    support = Visit(chromium, address).sign_in_verified(user)
    support.page.goto(f"{here}/access")
    support.page.get_by_label("Reason", exact=True).fill("Customer says that a text never arrived")
    support.page.get_by_label("Ticket").fill("DESK-4712")
    support.page.get_by_label("Code from your authenticator").fill(staff.device(user).code(clock.now()))
    support.page.get_by_role("button", name="Open access").click()
    support.page.wait_for_load_state()
    staff.grant(shop.workspace.id, user, Level.CONTENT, ticket="DESK-4712")
    support.page.goto(f"{here}/messages/{message}")
    support.page.get_by_text(text).wait_for()
    support.close()
    close_the_day()

    customer = Visit(chromium, address).sign_in_as(shop.owner)
    customer.page.goto("/staff-access")
    customer.page.get_by_text("Text of a message").first.wait_for()
    customer.page.get_by_role("link", name="Proof: Customer support, DESK-4712").first.click()
    customer.page.get_by_text("Nobody can change it any more").wait_for()
    with customer.page.expect_download() as download:
        customer.page.get_by_role("link", name="Download the proof").click()
    proof = json.loads(Path(download.value.path()).read_text())
    assert user.email not in customer.page.content()
    customer.close()
    assert proofs.check(proof, signing.verifier()) == ""

    visit = Visit(chromium, address).sign_in_verified(auditor)
    visit.page.goto("/staff/audit/verify")
    visit.page.get_by_role("row").nth(1).get_by_role("button").click()
    visit.page.get_by_text("Nothing was edited, removed, inserted or put into another order.").wait_for()
    visit.close()

    copy, sealed = tmp_path / "log.jsonl", json.loads(proof["row"])["details"]
    call_command("audit", "copy", str(copy))
    words = copy.read_text()
    assert sealed["grant"] in words
    copy.write_text(words.replace("CONTENT", "METADATA"))
    with pytest.raises(CommandError, match="does not hold"):
        call_command("audit", "verify", str(copy))
    assert "edited: row" in capsys.readouterr().out


def test_the_pages_are_accessible_and_fit(chromium: Any, address: str, looked: list[UUID]) -> None:
    admin = staff.member(StaffRole.ADMIN)
    visit = Visit(chromium, address).sign_in_verified(admin)
    carrier = pages._carrier()  # the one of the tests
    paths = [
        "/staff/audit", "/staff/audit?level=CONTENT", f"/staff/audit/{ids.encode('evt', looked[0])}",
        "/staff/audit/verify", "/staff/reviews", "/staff/carriers",
        f"/staff/carriers/{ids.encode(ids.CARRIER, carrier)}/off", "/staff/queues", "/staff/dead-letters",
        "/staff/notices", "/status",
    ]  # fmt: skip

    faults = [fault for path in paths for fault in visit.faults(path)]

    visit.close()
    assert faults == []
