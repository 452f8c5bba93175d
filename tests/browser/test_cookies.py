"""A crawl of the pages: what is left in the browser is what is declared, and nobody else is ever asked for anything.

One pass per state of consent, each in a browser window of its own over the same pages.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import override_settings

from privacy.consent import cookies
from tests.browser.visit import Visit
from tests.factories import pages

PUBLIC = ("/welcome", "/prices", "/status", "/privacy/policy", "/privacy/cookies", "/docs", "/sign-in", "/sign-up")
HEAVY = ("/docs/api", "/docs/errors", "/privacy", "/password/forgotten", "/nowhere")  # walked once
DASHBOARD = ("/overview", "/messages", "/send", "/webhooks", "/settings")
TAG_HOST = "https://tags.example"
TAG_SCRIPT = 'document.cookie = "_ga=GA1.1; Path=/"; document.cookie = "_ga_TEST=1; Path=/";'
STORAGE = "() => Object.keys(localStorage).concat(Object.keys(sessionStorage))"

SIGNED_IN = {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
FORMS = {settings.CSRF_COOKIE_NAME}  # of sign-in and sign-up
DECIDED = {cookies.CONSENT_COOKIE}


@dataclass(frozen=True, kw_only=True)
class State:
    """What a visitor does before the crawl, and which cookies there are after it, beside those of forms."""

    name: str
    profile: str = "fleet"
    press: str = ""  # a button of the panel
    tick: tuple[str, ...] = ()
    theme: bool = False
    gpc: bool = False
    left: set[str] = field(default_factory=set)


STATES = [
    State(name="nothing said"),
    State(name="all declined", press="Decline all", theme=True, left=DECIDED),
    State(name="preferences only", press="Save choice", tick=("Preferences",), theme=True, left=DECIDED | {"theme"}),
    State(name="all accepted", press="Accept all", theme=True, left=DECIDED | {"theme", "visit"}),
    State(name="accepted, then withdrawn", press="Accept all, Decline all", left=DECIDED),
    State(name="signal of the browser", press="Accept all", gpc=True, left=DECIDED),
    State(name="third party accepted", profile="team", press="Accept all", left=DECIDED | {"visit", "_ga", "_ga_TEST"}),
    State(name="no analytics cookies", profile="strict", press="Accept all", left=DECIDED),
]


class Crawl(Visit):
    """A window that remembers where it asked, and whose third party is one of ours."""

    def __init__(self, chromium: Any, address: str, state: State) -> None:
        headers = {"Sec-GPC": "1"} if state.gpc else {}
        super().__init__(chromium, address, extra_http_headers=headers)
        self.until = "load" if state.profile == "team" else "domcontentloaded"  # by then scripts of ours have run
        self.own, self.asked = urlsplit(address).netloc, set[str]()
        self.context.route(
            f"{TAG_HOST}/**", lambda route: route.fulfill(body=TAG_SCRIPT, content_type="text/javascript")
        )
        self.page.on("request", lambda request: self.asked.add(urlsplit(request.url).netloc))

    @property
    def elsewhere(self) -> set[str]:
        return self.asked - {self.own}

    def prepare(self, state: State) -> None:
        """Choose colours and decide, by the controls a visitor has."""
        self.page.goto("/prices")
        if state.theme:
            self.page.request.post("/theme", form={"theme": "dark"})
        for button in filter(None, state.press.split(", ")):
            self.page.goto("/prices")
            self.page.get_by_role("button", name="Cookies", exact=True).click()
            panel = self.page.locator("#consent")
            for label in state.tick:
                panel.get_by_label(label).check()
            panel.get_by_role("button", name=button, exact=True).click()
            self.page.wait_for_load_state()
            self.page.goto("/welcome")

    def walk(self, paths: tuple[str, ...]) -> set[str]:
        """Every name left by these pages: of cookies, and of keys in the browser's storage."""
        left: set[str] = set()
        for path in paths:
            self.page.goto(path, wait_until=self.until)
            left |= {cookie["name"] for cookie in self.context.cookies()} | set(self.page.evaluate(STORAGE))
        return left


@pytest.fixture(scope="module")
def owner() -> Any:
    return pages.shop().owner


@pytest.fixture
def crawl(chromium: Any, address: str, state: State) -> Iterator[Crawl]:
    tag = f"{TAG_HOST}/tag.js?id=G-TEST" if state.profile == "team" else ""
    with override_settings(POLICY_PROFILE=state.profile, ANALYTICS_TAG=tag):
        made = Crawl(chromium, address, state)
        yield made
        made.close()


@pytest.mark.promise("fleet-48", "fleet-49", "transit-107", "transit-109", "transit-55", "team-45", "team-48", "otp-37")
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_what_is_left_in_a_browser_is_what_is_declared(crawl: Crawl, state: State, owner: Any) -> None:
    crawl.prepare(state)

    public = crawl.walk(PUBLIC + (() if state.press else HEAVY))

    assert public - FORMS == state.left
    assert public <= {name for name in public if (known := cookies.find(name)) and known.used}
    assert crawl.elsewhere == ({urlsplit(TAG_HOST).netloc} if "_ga" in state.left else set())

    crawl.asked.clear()
    crawl.sign_in_as(owner)
    crawl.asked.clear()
    dashboard = crawl.walk(DASHBOARD)

    assert dashboard - SIGNED_IN == state.left
    assert crawl.elsewhere == set()


def test_panel_and_page_are_accessible_and_fit(chromium: Any, address: str, owner: Any) -> None:
    with override_settings(POLICY_PROFILE="fleet"):
        visit = Visit(chromium, address)
        faults = visit.faults("/privacy/cookies") + visit.faults("/welcome")
        visit.page.get_by_role("button", name="Cookies", exact=True).click()
        faults += visit.violations()
        visit.sign_in_as(owner)
        visit.page.goto("/messages")
        visit.page.get_by_role("button", name="Cookies", exact=True).click()
        faults += visit.violations()
        visit.close()

    assert faults == []


def test_without_script_the_panel_opens_decides_and_shows_it(chromium: Any, address: str) -> None:
    visit = Visit(chromium, address, java_script_enabled=False)
    visit.page.goto("/prices")

    visit.page.get_by_role("button", name="Cookies", exact=True).click()
    visit.page.locator("#consent").get_by_role("button", name="Decline all").click()
    visit.page.wait_for_url("**/prices")
    visit.page.get_by_role("button", name="Cookies", exact=True).click()

    assert visit.page.locator("#consent").get_by_text("You declined this.").count() == 2
    visit.close()
