import datetime as dt
from typing import Any

import msgspec
import pytest
from django.db import connections
from standardwebhooks.webhooks import Webhook

from accounts.roles import Scope
from messaging import endpoints
from messaging.api.documents import DeliveryDocument, EndpointDocument
from messaging.models import Delivery
from smsplatform.lib import arrays, clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import messaging
from tests.factories.accounts import World, make_workspace
from tests.factories.superuser import superuser

URL = "https://example.com/hooks/sms"
FINALS = ["message.delivered", "message.undelivered", "message.failed", "message.rejected", "message.expired",
          "message.canceled"]  # fmt: skip


@pytest.fixture(autouse=True)
def _nobody_private(settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_HOSTS = []


@pytest.fixture
def world() -> World:
    return make_workspace()


@pytest.fixture(scope="module")
def stranger() -> World:
    return make_workspace()


def create(world: World, **fields: Any) -> Any:
    return world.api().post("/v1/webhook_endpoints", {"url": URL, **fields})


def delivery_of(world: World, state: str = "pending") -> Delivery:
    with scope.workspace(world.id):
        return Delivery.objects.filter(workspace_id=world.id, state=state).latest("id")


def test_an_endpoint_is_made_with_a_secret_that_is_shown_once(world: World) -> None:
    response = create(world, description="shop")

    assert response.status_code == 201, response.content
    made = msgspec.json.decode(response.content, type=EndpointDocument)
    Webhook(str(made.secret))  # the reference library takes it for a secret
    assert (made.url, made.types, made.content, made.enabled) == (URL, FINALS, "thin", True)
    again = world.api().get(f"/v1/webhook_endpoints/{made.id}")
    assert msgspec.json.decode(again.content, type=EndpointDocument).secret is msgspec.UNSET
    assert "secret" not in world.api().get("/v1/webhook_endpoints").json()["data"][0]


def test_an_endpoint_is_changed_field_by_field(world: World) -> None:
    made = create(world).json()

    response = world.api().patch(f"/v1/webhook_endpoints/{made['id']}", {"types": ["message.failed"], "enabled": False})

    shown = response.json()
    assert (shown["types"], shown["enabled"], shown["disabled_reason"]) == (["message.failed"], False, "by_hand")
    assert shown["url"] == URL
    on = world.api().patch(f"/v1/webhook_endpoints/{made['id']}", {"enabled": True}).json()
    assert (on["enabled"], on["disabled_reason"]) == (True, None)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.com/", "url_not_https"),
        ("https://example.com:8443/", "url_forbidden_port"),
        ("https://localhost/", "url_forbidden_address"),
        ("https://127.0.0.1/", "url_forbidden_address"),
        ("https://[::1]/", "url_forbidden_address"),
        ("https://10.0.0.1/", "url_forbidden_address"),
        ("https://169.254.169.254/latest/meta-data", "url_forbidden_address"),
        ("https://2130706433/", "url_invalid"),
        ("https://0x7f.1/", "url_invalid"),
        ("https://user:pass@example.com/", "url_invalid"),
        ("https://example.com\\@127.0.0.1/", "url_invalid"),
        ("gopher://example.com/", "url_invalid"),
        ("file:///etc/passwd", "url_invalid"),
        ("", "url_invalid"),
        ("x", "url_invalid"),
        ("https://exa mple.com/", "url_invalid"),
        ("https://example.com/" + "a" * 2000, "too_long"),
    ],
)
def test_hostile_addresses_are_refused(stranger: World, url: str, code: str) -> None:
    response = create(stranger, url=url)

    assert response.status_code == 422
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [("#/url", code)]
    assert url not in response.content.decode() or len(url) < 2


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"types": ["message.eaten"]}, "#/types/0", "unknown_event_type"),
        ({"types": "message.failed"}, "#/types", "wrong_type"),
        ({"content": "fat"}, "#/content", "invalid_value"),
        ({"description": "x" * 121}, "#/description", "too_long"),
        ({"enabled": "yes"}, "#/enabled", "wrong_type"),
        ({"secret": "whsec_mine"}, "#/secret", "unknown_field"),
        ({"url": None}, "#/url", "wrong_type"),
    ],
)
def test_bad_fields_are_named(stranger: World, fields: dict[str, Any], pointer: str, code: str) -> None:
    response = create(stranger, **fields)

    assert response.status_code == 422
    assert (pointer, code) in [(error["pointer"], error["code"]) for error in response.json()["errors"]]


def test_there_are_at_most_twenty(world: World) -> None:
    assert {create(world).status_code for _ in range(endpoints.ENDPOINTS_MAX)} == {201}

    response = create(world)

    assert (response.status_code, response.json()["code"]) == (409, "too_many_endpoints")


def test_rotating_shows_the_new_secret_once_and_keeps_the_old_for_a_day(world: World) -> None:
    made = create(world).json()

    fresh = world.api().post(f"/v1/webhook_endpoints/{made['id']}/rotate_secret").json()

    assert fresh["secret"] != made["secret"]
    until = dt.datetime.fromisoformat(fresh["previous_secret_until"])
    assert dt.timedelta(hours=23) < until - clock.now() <= dt.timedelta(hours=24)


def test_a_test_event_is_queued_and_its_delivery_shown(world: World) -> None:
    made = create(world).json()

    response = world.api().post(f"/v1/webhook_endpoints/{made['id']}/test")

    assert response.status_code == 202, response.content
    found = msgspec.json.decode(response.content, type=DeliveryDocument)
    assert (found.type, found.state, found.message_id) == ("webhook.test", "pending", None)
    listed = world.api().get(f"/v1/webhook_endpoints/{made['id']}/deliveries").json()["data"]
    assert [entry["id"] for entry in listed] == [found.id]


