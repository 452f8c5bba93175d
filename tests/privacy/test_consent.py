"""Cookies and consent: what is declared, what is decided, what leaves the browser at once, and what is counted."""

import ipaddress
import secrets
from typing import Any
from uuid import UUID, uuid4

import pytest
from cookie_consent.models import Cookie as MirroredCookie
from cookie_consent.models import CookieGroup
from django.conf import settings
from django.db import IntegrityError, connections
from django.test import Client, override_settings

from privacy.consent import cookies, groups, visits
from privacy.models import ConsentRecord, Visit
from smsplatform.lib import clock
from tests.factories import pages

PAGE = "/privacy/cookies"
TAG = "https://www.googletagmanager.com/gtag/js?id=G-TEST"
with_consent_cookie = override_settings(POLICY_PROFILE="fleet")
with_third_party = override_settings(POLICY_PROFILE="team", ANALYTICS_TAG=TAG)


@pytest.fixture
def browser() -> Client:
    return Client()


def somewhere() -> str:
    """An address in a network that no other test comes from."""
    return f"2001:db8:{secrets.randbelow(0xFFFF) + 1:x}:1:2:3:4:5"


def counted(address: str) -> list[tuple[str, UUID | None]]:
    """What was counted from this network: page and id."""
    visits.log.flush()
    kept = Visit.objects.using("system").filter(network=visits.truncated(address)).order_by("id")
    return list(kept.values_list("page", "visit_id"))


def decide(browser: Client, decision: str, *group: str, **headers: str) -> Any:
    body = {"decision": decision, "group": list(group), "method": "panel"}
    return browser.post(PAGE, body, headers={"Referer": "http://testserver/prices", **headers})


def record_of(browser: Client) -> ConsentRecord:
    value = browser.cookies["consent"].value
    consent = next(part.removeprefix("id=") for part in value.split("|") if part.startswith("id="))
    return ConsentRecord.objects.filter(consent_id=UUID(hex=consent)).order_by("-id")[0]


@pytest.mark.promise("fleet-48", "otp-36", "team-43", "team-44", "transit-107", "transit-108")
def test_the_strict_policy_declares_essential_cookies_and_the_theme_only() -> None:
    declared = {cookie.name: cookie.group for cookie in cookies.in_use()}

    assert declared == {
        settings.SESSION_COOKIE_NAME: "essential",
        settings.CSRF_COOKIE_NAME: "essential",
        settings.LANGUAGE_COOKIE_NAME: "essential",
        "consent": "essential",
        "theme": "functional",
    }
    assert not cookies.asks()


@pytest.mark.promise("transit-109", "team-48", "team-47")
def test_a_third_party_is_declared_only_where_a_policy_and_the_operator_name_one() -> None:
    def names() -> set[str]:
        return {cookie.name for cookie in cookies.in_use() if cookie.group == "analytics"}

    with override_settings(POLICY_PROFILE="transit", ANALYTICS_TAG=TAG):
        assert names() == set()
    with override_settings(POLICY_PROFILE="team"):
        assert names() == {"visit"}
    with with_third_party:
        assert names() == {"visit", "_ga", "_ga_*"}


def test_the_library_holds_the_declaration_and_writing_it_again_asks_nobody_anew() -> None:
    before = {row.name: row.created for row in MirroredCookie.objects.all()}

    groups.synchronise(using="owner")

    assert {row.name: row.created for row in MirroredCookie.objects.all()} == before
    assert set(before) == {cookie.name for cookie in cookies.declared()}
    assert set(CookieGroup.objects.filter(is_required=True).values_list("varname", flat=True)) == {"essential"}


@pytest.mark.promise("otp-38")
def test_a_first_visit_sets_no_cookie_and_every_page_can_be_read(browser: Client) -> None:
    for path in ("/welcome", "/prices", "/status", "/privacy", "/privacy/policy", PAGE, "/docs"):
        assert browser.get(path).status_code == 200, path

    assert browser.cookies == {}


@pytest.mark.promise("fleet-51")
@pytest.mark.parametrize("path", ["/welcome", "/docs", "/sign-in", "/nowhere", "/privacy"])
def test_every_public_page_offers_the_panel_with_equal_buttons(browser: Client, path: str) -> None:
    shown = browser.get(path).content.decode()

    assert 'popovertarget="consent"' in shown
    assert '<button type="submit" class="button" name="decision" value="decline">' in shown
    assert '<button type="submit" class="button" name="decision" value="accept">' in shown
    assert "checked" not in shown.split('id="consent"')[1].split("</section>")[0]


