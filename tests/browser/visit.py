"""A browser window as the tests use it."""

import shutil
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings

from tests.factories import pages

# The shell costs half of what the whole browser does.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NARROWEST = 360  # nothing may scroll sideways down to here
LOOKS = ((390, "dark"), (1440, "light"))  # both widths and both schemes at half the price of all four
AXE = "options => axe.run(options).then(result => result.violations)"

# Cells of a row that lie on one another, in pixels both ways; borders may touch.
COVERED = """() => [...document.querySelectorAll("table.cards tbody tr")].flatMap(row => {
    const boxes = [...row.cells].map(cell => [cell, cell.getBoundingClientRect()]).filter(([, box]) => box.width);
    const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
        && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
    return boxes.flatMap(([cell, box], at) => boxes.slice(at + 1).filter(([, other]) => meet(box, other))
        .map(([other]) => `${cell.innerText} on ${other.innerText}`));
})"""

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt install chromium-headless-shell")


class Visit:
    """A browser window that remembers what its console said."""

    def __init__(self, chromium: Any, address: str, *, width: int = 1440, **options: Any) -> None:
        self.context = chromium.new_context(
            base_url=address, viewport={"width": width, "height": 900}, reduced_motion="reduce", **options
        )
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text) if message.type != "log" else None)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    def sign_in_as(self, user: Any) -> "Visit":
        return self._with_session_of(pages.client(user))

    def sign_in_verified(self, user: Any) -> "Visit":
        """With the second step done, as staff pages want it."""
        return self._with_session_of(pages.verified(user))

    def _with_session_of(self, browser: Any) -> "Visit":
        cookie = browser.cookies[settings.SESSION_COOKIE_NAME].value
        self.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": self.page_url()}])
        return self

    def page_url(self) -> str:
        self.page.goto("/sign-in")
        url: str = self.page.url
        return url

    def violations(self) -> list[str]:
        """Rules of accessibility that the page breaks as it looks now."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        found = self.page.evaluate(AXE, {"runOnly": RULES, "resultTypes": ["violations"], "iframes": False})
        return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]

    def overflow(self) -> int:
        wider: int = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return wider

    def close(self) -> None:
        self.context.close()

    def faults(self, path: str) -> list[str]:
        """What is wrong with a page in every look: rules broken, width overflown, words in the console."""
        self.said.clear()
        self.page.goto(path)
        found = [fault for width, scheme in LOOKS for fault in self._look(width, scheme)]
        return [f"{path}: {fault}" for fault in found + [said for said in self.said if "404 (Not Found)" not in said]]

    def _look(self, width: int, scheme: str) -> list[str]:
        self.page.emulate_media(color_scheme=scheme)
        self._widen(width)
        found = [f"{width} {scheme}: {violation}" for violation in self.violations()]
        found += [f"{width}: {covered}" for covered in self.page.evaluate(COVERED)]
        for narrower in (width, NARROWEST) if width < 500 else (width,):
            self._widen(narrower)
            found += [f"overflow by {self.overflow()} at {narrower}"] if self.overflow() > 0 else []
        return found

    def _widen(self, width: int) -> None:
        self.page.set_viewport_size({"width": width, "height": 900})
