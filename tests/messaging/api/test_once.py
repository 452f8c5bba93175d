"""``Idempotency-Key`` on everything that makes one thing."""

import threading
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connections

from messaging.models import Delivery, Sender, Suppression, Template, WebhookEndpoint
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope
from tests.factories.accounts import World, make_workspace
from tests.factories.requests import a_number

NOUNS: dict[str, Any] = {
    "/v1/webhook_endpoints": WebhookEndpoint, "/v1/templates": Template, "/v1/senders": Sender,
    "/v1/suppressions": Suppression,
}  # fmt: skip


@pytest.fixture(scope="module")
def world() -> World:
    return make_workspace()


def body(path: str) -> dict[str, str]:
    word = uuid4().hex[:6].upper()
    return {
        "/v1/webhook_endpoints": {"url": f"https://example.com/{word}"},
        "/v1/templates": {"name": word, "text": "Order {{number}} is ready."},
        "/v1/senders": {"address": f"SHOP{word}"},
        "/v1/suppressions": {"to": a_number(), "reason": "opt_out"},
    }[path]


def count(world: World, path: str) -> int:
    with scope.workspace(world.id):
        return int(NOUNS[path].objects.filter(workspace_id=world.id).count())


@pytest.mark.parametrize("path", NOUNS)
def test_a_repeat_makes_nothing_and_shows_what_was_made_without_its_secret(world: World, path: str) -> None:
    wanted, key, before = body(path), uuid4().hex, count(world, path)

    first = world.api().post(path, wanted, Idempotency_Key=key)
    second = world.api().post(path, wanted, Idempotency_Key=key)

    assert (first.status_code, second.status_code) == (201, 201), (first.content, second.content)
    assert second["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert second.json() == {name: value for name, value in first.json().items() if name != "secret"}
    assert count(world, path) == before + 1


@pytest.mark.parametrize("path", NOUNS)
def test_a_key_used_for_something_else_is_refused(world: World, path: str) -> None:
    key = uuid4().hex
    world.api().post(path, body(path), Idempotency_Key=key)
    before = count(world, path)

    answer = world.api().post(path, body(path), Idempotency_Key=key)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert count(world, path) == before


def test_a_refused_request_may_be_corrected_under_its_key(world: World) -> None:
    key = uuid4().hex

    refused = world.api().post("/v1/senders", {"address": "no"}, Idempotency_Key=key)
    made = world.api().post("/v1/senders", body("/v1/senders"), Idempotency_Key=key)

    assert (refused.status_code, made.status_code) == (422, 201)


@pytest.mark.parametrize("key", ["", "x" * 256, "naïve"])
def test_a_key_that_is_none_is_refused(world: World, key: str) -> None:
    before = count(world, "/v1/templates")

    answer = world.api().post("/v1/templates", body("/v1/templates"), Idempotency_Key=key)

    assert answer.json()["code"] == "invalid_idempotency_key"
    assert count(world, "/v1/templates") == before


def test_keys_are_of_one_caller_and_one_path(world: World) -> None:
    other, key, wanted = make_workspace(), uuid4().hex, body("/v1/templates")

    answers = [each.api().post("/v1/templates", wanted, Idempotency_Key=key) for each in (world, other)]
    answers.append(world.api().post("/v1/senders", body("/v1/senders"), Idempotency_Key=key))

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert answers[0].json()["id"] != answers[1].json()["id"]


def test_what_was_deleted_since_is_not_made_again(world: World) -> None:
    key, wanted = uuid4().hex, body("/v1/templates")
    made = world.api().post("/v1/templates", wanted, Idempotency_Key=key).json()["id"]
    world.api().delete(f"/v1/templates/{made}")

    answer = world.api().post("/v1/templates", wanted, Idempotency_Key=key)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_day_later_a_key_is_free_again(world: World) -> None:
    key, wanted = uuid4().hex, body("/v1/templates")
    first = world.api().post("/v1/templates", wanted, Idempotency_Key=key)

    with time_machine.travel(clock.now().timestamp() + 25 * 3600, tick=True):
        second = world.api().post("/v1/templates", wanted, Idempotency_Key=key)

    assert second.status_code == 201
    assert second.json()["id"] != first.json()["id"]


def test_of_many_at_once_one_makes_it(world: World) -> None:
    key, wanted, before = uuid4().hex, body("/v1/templates"), count(world, "/v1/templates")
    start, answers = threading.Barrier(5), []

    def post() -> None:
        start.wait()
        try:
            answers.append(world.api().post("/v1/templates", wanted, Idempotency_Key=key))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=post) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [answer.status_code for answer in answers] == [201] * 5
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer for answer in answers) == 1
    assert count(world, "/v1/templates") == before + 1


def test_a_secret_is_rotated_and_a_test_event_sent_once(world: World) -> None:
    endpoint = world.api().post("/v1/webhook_endpoints", body("/v1/webhook_endpoints")).json()["id"]
    key = uuid4().hex

    rotated = [
        world.api().post(f"/v1/webhook_endpoints/{endpoint}/rotate_secret", {}, Idempotency_Key=key) for _ in range(2)
    ]
    tested = [world.api().post(f"/v1/webhook_endpoints/{endpoint}/test", {}, Idempotency_Key=key) for _ in range(2)]

    assert ["secret" in answer.json() for answer in rotated] == [True, False]
    assert [answer.status_code for answer in (*rotated, *tested)] == [200, 200, 202, 202]
    assert tested[0].json()["id"] == tested[1].json()["id"]
    with scope.workspace(world.id):
        assert Delivery.objects.filter(workspace_id=world.id, type="webhook.test").count() == 1
