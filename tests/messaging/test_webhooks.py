import datetime as dt
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core import mail
from django.db import connections, transaction
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from accounts import notifications
from accounts.models import Notification
from messaging import webhooks
from messaging.models import Delivery
from messaging.models.webhook import EVENT_TYPES
from messaging.posting import Posted
from messaging.webhooks import Deliverer, decide
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import messaging
from tests.factories.accounts import World, make_member, make_workspace
from tests.factories.superuser import superuser
from tests.messaging.receiver import Receiver, answering, failing_first, receiving

AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


class Clock:
    """The time, moved by hand."""

    def __init__(self) -> None:
        self.ahead = dt.timedelta()

    def __call__(self) -> dt.datetime:
        return clock.now() + self.ahead


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def world(settings: Any) -> World:
    settings.WEBHOOK_PRIVATE_HOSTS = ["127.0.0.1"]
    return make_workspace()


@pytest.fixture
def moved() -> Clock:
    return Clock()


@pytest.fixture
def deliverer(world: World, moved: Clock) -> Iterator[Deliverer]:
    made = Deliverer(now=moved)
    yield made
    made.stop()


def endpoint(world: World, url: str, **fields: Any) -> dict[str, Any]:
    response = world.api().post("/v1/webhook_endpoints", {"url": url, **fields})
    assert response.status_code == 201, response.content
    made: dict[str, Any] = response.json()
    return made


def drain(deliverer: Deliverer, seconds: float = 10.0) -> None:
    """Until nothing is due and nothing is in hand."""
    deliverer.drain(box_seconds=seconds, linger_seconds=0.05)
    ends = time.monotonic() + seconds
    while deliverer.in_hand and time.monotonic() < ends:
        time.sleep(0.01)


def deliveries(world: World, **filters: Any) -> list[Delivery]:
    with scope.workspace(world.id):
        return list(Delivery.objects.filter(workspace_id=world.id, **filters).order_by("id"))


# The policy


