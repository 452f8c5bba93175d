"""A new user on a fresh quick start, in a real browser: from signing up to a delivered text and everything around it.

Nothing is read on the way but the pages themselves; mails come from the outbox of the demo.
"""

import base64
import json
import os
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django_otp.oath import totp
from standardwebhooks.webhooks import Webhook

from tests.browser import visit
from tests.quickstart.run import Run

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
PASSWORD = "a horse, a battery, a staple"
EMAIL = "ada@example.org"
COLLEAGUE = "bo@example.org"
PORT = 19900 + os.getpid() % 90

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    visit.needs_chromium,
]


class Receiver:
    """The new user's own server: takes events and remembers them as they came."""

    def __init__(self) -> None:
        self.events: list[tuple[dict[str, str], bytes]] = []
        kept = self.events

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kept.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Quietly."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_port}/events"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, count: int, *, seconds: float = 30) -> list[tuple[dict[str, str], bytes]]:
        deadline = time.monotonic() + seconds
        while len(self.events) < count and time.monotonic() < deadline:
            time.sleep(0.1)
        return self.events


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    made = Run(tmp_path_factory.mktemp("new-user"), port=PORT)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def page(run: Run) -> Iterator[Any]:
    address = json.loads((run.directory / "demo.json").read_text())["url"]
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=visit.CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 900}, locale="en-GB")
        context.set_default_timeout(20_000)
        yield context.new_page()
        browser.close()


def link_in_mail(page: Any, subject: str) -> str:
    """The button of the newest mail with this subject; in the outbox, as a person opens it."""
    page.goto("/outbox")
    wanted = page.get_by_role("link", name=subject).first
    for _ in range(20):
        if wanted.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    wanted.click()
    text = page.locator("pre").first.inner_text()
    found = re.search(r"https?://\S+", text)
    assert found, text
    return found[0]


def test_a_new_user_comes_from_nothing_to_a_delivered_text_and_an_export(page: Any, tmp_path: Path) -> None:
    receiver = Receiver()
    sign_up(page)
    protect(page)
    key = make_key(page)
    signing = listen(page, receiver)
    send(page)
    first, again = replay(page, receiver)
    invite(page)
    rows = export(page, tmp_path)

    assert key.startswith("sk_test_")
    assert Webhook(signing).verify(again[1], again[0])["type"] == "message.delivered"
    assert first[0]["webhook-id"] == again[0]["webhook-id"]
    assert rows[0].startswith("id,")
    assert "+15005550001" in rows[1]


def sign_up(page: Any) -> None:
    page.goto("/sign-up")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Workspace").fill("Ada's shop")
    page.get_by_label("years old").check()
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url("**/sign-up/sent")
    page.goto(link_in_mail(page, "Confirm your e-mail address"))
    page.get_by_role("button", name="Confirm address").click()
    if "/sign-in" in page.url:
        page.get_by_label("E-mail").fill(EMAIL)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator(".side").wait_for()


def make_key(page: Any) -> str:
    page.goto("/api-keys")
    page.get_by_role("link", name="Create key").first.click()
    confirm(page)
    page.get_by_label("Name").fill("Shop")
    page.get_by_label("Test", exact=True).check()
    page.get_by_role("button", name="Create key").click()
    found: str = page.get_by_text(re.compile("sk_test_")).first.inner_text()
    return found.strip()


def send(page: Any) -> None:
    page.goto("/send")
    page.get_by_label("To", exact=True).fill("+15005550001")
    page.get_by_role("textbox", name="Message").fill("Your parcel arrives today.")
    page.locator("form#send").get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("heading", name="Timeline").wait_for()
    page.locator(".head .badge", has_text="Delivered").wait_for()


def invite(page: Any) -> None:
    page.goto("/team")
    page.get_by_label("E-mail").fill(COLLEAGUE)
    page.get_by_role("button", name="Send invitation").click()
    page.get_by_text("The invitation was sent").wait_for()
    assert "/invitations/" in link_in_mail(page, "invites you")


def export(page: Any, directory: Path) -> list[str]:
    page.goto("/messages")
    page.get_by_text("Export", exact=False).first.click()
    page.get_by_role("button", name="CSV").click()
    page.wait_for_url("**/exports**")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").first.click()
    download.value.save_as(directory / "messages.csv")
    return (directory / "messages.csv").read_text("utf-8-sig").splitlines()


def confirm(page: Any) -> None:
    """Say again who one is, when asked."""
    if page.url.split("?")[0].endswith("/account/confirm"):
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()


def listen(page: Any, receiver: Receiver) -> str:
    page.goto("/webhooks")
    page.get_by_role("link", name="Add endpoint").first.click()
    confirm(page)
    page.locator("[name=url]").fill(receiver.url)
    page.get_by_role("button", name="Add endpoint").click()
    found: str = page.get_by_text(re.compile("^whsec_")).first.inner_text()
    return found.strip()


def replay(page: Any, receiver: Receiver) -> list[tuple[dict[str, str], bytes]]:
    assert len(receiver.wait(1)) == 1
    page.goto("/webhooks")
    page.get_by_role("link", name=re.compile("localhost")).first.click()
    page.locator("a.row-link").first.click()
    page.get_by_role("button", name="Send again").first.click()
    return receiver.wait(2)


def protect(page: Any) -> None:
    """An authenticator app and recovery codes."""
    page.goto("/account/security")
    page.get_by_role("link", name="Set up an authenticator app").click()
    confirm(page)
    secret = page.locator(".code-box code").first.inner_text().replace(" ", "")
    code = totp(base64.b32decode(secret + "=" * (-len(secret) % 8)))
    page.get_by_label("Code").fill(f"{code:06}")
    page.get_by_role("button", name="Continue").click()
    page.goto("/account/security")
    page.get_by_role("link", name="Create recovery codes").click()
    confirm(page)
    page.get_by_role("button", name="Create recovery codes").click()
    page.get_by_text("This is the only time they are shown").wait_for()
