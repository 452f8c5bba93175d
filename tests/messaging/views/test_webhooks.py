import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from messaging import endpoints
from messaging.models import Delivery, WebhookEndpoint
from messaging.webhooks import Deliverer
from privacy.models import AuditEvent
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import pages
from tests.messaging.receiver import Receiver, answering, receiving

URL = "https://example.org/hook"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def shop(settings: Any) -> pages.Shop:
    settings.WEBHOOK_PRIVATE_HOSTS = ["127.0.0.1"]
    return pages.shop()


@pytest.fixture
def deliverer(shop: pages.Shop) -> Iterator[Deliverer]:
    made = Deliverer()
    yield made
    made.stop()


def token(browser: Client) -> str:
    found = re.search(r'name="token" value="([^"]+)"', browser.get("/webhooks/new").content.decode())
    assert found
    return found[1]


def form(browser: Client, **fields: Any) -> dict[str, Any]:
    first = {"url": URL, "types": ["message.delivered"], "content": "thin", "description": "", "signature": "hmac"}
    return {**first, "token": token(browser), **fields}


def endpoint(shop: pages.Shop, url: str = URL) -> WebhookEndpoint:
    with scope.workspace(shop.workspace.id):
        return endpoints.create(
            workspace=shop.workspace.id, livemode=False, values={"url": url}, by=None, at=clock.now()
        )


def path(of: WebhookEndpoint, rest: str = "") -> str:
    return f"/webhooks/{ids.encode(ids.WEBHOOK, of.id)}{rest}"


def stored(shop: pages.Shop) -> list[WebhookEndpoint]:
    with scope.workspace(shop.workspace.id):
        return list(WebhookEndpoint.objects.filter(workspace=shop.workspace))


def deliveries(shop: pages.Shop) -> list[Delivery]:
    with scope.workspace(shop.workspace.id):
        return list(Delivery.objects.filter(workspace=shop.workspace).order_by("id"))


def ping(shop: pages.Shop, of: WebhookEndpoint, deliverer: Deliverer, times: int = 1) -> list[Delivery]:
    """Test events sent and answered."""
    with scope.workspace(shop.workspace.id):
        for _ in range(times):
            endpoints.test(endpoint=of, by=None, at=clock.now())
    deliverer.drain(box_seconds=10, linger_seconds=0.1)
    return deliveries(shop)


def around_now() -> dict[str, str]:
    """An hour before and after, as a browser writes it."""
    hour = dt.timedelta(hours=1)
    return {"since": f"{clock.now() - hour:%Y-%m-%dT%H:%M}", "until": f"{clock.now() + hour:%Y-%m-%dT%H:%M}"}


def test_without_endpoints_the_page_shows_a_receiver_to_copy(shop: pages.Shop) -> None:
    html = pages.client(shop.owner).get("/webhooks").content.decode()

    assert "No endpoint hears about your messages" in html
    assert "standardwebhooks" in html


def test_an_endpoint_is_made_once_and_its_secret_is_in_one_answer_only(shop: pages.Shop) -> None:
    browser = pages.client(shop.owner)
    data = form(browser, description="Shop back end")

    first = browser.post("/webhooks/new", data).content.decode()
    again = browser.post("/webhooks/new", data, follow=True).content.decode()
    (made,) = stored(shop)
    listed = browser.get("/webhooks").content.decode()
    shown = browser.get(path(made)).content.decode()

    assert made.secret in first
    assert "exists already" in again
    assert made.secret not in again + listed + shown
    assert URL in listed
    assert "Shop back end" in shown


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.org/hook", "Use https"),
        ("https://127.0.0.2/hook", "private, local or reserved"),
        ("https://example.org:8443/hook", "port 443"),
        ("nonsense", "complete URL"),
        ("", "Enter the address"),
    ],
)
def test_an_address_that_is_refused_says_why_and_stays(shop: pages.Shop, url: str, why: str) -> None:
    browser = pages.client(shop.owner)

    response = browser.post("/webhooks/new", form(browser, url=url))

    assert response.status_code == 422
    assert why in response.content.decode()
    assert url in response.content.decode()
    assert stored(shop) == []


def test_an_endpoint_is_changed_disabled_enabled_and_deleted(shop: pages.Shop) -> None:
    of, browser = endpoint(shop), pages.client(shop.owner)

    browser.post(path(of, "/edit"), form(browser, url=f"{URL}/2", types=["message.failed", "message.expired"]))
    changed = stored(shop)[0]
    browser.post(path(of, "/switch"), {"enabled": "0"})
    off = stored(shop)[0]
    browser.post(path(of, "/switch"), {"enabled": "1"})
    on = stored(shop)[0]
    asked = browser.get(path(of, "/delete")).content.decode()
    browser.post(path(of, "/delete"))

    assert (changed.url, changed.types) == (f"{URL}/2", ["message.failed", "message.expired"])
    assert (off.enabled, off.disabled_reason, on.enabled) == (False, "by_hand", True)
    assert "Delete for good" in asked
    assert stored(shop) == []