def test_the_dashboard_and_the_staff_console_offer_the_panel() -> None:
    shop = pages.shop()
    staff, _ = pages.person(staff_role="admin")

    assert 'id="consent"' in pages.client(shop.owner).get("/messages").content.decode()
    assert 'id="consent"' in pages.verified(staff).get("/privacy").content.decode()


def test_only_policies_with_something_to_ask_ask(browser: Client) -> None:
    question = "May we count your visit?"

    assert question not in browser.get("/welcome").content.decode()
    with with_consent_cookie:
        assert question in browser.get("/welcome").content.decode()
        assert question not in browser.get("/welcome", headers={"Sec-GPC": "1"}).content.decode()
        decide(browser, "decline")
        assert question not in browser.get("/welcome").content.decode()


@pytest.mark.promise("otp-37", "fleet-49", "fleet-50", "team-45")
def test_analytics_cookies_come_after_agreement_only_and_on_public_pages_only(browser: Client) -> None:
    with with_consent_cookie:
        browser.get("/welcome")
        assert "visit" not in browser.cookies
        decide(browser, "accept")
        browser.get("/v1/balance")
        browser.get("/messages")
        assert "visit" not in browser.cookies
        browser.get("/welcome")

    assert browser.cookies["visit"].value


@pytest.mark.promise("fleet-46", "otp-38", "team-46")
def test_withdrawing_removes_the_cookie_in_the_same_response(browser: Client) -> None:
    with with_consent_cookie:
        decide(browser, "accept")
        browser.get("/welcome")
        answer = decide(browser, "save", "functional")

    assert answer.cookies["visit"]["max-age"] == 0
    assert record_of(browser).decision == "withdrawn"


def test_cookies_that_match_a_pattern_are_withdrawn_too(browser: Client) -> None:
    browser.cookies["_ga"] = browser.cookies["_ga_ABC123"] = "GA1.1.1.1"
    browser.cookies["theirs"] = "1"

    answer = browser.get("/welcome")

    assert {name for name, morsel in answer.cookies.items() if morsel["max-age"] == 0} == {"_ga", "_ga_ABC123"}


def test_declining_preferences_takes_the_theme_and_sets_it_no_more(browser: Client) -> None:
    browser.post("/theme", {"theme": "dark"})
    assert browser.cookies["theme"].value == "dark"

    answer = decide(browser, "decline")

    assert answer.cookies["theme"]["max-age"] == 0
    assert browser.post("/theme", {"theme": "dark"}).cookies["theme"].value == ""


@pytest.mark.promise("transit-75")
@pytest.mark.parametrize(("signal", "declines"), [("1", True), ("0", False), ("true", False), ("11", False)])
def test_the_browsers_signal_declines_statistics_whatever_is_ticked(
    browser: Client, signal: str, declines: bool
) -> None:
    with with_consent_cookie:
        decide(browser, "accept", **{"Sec-GPC": signal})
        shown = browser.get(PAGE, headers={"Sec-GPC": signal}).content.decode()

    record = record_of(browser)
    assert (record.gpc, record.groups["analytics"]) == (declines, not declines)
    assert ("Your browser sends Global Privacy Control: declined." in shown) is declines
    assert ("visit" in browser.cookies) is not declines


def test_the_signal_withdraws_what_was_agreed_to_before(browser: Client) -> None:
    with with_consent_cookie:
        decide(browser, "accept")
        browser.get("/welcome")
        answer = browser.get("/welcome", headers={"Sec-GPC": "1"})

    assert answer.cookies["visit"]["max-age"] == 0


def test_the_site_says_that_it_honours_the_signal(browser: Client) -> None:
    answer = browser.get("/.well-known/gpc.json")

    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["gpc"] is True


@pytest.mark.promise("fleet-52")
def test_a_decision_holds_on_every_path_and_is_secure_where_the_site_is(browser: Client) -> None:
    morsel = decide(browser, "accept").cookies["consent"]

    assert (morsel["path"], morsel["httponly"], morsel["samesite"]) == ("/", True, "Lax")
    assert bool(morsel["secure"]) is settings.SECURE


def test_each_decision_is_a_record_and_the_receipt_tells_all_of_them(browser: Client) -> None:
    decide(browser, "accept")
    decide(browser, "save", "analytics")
    decide(browser, "decline")

    receipt = browser.get(f"{PAGE}/receipt.json").json()

    assert [event["event_type"] for event in receipt["events"]] == ["accepted", "withdrawn", "withdrawn"]
    assert receipt["events"][0]["text_version"] == cookies.TEXT_VERSION
    assert receipt["header"]["record_id"] == str(record_of(browser).consent_id)
    assert "Withdrawn" in browser.get(PAGE).content.decode()


