"""The boards of promises: what everybody reads, and what staff do."""

import datetime as dt
import re
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client, override_settings

from accounts.models import User
from accounts.models.user import StaffRole
from privacy.models import PromiseAttestation
from privacy.promises import Status, evaluating, published, reporting
from smsplatform.lib import clock
from tests.factories import pages
from tests.factories.accounts import make_user


@pytest.fixture(scope="module", autouse=True)
def _looked() -> None:
    evaluating.run_all(at=clock.now())


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


def staff(role: str = StaffRole.ADMIN) -> Client:
    """Somebody of the operator's staff who passed the second step."""
    user = make_user()[0]
    User.objects.filter(pk=user.pk).update(staff_role=role)
    user.refresh_from_db()
    return pages.verified(user)


def states(html: str) -> list[str]:
    """The ids of the rows that the page shows."""
    return re.findall(r'<tr id="([a-z]+-\d+)">', html)


def test_anybody_reads_each_sentence_with_its_state() -> None:
    html = Client().get("/privacy/promises").content.decode()

    assert states(html) == [promise.id for promise in published()]
    assert "The text of a message is kept for 24 hours at most, by default." in html


def test_the_page_shows_one_state_when_asked_and_everything_for_what_is_none() -> None:
    proven = Client().get("/privacy/promises", {"status": "proven"}).content.decode()
    nonsense = Client().get("/privacy/promises", {"status": "perfect'"})

    assert 0 < len(states(proven)) < len(published())
    assert len(states(nonsense.content.decode())) == len(published())


def test_the_public_page_shows_no_counts_and_no_evidence() -> None:
    html = Client().get("/privacy/promises").content.decode()

    assert "people=" not in html
    assert "LookupError" not in html


def test_what_a_profile_does_not_claim_is_said() -> None:
    html = Client().get("/privacy/promises").content.decode()

    assert "The keys are kept in a vault of hardware." in html.split("What we do not claim")[1]
    with override_settings(POLICY_PROFILE="transit"):
        assert "transit-96" in states(Client().get("/privacy/promises").content.decode())


def test_the_signed_report_is_served_with_its_key() -> None:
    seal = reporting.report(at=clock.now())

    served = Client().get("/privacy/promises.json").json()
    keys = Client().get("/.well-known/promises.json").json()["keys"]

    assert served["report"]["number"] == seal.number
    assert served["key"] in {key["kid"] for key in keys}
    assert all("d" not in key for key in keys)


def test_the_privacy_page_leads_to_the_board() -> None:
    assert 'href="/privacy/promises"' in Client().get("/privacy").content.decode()


@pytest.mark.parametrize("path", ["/staff/promises", "/staff/promises/otp-46"])
def test_customers_find_no_staff_board(path: str) -> None:
    assert pages.client(pages.shop().owner).get(path).status_code == 404


def test_staff_see_why_and_what_was_counted() -> None:
    browser = staff(StaffRole.SUPPORT)

    board = browser.get("/staff/promises", {"profile": "all", "status": "gap"}).content.decode()
    page = browser.get("/staff/promises/otp-32").content.decode()

    assert "Payments by card are not built" in board
    assert "accounts.password_hashes" in page
    assert "cost=12" in page


def test_an_unknown_promise_is_not_there() -> None:
    assert staff().get("/staff/promises/otp-99").status_code == 404


def vouch(browser: Client, promise: str, **changes: str) -> Any:
    day = (clock.now() + dt.timedelta(days=90)).date().isoformat()
    form = {"evidence": "drill of the third quarter", "document": "sha256:abc", "expires_on": day}
    return browser.post(f"/staff/promises/{promise}/attest", form | changes)


def test_an_admin_vouches_for_what_no_machine_can_see() -> None:
    response = vouch(staff(), "otp-46")

    assert response.status_code == 302
    with override_settings(POLICY_PROFILE="otp"):
        found = {each.promise.id: each.status for each in evaluating.standings(at=clock.now())}
    assert found["otp-46"] == Status.ATTESTED


@pytest.mark.parametrize(
    "changes", [{"expires_on": "2020-01-01"}, {"expires_on": "2999-01-01"}, {"evidence": ""}, {"document": "x" * 301}]
)
def test_a_bad_attestation_is_explained_and_what_was_typed_stays(changes: dict[str, str]) -> None:
    before = PromiseAttestation.objects.count()

    response = vouch(staff(), "otp-46", **changes)

    assert response.status_code == 422
    assert "drill of the third quarter" in response.content.decode() or "evidence" in changes
    assert PromiseAttestation.objects.count() == before


def test_nobody_vouches_for_what_a_machine_can_see_and_no_other_role_vouches() -> None:
    assert vouch(staff(), "otp-32").status_code == 404
    assert vouch(staff(StaffRole.AUDITOR), "otp-46").status_code == 403


def test_an_admin_has_a_promise_looked_at_now() -> None:
    before = len(evaluating.history("accounts.staff_factors"))

    response = staff().post("/staff/promises/team-38/look")

    assert response.status_code == 302
    assert len(evaluating.history("accounts.staff_factors")) == min(before + 1, 20)


def test_the_command_prints_the_register_of_a_profile(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("privacy", "check", "--profile", "transit", "--stored")

    printed = capsys.readouterr().out
    assert "PROVEN" in printed
    assert "GAP" in printed
    assert "Profile transit: 133 promises" in printed
    assert "\x1b" not in printed


def test_a_profile_that_is_not_in_force_is_looked_at_as_if_it_were_and_nothing_is_kept(
    capsys: pytest.CaptureFixture[str], settings: Any
) -> None:
    settings.DEMO = False
    before = len(evaluating.history("privacy.vault_hardware", limit=1000))

    call_command("privacy", "check", "--profile", "transit")

    failing = capsys.readouterr().out.split("FAILING")[1]
    assert "transit-96" in failing
    assert len(evaluating.history("privacy.vault_hardware", limit=1000)) == before


def test_the_command_fails_as_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("privacy", "check", "--profile", "transit", "--stored", "--fail-on", "gap", "--json")

    assert refused.value.returncode == 1
    assert '"profile": "transit"' in capsys.readouterr().out


def test_an_attestation_is_recorded_from_the_command_line_for_what_wants_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("privacy", "attest", "team-39", "the report of a test", "sha256:abc")

    assert "team-39 is attested until" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("privacy", "attest", "team-38", "x", "y")
