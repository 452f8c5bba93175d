"""The developers' pages in a real browser."""

from typing import Any

from tests.browser.visit import Visit
from tests.factories import pages


def test_the_docs_are_accessible_and_fit(chromium: Any, address: str, shop: pages.Shop) -> None:
    visit = Visit(chromium, address).sign_in_as(shop.owner)
    paths = ("/docs", "/docs/api", "/docs/webhooks", "/docs/testing", "/docs/errors", "/docs/errors/not_e164")

    faults = [fault for path in paths for fault in visit.faults(path)]

    visit.close()
    assert faults == []
