"""The pages in a real browser: accessible, within the screen, and without anything the policy forbids."""

import shutil
import threading
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connections

from tests.factories import pages

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (1440, 390)
SCHEMES = ("light", "dark")

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no /usr/bin/chromium: apt install chromium"),
    pytest.mark.browser,
]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Quietly."""


def _closing(application: Any) -> Any:
    """Every request has a thread of its own, which takes its database connections with it."""

    def call(environ: Any, start: Any) -> Any:
        body = b"".join(application(environ, start))
        connections.close_all()
        return [body]

    return call


@pytest.fixture(scope="module", autouse=True)
def _database_beside_the_browser() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; the tests use the database between its calls, never within."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, _closing(get_wsgi_application()), server_class=_Server, handler_class=_Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def chromium(address: str) -> Iterator[Any]:
    """Closed before the server it talks to."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shop() -> pages.Shop:
    made = pages.shop()
    pages.messages(made, count=30)
    return made


class Visit:
    """A browser window that remembers what its console said."""

    def __init__(
        self, chromium: Any, address: str, *, width: int = 1440, scheme: str = "light", **options: Any
    ) -> None:
        self.context = chromium.new_context(
            base_url=address, viewport={"width": width, "height": 900}, color_scheme=scheme, **options
        )
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text) if message.type != "log" else None)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    def sign_in_as(self, user: Any) -> "Visit":
        cookie = pages.client(user).cookies[settings.SESSION_COOKIE_NAME].value
        self.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": self.page_url()}])
        return self

    def page_url(self) -> str:
        self.page.goto("/sign-in")
        url: str = self.page.url
        return url

    def violations(self) -> list[str]:
        found = axe.Axe().run(self.page, options={"runOnly": RULES}).response["violations"]
        return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]

    def overflow(self) -> int:
        wider: int = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return wider

    def close(self) -> None:
        self.context.close()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_is_accessible_and_fits(
    chromium: Any, address: str, shop: pages.Shop, width: int, scheme: str
) -> None:
    message = pages.message(shop, reference="order 77")
    visit = Visit(chromium, address, width=width, scheme=scheme)
    paths = ["/sign-in"]
    faults = [fault for path in paths for fault in _faults(visit, path)]
    visit.sign_in_as(shop.owner)

    for path in ("/messages", "/messages?status=delivered", f"/messages/{message}", "/send", "/handsets", "/nowhere"):
        faults += _faults(visit, path)

    visit.close()
    assert faults == []


def _faults(visit: Visit, path: str) -> list[str]:
    visit.said.clear()
    visit.page.goto(path)
    found = [f"{path}: {violation}" for violation in visit.violations()]
    found += [f"{path}: overflow by {visit.overflow()}"] if visit.overflow() > 0 else []
    return found + [f"{path}: {said}" for said in visit.said if "404 (Not Found)" not in said]


def test_signing_in_and_sending_by_keyboard_alone(chromium: Any, address: str) -> None:
    shop = pages.shop()
    visit = Visit(chromium, address)
    page = visit.page
    page.goto("/sign-in")
    page.keyboard.type(shop.email)
    page.keyboard.press("Tab")
    page.keyboard.type(pages.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/messages")

    page.goto("/send")
    page.get_by_label("To", exact=True).focus()
    page.keyboard.type(pages.TO)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("Grüße 😀")
    page.get_by_text("UCS-2").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    page.get_by_role("heading", name="Timeline").wait_for()
    assert "Grüße 😀" in page.content()
    assert visit.said == []
    visit.close()


def test_a_new_message_appears_in_an_open_list(chromium: Any, address: str) -> None:
    shop = pages.shop()
    visit = Visit(chromium, address).sign_in_as(shop.owner)
    visit.page.goto("/messages")
    assert visit.page.get_by_text("No test messages yet").is_visible()

    first = pages.message(shop)
    visit.page.locator(f"#{first}").wait_for(timeout=8000)
    second = pages.message(shop)
    visit.page.locator(f"#{second}").wait_for(timeout=8000)

    assert visit.said == []
    visit.close()


def test_slash_goes_to_the_search_and_finds_a_number_without_naming_it_in_the_address(
    chromium: Any, address: str, shop: pages.Shop
) -> None:
    visit = Visit(chromium, address).sign_in_as(shop.owner)
    page = visit.page
    page.goto("/messages")

    page.keyboard.press("/")
    page.keyboard.type("+49 151 23456789")
    page.keyboard.press("Enter")

    page.get_by_role("heading", name="Messages to this number").wait_for()
    assert page.url.endswith("/messages/search")
    visit.close()


def test_the_colours_change_at_once_and_stay(chromium: Any, address: str, shop: pages.Shop) -> None:
    visit = Visit(chromium, address).sign_in_as(shop.owner)
    page = visit.page
    page.goto("/messages")

    page.get_by_role("button", name="Dark colours").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.wait_for_function("document.cookie.includes('theme=dark')")
    page.reload()

    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert visit.violations() == []
    visit.close()


def test_everything_works_without_script(chromium: Any, address: str) -> None:
    shop = pages.shop()
    visit = Visit(chromium, address, java_script_enabled=False)
    page = visit.page
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(shop.email)
    page.get_by_label("Password").fill(pages.PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    page.get_by_role("button", name="Dark colours").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.goto("/send")
    page.get_by_label("To", exact=True).fill(pages.TO)
    page.get_by_role("textbox", name="Message").fill("No script at all")
    page.get_by_role("button", name="Preview").click()
    assert page.get_by_text("GSM-7").is_visible()
    page.locator("form#send").get_by_role("button", name="Send").click()
    assert page.get_by_text("No script at all").is_visible()
    page.get_by_role("button", name="Cancel").click()
    assert page.get_by_text("Canceled. The price was returned.").is_visible()
    page.goto("/messages")
    page.get_by_label("Status").select_option("delivered")
    page.get_by_role("button", name="Filter").click()
    assert page.get_by_text("No message fits these filters").is_visible()
    visit.close()


def test_the_menu_of_a_phone_opens_and_leads_on(chromium: Any, address: str, shop: pages.Shop) -> None:
    visit = Visit(chromium, address, width=390).sign_in_as(shop.owner)
    page = visit.page
    page.goto("/messages")
    assert not page.get_by_role("link", name="Handsets").is_visible()

    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Handsets").click()

    page.get_by_role("heading", name="Handsets").wait_for()
    visit.close()