def test_rotating_shows_the_new_secret_and_a_form_sent_twice_rotates_once(shop: pages.Shop) -> None:
    of, browser = endpoint(shop), pages.client(shop.owner)
    present = {"present": "first", "signature": "hmac"}

    first = browser.post(path(of, "/rotate"), present).content.decode()
    second = browser.post(path(of, "/rotate"), present, follow=True).content.decode()
    after = stored(shop)[0]

    assert after.secret in first
    assert (after.secret != of.secret, after.previous_secret) == (True, of.secret)
    assert "rotated meanwhile" in second


def test_a_test_event_is_followed_on_its_page_with_each_attempt(
    shop: pages.Shop, receiver: Receiver, deliverer: Deliverer
) -> None:
    of, browser = endpoint(shop, receiver.url("/pages")), pages.client(shop.owner)

    before = browser.post(path(of, "/test"), follow=True).content.decode()
    deliverer.drain(box_seconds=10, linger_seconds=0.1)
    (delivery,) = deliveries(shop)
    after = browser.get(f"/webhooks/deliveries/{ids.encode(ids.DELIVERY, delivery.id)}").content.decode()

    assert "hx-get" in before
    assert "The first attempt is on its way" in before
    assert "hx-get" not in after
    assert re.search(r"204</span>", after)
    assert re.search(r"\d+ ms", after)


def test_a_failed_attempt_says_what_was_answered_and_when_the_next_is(
    shop: pages.Shop, receiver: Receiver, deliverer: Deliverer
) -> None:
    receiver.answers["/broken"] = answering(500)
    of, browser = endpoint(shop, receiver.url("/broken")), pages.client(shop.owner)

    (delivery,) = ping(shop, of, deliverer)
    html = browser.get(f"/webhooks/deliveries/{ids.encode(ids.DELIVERY, delivery.id)}").content.decode()
    listed = browser.get("/webhooks").content.decode()

    assert "The receiver answered, but not with 2xx" in html
    assert "Next attempt" in html
    assert "100 %" in listed


def test_what_waits_for_its_next_attempt_is_tried_at_once_when_the_receiver_is_mended(
    shop: pages.Shop, receiver: Receiver, deliverer: Deliverer
) -> None:
    receiver.answers["/mended"] = answering(500)
    of, browser = endpoint(shop, receiver.url("/mended")), pages.client(shop.owner)
    (delivery,) = ping(shop, of, deliverer)
    address = f"/webhooks/deliveries/{ids.encode(ids.DELIVERY, delivery.id)}"
    offered = browser.get(address).content.decode()
    counted = browser.get(path(of, "/replay"), {**around_now(), "failed_only": "on"}).content.decode()
    receiver.answers["/mended"] = answering(204)

    html = browser.post(f"{address}/replay", follow=True).content.decode()
    deliverer.drain(box_seconds=10, linger_seconds=0.1)

    assert "Try now" in offered
    assert "1 event" in counted
    assert "It is sent again" in html
    assert [row.state for row in deliveries(shop)] == ["delivered"]


def test_one_delivery_is_sent_again_with_its_event_id(
    shop: pages.Shop, receiver: Receiver, deliverer: Deliverer
) -> None:
    of, browser = endpoint(shop, receiver.url("/again")), pages.client(shop.owner)
    (delivery,) = ping(shop, of, deliverer)
    address = f"/webhooks/deliveries/{ids.encode(ids.DELIVERY, delivery.id)}"

    html = browser.post(f"{address}/replay", follow=True).content.decode()
    deliverer.drain(box_seconds=10, linger_seconds=0.1)
    shown = browser.get(address).content.decode()

    assert "It is sent again" in html
    assert len({got.headers["webhook-id"] for got in receiver.on("/again")}) == 1
    assert len(receiver.on("/again")) == 2
    assert len(re.findall(r"204</span>", shown)) == 2


def test_a_window_is_counted_before_it_is_sent_again(
    shop: pages.Shop, receiver: Receiver, deliverer: Deliverer
) -> None:
    of, browser = endpoint(shop, receiver.url("/window")), pages.client(shop.owner)
    ping(shop, of, deliverer, times=3)
    window = around_now()

    failed = browser.get(path(of, "/replay"), {**window, "failed_only": "on"}).content.decode()
    counted = browser.get(path(of, "/replay"), window).content.decode()
    done = browser.post(path(of, "/replay"), window, follow=True).content.decode()

    assert "No event in this window" in failed
    assert "Send 3 events again" in counted
    assert "3 events are sent again" in done
    with scope.workspace(shop.workspace.id):
        assert AuditEvent.objects.filter(action="user:webhook_delivery:replayed", actor_id=shop.owner.pk).count() == 1


