"""Webhooks and the API log in a real browser."""

from typing import Any

import pytest

from accounts import keys
from messaging import calls, endpoints
from messaging.models import Call
from messaging.webhooks import Deliverer
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.browser.visit import Visit
from tests.factories import pages

REFUSAL = b'{"code":"not_e164","errors":[{"pointer":"#/to","code":"not_e164"}]}'


def _key(shop: pages.Shop) -> str:
    with scope.workspace(shop.workspace.id):
        return keys.create(workspace=shop.workspace, name="Shop", livemode=False, by=None, at=clock.now())[1]


@pytest.fixture(scope="module")
def places(shop: pages.Shop) -> list[str]:
    """Addresses with something on them: an endpoint whose one delivery failed."""
    url = "https://nowhere.invalid/webhooks/a-rather-long-path/that-has-to-wrap-on-a-phone"
    values = {"url": url, "signature": "ed25519"}
    with scope.workspace(shop.workspace.id):
        made = endpoints.create(workspace=shop.workspace.id, livemode=False, values=values, by=None, at=clock.now())
        delivery = endpoints.test(endpoint=made, by=None, at=clock.now())
    deliverer = Deliverer()
    deliverer.drain(box_seconds=20, linger_seconds=0.1)
    deliverer.stop()
    endpoint = f"/webhooks/{ids.encode(ids.WEBHOOK, made.id)}"
    below = [
        f"{endpoint}{rest}"
        for rest in ("", "/edit", "/rotate", "/replay?since=2026-01-01T00:00&until=2026-01-02T00:00")
    ]
    key = keys.find(keys.digest_of(f"Bearer {_key(shop)}"))
    assert key is not None
    calls.note(key, "trace-browser", "POST", "/v1/messages", 422, 0.012, REFUSAL)
    calls.note(key, "trace-browser-2", "GET", "/v1/webhook_endpoints/{endpoint_id}/deliveries", 200, 0.004, b"{}")
    calls.recorder.flush()
    with scope.workspace(shop.workspace.id):
        call = Call.objects.filter(workspace=shop.workspace, status=422).latest("id")
    log = ["/api-log", "/api-log?method=DELETE", f"/api-log/{ids.encode(calls.PREFIX, call.id)}"]
    return [*log, "/webhooks", "/webhooks/new", *below, f"/webhooks/deliveries/{ids.encode(ids.DELIVERY, delivery)}"]


def test_webhooks_and_the_log_are_accessible_and_fit(
    chromium: Any, address: str, shop: pages.Shop, places: list[str]
) -> None:
    visit = Visit(chromium, address).sign_in_as(shop.owner)

    faults = [fault for path in places for fault in visit.faults(path)]

    visit.close()
    assert faults == []
