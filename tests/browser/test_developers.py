"""Keys and senders in a real browser."""

from typing import Any

from accounts import keys
from messaging.models import Sender
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.browser.visit import Visit
from tests.factories import pages


def test_pages_of_keys_and_senders_are_accessible_and_fit(chromium: Any, address: str) -> None:
    shop = pages.shop()
    with scope.workspace(shop.workspace.id):
        key, _ = keys.create(workspace=shop.workspace, name="Shop back end", livemode=False, by=None, at=clock.now())
        sender = Sender.objects.get()
    path = f"/api-keys/{ids.encode(ids.KEY, key.id)}"
    shown = f"/senders/{ids.encode(ids.SENDER, sender.id)}"
    visit = Visit(chromium, address).sign_in_as(shop.owner)

    faults = []
    for page in (
        "/api-keys",
        "/api-keys/new",
        path,
        f"{path}/rotate",
        f"{path}/revoke",
        "/senders",
        "/senders/new",
        shown,
    ):
        faults += visit.faults(page)

    visit.close()
    assert faults == []