def test_a_window_that_holds_too_much_is_refused(
    shop: pages.Shop, receiver: Receiver, deliverer: Deliverer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "REPLAY_MAX", 1)
    of, browser = endpoint(shop, receiver.url("/much")), pages.client(shop.owner)
    ping(shop, of, deliverer, times=3)
    window = around_now()

    response = browser.post(path(of, "/replay"), window)

    assert response.status_code == 422
    assert "Choose a shorter window" in response.content.decode()
    assert len(receiver.on("/much")) == 3


@pytest.mark.parametrize(
    "window",
    [
        {"since": "2026-03-02T00:00", "until": "2026-03-01T00:00"},
        {"since": "2026-01-01T00:00", "until": "2026-03-01T00:00"},
        {"since": "soon", "until": ""},
    ],
)
def test_a_window_that_is_none_says_why(shop: pages.Shop, window: dict[str, str]) -> None:
    response = pages.client(shop.owner).get(path(endpoint(shop), "/replay"), window)

    assert response.status_code == 422
    assert 'class="error"' in response.content.decode()


def test_deliveries_are_filtered_and_paged_with_few_queries(
    shop: pages.Shop, receiver: Receiver, deliverer: Deliverer, django_assert_max_num_queries: Any
) -> None:
    of, browser = endpoint(shop, receiver.url("/list")), pages.client(shop.owner)
    ping(shop, of, deliverer, times=30)

    with django_assert_max_num_queries(12):
        first = browser.get(path(of)).content.decode()
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = browser.get(older[1].replace("&amp;", "&")).content.decode()
    none = browser.get(path(of), {"state": "exhausted"}).content.decode()

    assert first.count("webhook.test</a>") == 25
    assert second.count("webhook.test</a>") == 5
    assert "No delivery fits these filters" in none


def test_a_viewer_reads_and_changes_nothing(shop: pages.Shop) -> None:
    of, browser = endpoint(shop), pages.client(shop.viewer)

    html = browser.get(path(of)).content.decode()
    answers = [browser.post(path(of, rest)) for rest in ("/switch", "/rotate", "/test", "/replay", "/delete", "/edit")]

    assert URL in html
    assert "Send test event" not in html
    assert [answer.status_code for answer in answers] == [403] * 6


def test_another_workspace_does_not_exist(shop: pages.Shop) -> None:
    of, stranger = endpoint(shop), pages.client(pages.shop().owner)

    assert [stranger.get(path(of, rest)).status_code for rest in ("", "/edit", "/rotate", "/delete", "/replay")] == [
        404
    ] * 5


def test_an_endpoint_with_a_key_pair_shows_its_public_key_at_any_time(shop: pages.Shop) -> None:
    browser = pages.client(shop.owner)

    made = browser.post("/webhooks/new", form(browser, signature="ed25519"), follow=True).content.decode()
    (of,) = stored(shop)
    later = browser.get(path(of)).content.decode()

    assert of.public_key
    assert of.public_key in made
    assert "the public key below" in made
    assert of.public_key in later
    assert "whsk_" not in made + later


def test_rotating_may_change_the_signature(shop: pages.Shop) -> None:
    of, browser = endpoint(shop), pages.client(shop.owner)

    asked = browser.get(path(of, "/rotate")).content.decode()
    rotated = browser.post(path(of, "/rotate"), {"present": "first", "signature": "ed25519"}, follow=True)
    (after,) = stored(shop)

    assert re.search(r'value="hmac"[^>]*checked', asked)
    assert str(after.public_key) in rotated.content.decode()
    assert "the former one signs until" in rotated.content.decode()
    assert (after.signature, after.previous_secret) == ("ed25519", of.secret)


def test_an_unknown_signature_is_refused_at_its_field_and_nothing_is_made(shop: pages.Shop) -> None:
    of, browser = endpoint(shop), pages.client(shop.owner)

    refused = [
        browser.post("/webhooks/new", form(browser, signature="rsa", url=f"{URL}/stays")),
        browser.post(path(of, "/rotate"), {"present": "first", "signature": "rsa"}),
    ]
    missing = browser.post(path(of, "/rotate"), {"present": "first"})

    assert [one.status_code for one in (*refused, missing)] == [422] * 3
    assert all("Choose one of these." in one.content.decode() for one in refused)
    assert "Choose how events are signed." in missing.content.decode()
    assert f"{URL}/stays" in refused[0].content.decode()
    assert [one.secret for one in stored(shop)] == [of.secret]