def test_without_a_decision_there_is_no_receipt(browser: Client) -> None:
    assert browser.get(f"{PAGE}/receipt.json").status_code == 404
    browser.cookies["consent"] = f"functional=-1|analytics=-1|id={uuid4().hex}"
    assert browser.get(f"{PAGE}/receipt.json").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"decision": "accept"},
        {"decision": "maybe", "method": "panel"},
        {"decision": "accept", "method": "<script>"},
        {"decision": "\x00", "method": "panel"},
    ],
)
def test_a_form_that_is_not_ours_decides_nothing(browser: Client, body: dict[str, str]) -> None:
    answer = browser.post(PAGE, body)

    assert answer.status_code == 422
    assert "That was no decision" in answer.content.decode()
    assert "consent" not in answer.cookies


def test_another_site_cannot_decide_for_somebody(browser: Client) -> None:
    assert decide(browser, "accept", **{"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_unknown_groups_are_no_decision(browser: Client) -> None:
    decide(browser, "save", "advertising", "functional")

    assert record_of(browser).groups == {"functional": True, "analytics": False}


@pytest.mark.parametrize(
    "value", ["", "|||", "functional=", "analytics=2020|id=zzz", "=|=", "a" * 4000, "analytics=-1"]
)
def test_a_broken_consent_cookie_agrees_to_nothing(browser: Client, value: str) -> None:
    browser.cookies["consent"] = value

    with with_consent_cookie:
        answer = browser.get("/welcome")

    assert answer.status_code == 200
    assert "visit" not in answer.cookies


def test_a_referer_elsewhere_is_not_followed(browser: Client) -> None:
    answer = decide(browser, "accept", Referer="https://evil.example//evil.example/")

    assert answer.headers["Location"] in {"/", "//evil.example/"[1:]}


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        ("", None),
        ("unknown", None),
    ],
)
def test_addresses_are_cut(address: str, network: str | None) -> None:
    assert visits.truncated(address) == network


@pytest.mark.promise("transit-110")
def test_views_are_counted_without_cookie_id_or_whole_address(browser: Client) -> None:
    address = somewhere()
    browser.get("/prices", REMOTE_ADDR=address)
    browser.get("/prices", REMOTE_ADDR=address, headers={"Sec-GPC": "1"})
    browser.get("/nowhere", REMOTE_ADDR=address)
    browser.get("/privacy/cookies/receipt.json", REMOTE_ADDR=address)

    assert counted(address) == [("prices", None)]


def test_with_agreement_views_of_one_browser_share_an_id(browser: Client) -> None:
    address = somewhere()
    with with_consent_cookie:
        browser.get("/prices", REMOTE_ADDR=address)
        decide(browser, "accept")
        browser.get("/prices", REMOTE_ADDR=address)
        browser.get("/welcome", REMOTE_ADDR=address)

    first, second = counted(address)
    assert (first[0], second[0]) == ("prices", "welcome")
    assert first[1] == second[1] == UUID(hex=browser.cookies["visit"].value)


def test_who_declined_is_not_counted(browser: Client) -> None:
    address = somewhere()
    decide(browser, "decline")

    browser.get("/prices", REMOTE_ADDR=address)

    assert counted(address) == []


def test_views_are_written_together_and_the_table_refuses_a_whole_address() -> None:
    log = visits.Log()
    page = f"test_{uuid4().hex[:8]}"
    for last in range(3):
        log.note(page=page, address=f"2001:db8:1:2::{last}", visit=None, at=clock.now())

    log.stop()

    assert Visit.objects.using("system").filter(page=page).count() == 3
    with pytest.raises(IntegrityError, match="visit_network_truncated"):
        Visit.objects.create(at=clock.now(), page=page, network="203.0.113.7")
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT DISTINCT host(network) FROM privacy_visit WHERE page = %s", [page])
        assert ipaddress.ip_address(cursor.fetchone()[0]).packed[6:] == bytes(10)


@pytest.mark.promise("team-47", "transit-55")
def test_a_third_party_is_let_in_after_agreement_and_by_no_other_policy(browser: Client) -> None:
    host = "https://www.googletagmanager.com"
    with with_third_party:
        assert host not in policy_and_page(browser)
        decide(browser, "accept")
        assert policy_and_page(browser).count(host) >= 2
        assert host not in policy_and_page(browser, "/sign-in-nowhere")
        decide(browser, "decline")
        assert host not in policy_and_page(browser)
        decide(browser, "accept")
    with override_settings(POLICY_PROFILE="transit", ANALYTICS_TAG=TAG):
        assert host not in policy_and_page(browser)


def policy_and_page(browser: Client, path: str = "/welcome") -> str:
    answer = browser.get(path)
    return str(answer.headers["Content-Security-Policy"]) + answer.content.decode()