def test_a_disabled_endpoint_is_neither_tested_nor_replayed(world: World) -> None:
    made = create(world, enabled=False).json()

    for path, body in (("test", None), ("replay", {"since": "2026-01-01T00:00:00Z"})):
        response = world.api().post(f"/v1/webhook_endpoints/{made['id']}/{path}", body)
        assert (response.status_code, response.json()["code"]) == (409, "endpoint_disabled")


def test_deliveries_are_filtered_and_replayed_by_window(world: World) -> None:
    made = create(world).json()
    drafts = messaging.accept(world, count=3)
    messaging.finish(world, drafts)
    path = f"/v1/webhook_endpoints/{made['id']}"
    world.api().patch(path, {"enabled": False})
    with scope.workspace(world.id):
        mine = [one.id for one in Delivery.objects.filter(workspace_id=world.id)]
    _give_up(mine)
    world.api().patch(path, {"enabled": True})
    since = (clock.now() - dt.timedelta(hours=1)).isoformat()

    listed = world.api().get(f"{path}/deliveries", {"state": "exhausted"}).json()["data"]
    one = world.api().get(f"{path}/deliveries", {"message": ids.encode("msg", drafts[0].id)}).json()["data"]
    nothing = world.api().post(f"{path}/replay", {"since": clock.now().isoformat()})
    replayed = world.api().post(f"{path}/replay", {"since": since})

    assert (len(listed), len(one)) == (3, 1)
    assert nothing.json()["deliveries"] == 0
    assert (replayed.status_code, replayed.json()["deliveries"]) == (202, 3)
    assert delivery_of(world).attempts == 0


def test_a_delivery_that_waits_for_its_next_attempt_is_tried_at_once(world: World) -> None:
    made = create(world).json()
    messaging.finish(world, messaging.accept(world))
    delivery, later = delivery_of(world), clock.now() + dt.timedelta(hours=20)
    with superuser() as session:
        session.execute("UPDATE messaging_delivery SET attempts = 8, due_at = %s WHERE id = %s", [later, delivery.id])

    response = world.api().post(f"/v1/webhook_deliveries/{ids.encode('dlv', delivery.id)}/replay")

    assert response.status_code == 202
    assert (delivery_of(world).attempts, delivery_of(world).due_at < later) == (0, True)
    since = (clock.now() - dt.timedelta(hours=1)).isoformat()
    again = world.api().post(f"/v1/webhook_endpoints/{made['id']}/replay", {"since": since})
    assert again.json()["deliveries"] == 0  # it is on its way already


def test_a_delivery_still_being_tried_is_not_replayed(world: World) -> None:
    create(world)
    messaging.finish(world, messaging.accept(world))
    public = ids.encode("dlv", delivery_of(world).id)

    response = world.api().post(f"/v1/webhook_deliveries/{public}/replay")

    assert (response.status_code, response.json()["code"]) == (409, "conflict")
    assert world.api().get(f"/v1/webhook_deliveries/{public}").json()["next_attempt_at"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/since"),
        ({"since": "x"}, "#/since"),
        ({"since": "2026-01-01T00:00:00"}, "#/since"),
        ({"since": 5}, "#/since"),
    ],
)
def test_a_bad_window_is_named(world: World, body: dict[str, Any], pointer: str) -> None:
    made = create(world).json()

    response = world.api().post(f"/v1/webhook_endpoints/{made['id']}/replay", body)

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == pointer


def test_a_stranger_and_the_other_mode_find_nothing(world: World, stranger: World) -> None:
    made = create(world).json()
    delivery = world.api().post(f"/v1/webhook_endpoints/{made['id']}/test").json()
    path, other = f"/v1/webhook_endpoints/{made['id']}", f"/v1/webhook_deliveries/{delivery['id']}"

    for api in (stranger.api(), world.api(live=True)):
        answers = [
            api.get(path),
            api.patch(path, {"enabled": False}),
            api.delete(path),
            api.post(f"{path}/rotate_secret"),
            api.post(f"{path}/test"),
            api.get(f"{path}/deliveries"),
            api.post(f"{path}/replay", {"since": "2026-01-01T00:00:00Z"}),
            api.get(other),
            api.post(f"{other}/replay"),
        ]
        assert [answer.status_code for answer in answers] == [404] * len(answers)
        assert api.get("/v1/webhook_endpoints").json()["data"] == []


def test_reading_and_writing_are_separate_scopes(world: World) -> None:
    made = create(world).json()
    reader = world.api(key=world.key(Scope.WEBHOOKS_READ))
    path = f"/v1/webhook_endpoints/{made['id']}"

    assert reader.get(path).status_code == 200
    assert reader.delete(path).status_code == 403
    assert reader.post(f"{path}/rotate_secret").status_code == 403


def _give_up(wanted: list[Any]) -> None:
    """As if every attempt had failed."""
    at, count = clock.now(), len(wanted)
    with connections["system"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pipeline.claim_deliveries(%s, %s, %s, '{}')",
            [10_000, at, at + dt.timedelta(minutes=1)],
        )
        went: list[Any] = [
            arrays.uuids(wanted), arrays.texts(["exhausted"] * count), arrays.int2s([500] * count),
            arrays.texts(["http_status"] * count), arrays.times([None] * count),
        ]  # fmt: skip
        cursor.execute("SELECT pipeline.record_deliveries(%s, %s, %s, %s, %s, %s)", [at, *went])
