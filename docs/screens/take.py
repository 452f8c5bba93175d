"""Pictures of every page: ``.venv/bin/python docs/screens/take.py`` while the quick start runs.

Sends some texts with the demo's test key first, so that lists and charts have something to show, then visits
each page as a stranger, the demo's owner, its admin and its auditor: at desktop width in light colours and at phone
width in dark ones.
"""

import base64
import json
import os
import shutil
import sys
import urllib.request
from pathlib import Path
from typing import Any

from django_otp.oath import totp
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
DEMO = Path(os.environ.get("RUN_DIR", ROOT / ".run")) / "demo.json"
LOOKS = (("desktop", 1440, 1000, "light"), ("phone", 390, 844, "dark"))
PUBLIC = (
    *("/welcome", "/prices", "/status", "/sign-in", "/sign-up", "/docs", "/docs/api", "/docs/errors"),
    *("/privacy", "/privacy/policy", "/privacy/terms", "/privacy/processing", "/privacy/promises"),
    *("/privacy/requests", "/privacy/recipients", "/privacy/cookies", "/security-notices"),
)
START = {"stranger": "/welcome", "owner": "/", "admin": "/staff", "auditor": "/staff"}
OWN = (
    *("/account", "/account/security", "/account/data", "/account/data/copies", "/exports"),
    *("/settings/retention", "/settings/copies", "/settings/close", "/outbox/preview"),
)
MAGIC = ("+15005550001",) * 6 + ("+15005550002", "+15005550003", "+15005550004", "+15005550010", "+15005550014")
HEIGHT_MAX = 2400


def main() -> None:
    """Take them all. Ends with 1 when the quick start does not run."""
    if not DEMO.exists():
        sys.exit("Start it first: python3 manage.py quickstart")
    demo = json.loads(DEMO.read_text())
    for count in range(44):
        _send(
            demo, to=MAGIC[count % len(MAGIC)], body=f"Your parcel {count + 1} arrives today between 14:00 and 16:00."
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium-headless-shell") or shutil.which("chromium"), args=["--no-sandbox"]
        )
        # Once each, as a code of an authenticator is good for one sign-in.
        signed_in = {who: _sign_in(browser, demo, who) for who in ("owner", "admin", "auditor")}
        for look in LOOKS:
            _visit(browser, demo["url"], signed_in, *look)
        browser.close()


def _send(demo: dict[str, Any], **message: str) -> None:
    headers = {"Authorization": f"Bearer {demo['keys']['test']}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{demo['url']}/v1/messages", json.dumps(message).encode(), headers)  # noqa: S310  # the quick start's own address
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310  # the same


def _sign_in(browser: Browser, demo: dict[str, Any], who: str) -> Any:
    """The cookies of one of the demo's people."""
    person, context = demo[who], browser.new_context(base_url=demo["url"], locale="en-GB")
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(person["email"])
    page.get_by_label("Password", exact=True).fill(person["password"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    if "totp_secret" in person:
        code = totp(base64.b32decode(person["totp_secret"]))
        page.locator("input[autocomplete=one-time-code]").fill(f"{code:06}")
        page.locator("main button.primary").first.click()
    page.wait_for_selector(".side", state="attached")
    return context.storage_state()


def _visit(
    browser: Browser, address: str, signed_in: dict[str, Any], name: str, width: int, height: int, scheme: Any
) -> None:
    def window(who: str) -> Page:
        return browser.new_context(
            base_url=address,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            locale="en-GB",
            storage_state=signed_in.get(who),
        ).new_page()

    taken: set[str] = set()
    for who, paths in (("stranger", PUBLIC), ("owner", OWN), ("admin", ()), ("auditor", ())):
        page = window(who)
        page.goto(START[who])
        for path in (*paths, *_sidebar(page)):
            if path not in taken:
                _take(page, path, name)
                taken.add(path)
        if who == "owner":
            page.goto("/messages")
            page.goto(page.locator("a.row-link").first.get_attribute("href") or "/messages")
            _take(page, "", name, title="message")
        page.context.close()


def _sidebar(page: Page) -> list[str]:
    links: list[str] = page.eval_on_selector_all(".side nav a", "links => links.map(link => link.getAttribute('href'))")
    return links


def _take(page: Page, path: str, look: str, *, title: str = "") -> None:
    if path:
        page.goto(path)
    name = title or path.strip("/").replace("/", ".") or "overview"
    tall = min(HEIGHT_MAX, page.evaluate("document.documentElement.scrollHeight"))
    wide = page.evaluate("window.innerWidth")
    page.screenshot(
        path=HERE / f"{name}-{look}.jpg",
        type="jpeg",
        quality=72,
        full_page=True,
        clip={"x": 0, "y": 0, "width": wide, "height": tall},
    )


if __name__ == "__main__":
    main()
