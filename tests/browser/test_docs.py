"""The developers' pages in a real browser."""

from typing import Any

import pytest

from tests.browser.visit import LOOKS, Visit
from tests.factories import pages


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_docs_are_accessible_and_fit(
    chromium: Any, address: str, shop: pages.Shop, width: int, scheme: str
) -> None:
    visit = Visit(chromium, address, width=width, scheme=scheme).sign_in_as(shop.owner)
    paths = ("/docs", "/docs/api", "/docs/webhooks", "/docs/testing", "/docs/errors", "/docs/errors/not_e164")

    faults = [fault for path in paths for fault in visit.faults(path)]

    visit.close()
    assert faults == []
