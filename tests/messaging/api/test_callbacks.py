"""How many addresses messages may name for their status, at both front doors."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from messaging.endpoints import CALLBACKS_MAX
from messaging.models import WebhookEndpoint
from smsplatform.lib import ids
from smsplatform.lib.tenancy import scope
from tests.factories.accounts import World, make_workspace
from tests.messaging.api.test_key_limits import Door, by_views, codes_of, doors, text

FIRST = "https://example.org/first"


def filled(world: World, count: int) -> None:
    """So many addresses more, which no message will name again."""
    with scope.workspace(world.id):
        WebhookEndpoint.objects.bulk_create(
            WebhookEndpoint(
                workspace_id=world.id, livemode=False, url="https://example.org/old", secret="x", types=[],
                callback_idx=ids.uuid7().bytes,
            )
            for _ in range(count)
        )  # fmt: skip


def count_of(world: World) -> int:
    with scope.workspace(world.id):
        return WebhookEndpoint.objects.filter(callback_idx__isnull=False, livemode=False).count()


@doors
def test_one_address_too_many_is_refused_and_those_before_go_on(door: Door) -> None:
    world, new = make_workspace(), text(status_callback="https://example.org/new")
    (first,) = door(world.test_key, [text(status_callback=FIRST)])
    filled(world, CALLBACKS_MAX - 1)

    refused, known, without, batch = door(
        world.test_key, [new, text(status_callback=FIRST), text(), {"messages": [new, text(status_callback=FIRST)]}]
    )

    assert [first[0], refused[0], known[0], without[0], batch[0]] == [202, 409, 202, 202, 202]
    assert (refused[2]["code"], codes_of(refused[2])) == (
        "too_many_callbacks", {"#/status_callback": "too_many_callbacks"},
    )  # fmt: skip
    assert refused[2]["errors"][0]["detail"].startswith("Use one address for all")
    assert [entry["object"] for entry in batch[2]["results"]] == ["refusal", "message"]
    assert count_of(world) == CALLBACKS_MAX
    assert door(world.live_key, [new])[0][0] == 202  # the other mode has addresses of its own


def test_many_at_once_make_one_last_address_once() -> None:
    world = make_workspace()
    filled(world, CALLBACKS_MAX - 1)

    def send(number: int) -> int:
        try:
            return by_views(world.test_key, [text(status_callback=f"https://example.org/{number}")])[0][0]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(12)))

    assert sorted(answers) == [202, *[409] * 11]
    assert count_of(world) == CALLBACKS_MAX


@pytest.mark.parametrize("url", ["example.org", "http://example.org/", "https://10.0.0.1/", "https://a:b@c.org/", 7])
def test_a_bad_address_is_named_and_makes_none(url: Any) -> None:
    world = make_workspace()

    (refused,) = by_views(world.test_key, [text(status_callback=url)])

    assert refused[0] == 422
    assert list(codes_of(refused[2])) == ["#/status_callback"]
    assert count_of(world) == 0
