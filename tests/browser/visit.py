"""A browser window as the tests use it."""

from typing import Any

from django.conf import settings

from tests.factories import pages

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NARROWEST = 360  # nothing may scroll sideways down to here
LOOKS = ((1440, "light"), (390, "dark"))  # both widths and both schemes at half the price of all four


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
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response["violations"]
        return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]

    def overflow(self) -> int:
        wider: int = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return wider

    def close(self) -> None:
        self.context.close()

    def faults(self, path: str) -> list[str]:
        """What is wrong with a page: rules of accessibility broken, width overflown, words in the console."""
        self.said.clear()
        self.page.goto(path)
        found = [f"{path}: {violation}" for violation in self.violations()]
        wide = self.page.viewport_size
        for width in (wide["width"], NARROWEST) if wide["width"] < 500 else (wide["width"],):
            self.page.set_viewport_size({"width": width, "height": wide["height"]})
            found += [f"{path}: overflow by {self.overflow()} at {width}"] if self.overflow() > 0 else []
        self.page.set_viewport_size(wide)
        return found + [f"{path}: {said}" for said in self.said if "404 (Not Found)" not in said]