def test_the_ladder_has_ten_attempts_over_two_and_a_half_days() -> None:
    waits = []
    for attempts in range(1, 10):
        decision = decide(Posted(None, 500, None, 0.0), attempts=attempts, at=AT, chance=0.5)
        assert decision.state == "pending"
        assert decision.due_at is not None
        waits.append((decision.due_at - AT).total_seconds())

    last = decide(Posted(None, 500, None, 0.0), attempts=10, at=AT, chance=0.5)

    assert waits == [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
    assert (last.state, last.disable) == ("exhausted", "failing")


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_waits_are_spread_by_a_fifth(chance: float) -> None:
    decision = decide(Posted(None, None, "timeout", 0.0), attempts=2, at=AT, chance=chance)

    assert decision.due_at is not None
    assert (decision.due_at - AT).total_seconds() == pytest.approx(300 * (0.8 + 0.4 * chance))


@pytest.mark.parametrize(
    ("status", "state", "error", "disable"),
    [
        (200, "delivered", None, None),
        (204, "delivered", None, None),
        (299, "delivered", None, None),
        (301, "pending", "redirect", None),
        (400, "pending", "http_status", None),
        (404, "pending", "http_status", None),
        (410, "exhausted", "http_status", "gone"),
        (429, "pending", "http_status", None),
        (500, "pending", "http_status", None),
    ],
)
def test_only_2xx_is_success(status: int, state: str, error: str | None, disable: str | None) -> None:
    decision = decide(Posted(None, status, None, 0.0), attempts=1, at=AT, chance=0.5)

    assert (decision.state, decision.error, decision.disable) == (state, error, disable)


def test_retry_after_is_honoured_up_to_an_hour() -> None:
    kept = decide(Posted(None, 429, None, 60.0), attempts=1, at=AT, chance=0.5)
    capped = decide(Posted(None, 503, None, 10**6), attempts=1, at=AT, chance=0.5)

    assert kept.due_at == AT + dt.timedelta(seconds=60)
    assert capped.due_at == AT + dt.timedelta(hours=1)


def test_what_was_not_tried_counts_as_no_attempt() -> None:
    decision = decide(Posted(None, None, None, 3.0, started=False), attempts=10, at=AT, chance=0.5)

    assert (decision.state, decision.due_at) == ("deferred", AT + dt.timedelta(seconds=3))


# On the wire


@pytest.mark.promise("transit-98")
def test_a_delivered_message_reaches_the_endpoint_signed(
    world: World, receiver: Receiver, deliverer: Deliverer
) -> None:
    made = endpoint(world, receiver.url("/signed"))
    (draft,) = messaging.accept(world, reference="r", metadata={"a": "b"})
    messaging.finish(world, [draft])

    drain(deliverer)

    (got,) = receiver.wait("/signed", 1)
    Webhook(made["secret"]).verify(got.body, got.headers)
    assert got.headers["webhook-id"].startswith("evt_")
    assert got.json["type"] == "message.delivered"
    data = got.json["data"]
    assert (data["id"], data["status"]) == (ids.encode("msg", draft.id), "delivered")
    assert data["price"]["state"] == "charged"
    (delivery,) = deliveries(world)
    assert (delivery.state, delivery.last_status, delivery.attempts) == ("delivered", 204, 1)


def test_a_wrong_secret_does_not_verify(world: World, receiver: Receiver, deliverer: Deliverer) -> None:
    endpoint(world, receiver.url("/wrong"))
    other = endpoint(world, receiver.url("/other"))
    messaging.finish(world, messaging.accept(world))

    drain(deliverer)

    (got,) = receiver.wait("/wrong", 1)
    with pytest.raises(WebhookVerificationError):
        Webhook(other["secret"]).verify(got.body, got.headers)


@pytest.mark.promise("duty-05")
def test_payloads_are_thin_unless_the_endpoint_asks_for_more(
    world: World, receiver: Receiver, deliverer: Deliverer
) -> None:
    endpoint(world, receiver.url("/thin"))
    endpoint(world, receiver.url("/full"), content="full")
    messaging.finish(world, messaging.accept(world, reference="order 4", metadata={"shop": "7"}))

    drain(deliverer)

    (thin,), (full,) = receiver.wait("/thin", 1), receiver.wait("/full", 1)
    for private in (messaging.TO[1:], messaging.TEXT, "order 4", "shop"):
        assert private not in thin.body.decode()
    assert "•" in thin.json["data"]["to"]
    assert full.json["data"]["to"] == messaging.TO
    assert full.json["data"]["body"] == messaging.TEXT
    assert (full.json["data"]["reference"], full.json["data"]["metadata"]) == ("order 4", {"shop": "7"})
    assert thin.headers["webhook-id"] == full.headers["webhook-id"]


@pytest.mark.promise("duty-05")
def test_a_text_past_its_time_is_not_in_a_full_payload(
    world: World, receiver: Receiver, deliverer: Deliverer, moved: Clock
) -> None:
    endpoint(world, receiver.url("/late"), content="full")
    messaging.finish(world, messaging.accept(world))
    moved.ahead = dt.timedelta(hours=25)

    drain(deliverer)

    (got,) = receiver.wait("/late", 1)
    assert got.json["data"]["body"] is None


def test_events_are_filtered_by_type_and_mode(world: World, receiver: Receiver, deliverer: Deliverer) -> None:
    endpoint(world, receiver.url("/failures"), types=["message.undelivered"])
    endpoint(world, receiver.url("/all"), types=list(EVENT_TYPES))
    world.api(live=True).post("/v1/webhook_endpoints", {"url": receiver.url("/live")})
    messaging.finish(world, messaging.accept(world))

    drain(deliverer)

    kinds = [got.json["type"] for got in receiver.wait("/all", 3)]
    assert sorted(kinds) == ["message.delivered", "message.queued", "message.submitted"]
    assert receiver.on("/failures") == []
    assert receiver.on("/live") == []


def test_the_events_of_a_message_come_in_order_even_when_one_fails(
    world: World, receiver: Receiver, deliverer: Deliverer, moved: Clock
) -> None:
    receiver.answers["/order"] = failing_first(1)
    endpoint(world, receiver.url("/order"), types=list(EVENT_TYPES))
    drafts = messaging.accept(world, count=1)
    messaging.finish(world, drafts)

    drain(deliverer)
    assert len(receiver.wait("/order", 1)) == 1  # the others wait for the first
    moved.ahead = dt.timedelta(seconds=10)
    drain(deliverer)

    kinds = [got.json["type"] for got in receiver.wait("/order", 4)]
    assert kinds == ["message.queued", "message.queued", "message.submitted", "message.delivered"]


def test_a_failure_is_repeated_by_the_ladder_under_the_same_id(
    world: World, receiver: Receiver, deliverer: Deliverer, moved: Clock
) -> None:
    receiver.answers["/retry"] = failing_first(2)
    endpoint(world, receiver.url("/retry"))
    messaging.finish(world, messaging.accept(world))

    for ahead in (0, 4, 7, 100, 400):
        moved.ahead = dt.timedelta(seconds=ahead)
        drain(deliverer)

    got = receiver.wait("/retry", 3)
    assert len(got) == 3  # at once, after 5 s, after 5 min, and not in between
    assert len({one.headers["webhook-id"] for one in got}) == 1
    assert [one.state for one in deliveries(world)] == ["delivered"]


def test_410_switches_the_endpoint_off_at_once(world: World, receiver: Receiver, deliverer: Deliverer) -> None:
    receiver.answers["/gone"] = answering(410)
    made = endpoint(world, receiver.url("/gone"))
    messaging.finish(world, messaging.accept(world, count=3))

    drain(deliverer)

    shown = world.api().get(f"/v1/webhook_endpoints/{made['id']}").json()
    assert (shown["enabled"], shown["disabled_reason"]) == (False, "gone")
    assert {one.state for one in deliveries(world)} <= {"exhausted", "dropped"}


def test_after_the_last_failure_the_endpoint_is_off_and_its_people_know(
    world: World, receiver: Receiver, deliverer: Deliverer, moved: Clock
) -> None:
    _, developer = make_member(world, "developer")
    make_member(world, "viewer")
    receiver.answers["/broken"] = answering(500)
    made = endpoint(world, receiver.url("/broken"))
    messaging.finish(world, messaging.accept(world))

    for _ in range(10):
        drain(deliverer)
        moved.ahead += dt.timedelta(hours=30)
    mail.outbox.clear()
    notifications.send(at=clock.now() + moved.ahead)

    assert len(receiver.on("/broken")) == 10
    shown = world.api().get(f"/v1/webhook_endpoints/{made['id']}").json()
    assert (shown["enabled"], shown["disabled_reason"]) == (False, "failing")
    letters = [one for one in mail.outbox if made["id"] in one.body]
    assert {address for one in letters for address in one.to} == {world.email, developer}
    assert "HTTP 500" in letters[0].body
    assert letters[0].subject == "Webhook endpoint switched off: 127.0.0.1"
    assert [one.state for one in deliveries(world)] == ["exhausted"]


def test_who_dies_while_switching_an_endpoint_off_has_written_nothing_of_it(
    world: World, receiver: Receiver, deliverer: Deliverer
) -> None:
    receiver.answers["/dies"] = answering(410)
    made = endpoint(world, receiver.url("/dies"))
    messaging.finish(world, messaging.accept(world))
    wanted = ids.decode(ids.WEBHOOK, made["id"])
    blocked = (
        "SELECT pid FROM pg_stat_activity WHERE query LIKE '%%pipeline.disable_endpoint%%' AND wait_event_type = 'Lock'"
    )

    with superuser() as other, superuser() as judge:
        with other.transaction():
            other.execute("SELECT 1 FROM messaging_webhook_endpoint WHERE id = %s FOR UPDATE", [wanted])
            deliverer.drain(linger_seconds=0.05, box_seconds=1.0)
            killed = eventually(lambda: judge.execute(blocked).fetchone())
            judge.execute("SELECT pg_terminate_backend(%s)", [killed[0]])
            assert [one.state for one in deliveries(world)] == ["leased"]
        drain(deliverer)

    assert eventually(lambda: [one.state for one in deliveries(world)] == ["exhausted"])
    with scope.workspace(world.id):
        assert Notification.objects.filter(workspace_id=world.id, kind="webhook_disabled").count() == 1


def eventually(look: Callable[[], Any], seconds: float = 20) -> Any:
    ends = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < ends:
        time.sleep(0.02)
    return found


def test_a_redirect_is_not_followed(world: World, receiver: Receiver, deliverer: Deliverer) -> None:
    receiver.answers["/moved"] = answering(302, Location=receiver.url("/elsewhere"))
    endpoint(world, receiver.url("/moved"))
    messaging.finish(world, messaging.accept(world))

    drain(deliverer)

    assert receiver.on("/elsewhere") == []
    (delivery,) = deliveries(world)
    assert (delivery.last_status, delivery.last_error) == (302, "redirect")


def test_an_address_that_became_private_is_not_called(
    world: World, receiver: Receiver, deliverer: Deliverer, settings: Any
) -> None:
    endpoint(world, receiver.url("/private"))
    settings.WEBHOOK_PRIVATE_HOSTS = []
    messaging.finish(world, messaging.accept(world))

    drain(deliverer)

    assert receiver.on("/private") == []
    (delivery,) = deliveries(world)
    assert delivery.state == "pending"
    assert delivery.last_error in ("url_not_https", "url_forbidden_address", "url_forbidden_port")


def test_too_many_requests_slows_down_and_loses_nothing(
    world: World, receiver: Receiver, deliverer: Deliverer, moved: Clock
) -> None:
    receiver.answers["/busy"] = failing_first(5, 429)
    endpoint(world, receiver.url("/busy"))
    messaging.finish(world, messaging.accept(world, count=100))

    drain(deliverer)
    refused = [one for one in deliveries(world) if one.last_status == 429]
    assert 1 <= len(refused) <= 64 + 5
    deliverer._poster._endpoints.clear()  # what rests for seconds, rested
    for _ in range(4):
        moved.ahead += dt.timedelta(minutes=10)
        drain(deliverer)

    assert {one.state for one in deliveries(world)} == {"delivered"}
    assert max(one.attempts for one in deliveries(world)) == 2


def test_a_slow_endpoint_does_not_hold_up_the_others(world: World, receiver: Receiver, deliverer: Deliverer) -> None:
    receiver.delays["/slow"] = 1.0
    endpoint(world, receiver.url("/slow"))
    messaging.finish(world, messaging.accept(world, count=200))
    other = make_workspace()
    endpoint(other, receiver.url("/quick"))
    messaging.finish(other, messaging.accept(other, count=200))

    began = time.monotonic()
    drain(deliverer)

    quick = receiver.wait("/quick", 200)
    assert len(quick) == 200
    assert max(got.at for got in quick) - began < 1.5
    assert receiver.most["/slow"] <= 64


def test_replays_carry_the_same_event_id(world: World, receiver: Receiver, deliverer: Deliverer) -> None:
    endpoint(world, receiver.url("/replay"))
    messaging.finish(world, messaging.accept(world))
    drain(deliverer)
    (delivery,) = deliveries(world)

    response = world.api().post(f"/v1/webhook_deliveries/{ids.encode('dlv', delivery.id)}/replay")
    drain(deliverer)

    assert response.status_code == 202
    first, second = receiver.wait("/replay", 2)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_both_secrets_sign_for_a_day_after_rotation(
    world: World, receiver: Receiver, deliverer: Deliverer, moved: Clock
) -> None:
    made = endpoint(world, receiver.url("/rotated"))
    fresh = world.api().post(f"/v1/webhook_endpoints/{made['id']}/rotate_secret").json()["secret"]
    messaging.finish(world, messaging.accept(world))
    drain(deliverer)
    moved.ahead = dt.timedelta(hours=25)
    messaging.finish(world, messaging.accept(world))
    drain(deliverer)

    during, after = receiver.wait("/rotated", 2)
    Webhook(made["secret"]).verify(during.body, during.headers)
    Webhook(fresh).verify(during.body, during.headers)
    assert len(during.headers["webhook-signature"].split()) == 2
    assert len(after.headers["webhook-signature"].split()) == 1


def test_a_test_event_reaches_an_endpoint_whatever_it_asked_for(
    world: World, receiver: Receiver, deliverer: Deliverer
) -> None:
    made = endpoint(world, receiver.url("/test"), types=["message.failed"])

    response = world.api().post(f"/v1/webhook_endpoints/{made['id']}/test")
    drain(deliverer)

    assert response.status_code == 202
    (got,) = receiver.wait("/test", 1)
    assert got.json["type"] == "webhook.test"
    assert got.json["data"]["id"] == made["id"]


def test_a_claim_beside_a_full_endpoint_finds_what_waits_for_others(world: World) -> None:
    full, free = (endpoint(world, f"http://127.0.0.1:1/{name}") for name in ("full", "free"))
    ours = {ids.decode("whk", made["id"]) for made in (full, free)}
    for _ in range(3):
        messaging.finish(world, messaging.accept(world))
    with superuser() as session:
        known = session.execute("SELECT id FROM messaging_webhook_endpoint").fetchall()
    at = clock.now()
    not_now = [row[0] for row in known if row[0] not in ours] + [ids.decode("whk", full["id"])]

    for _ in range(5):  # it begins at a random endpoint
        with transaction.atomic(using="system"), connections["system"].cursor() as cursor:
            cursor.execute(
                "SELECT id, endpoint_id FROM pipeline.claim_deliveries(%s, %s, %s, %s::uuid[]) ORDER BY id",
                [500, at + dt.timedelta(minutes=1), at + webhooks.lease(), not_now],
            )
            claimed = cursor.fetchall()
            transaction.set_rollback(True, using="system")

        waiting = deliveries(world, endpoint_id=ids.decode("whk", free["id"]))
        assert claimed == [(row.id, row.endpoint_id) for row in waiting]


def test_what_a_dead_worker_held_is_delivered_by_another(
    world: World, receiver: Receiver, deliverer: Deliverer, moved: Clock
) -> None:
    endpoint(world, receiver.url("/dead"))
    messaging.finish(world, messaging.accept(world))
    at = clock.now()
    with connections["system"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pipeline.claim_deliveries(%s, %s, %s, '{}')", [10_000, at, at + webhooks.lease()]
        )
        moved.ahead = webhooks.lease() + dt.timedelta(seconds=1)
        cursor.execute("SELECT pipeline.reclaim_deliveries(%s)", [moved()])

    drain(deliverer)

    assert len(receiver.wait("/dead", 1)) == 1


def test_a_deleted_endpoint_gets_nothing_more(world: World, receiver: Receiver, deliverer: Deliverer) -> None:
    made = endpoint(world, receiver.url("/deleted"))
    messaging.finish(world, messaging.accept(world))
    assert world.api().delete(f"/v1/webhook_endpoints/{made['id']}").status_code == 204

    drain(deliverer)

    assert receiver.on("/deleted") == []
    assert [one.state for one in deliveries(world)] == ["dropped"]


@pytest.mark.promise("transit-14", "fleet-25")
def test_secrets_and_addresses_are_not_in_the_clear(world: World, receiver: Receiver) -> None:
    made = endpoint(world, receiver.url("/sealed"))

    with connections["owner"].cursor() as cursor:
        cursor.execute("SET ROLE sp_definer")
        cursor.execute("SELECT w.* FROM messaging_webhook_endpoint w WHERE id = %s", [ids.decode("whk", made["id"])])
        row = cursor.fetchone()
        cursor.execute("RESET ROLE")

    stored = b"".join(bytes(value) for value in row if isinstance(value, bytes | memoryview))
    assert b"whsec_" not in stored
    assert b"/sealed" not in stored
