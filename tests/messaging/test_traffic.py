"""The figures of each hour against the messages themselves, counted one by one."""

import datetime as dt
import math
import random
from collections import Counter
from typing import Any

import pytest
from django.db import connections

from messaging import recall, traffic, upkeep
from messaging.drafting import Draft
from messaging.models import Message, TouchedHour, TrafficHour
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories.accounts import World, make_workspace
from tests.factories.messaging import accept, finish
from tests.factories.superuser import superuser

NUMBERS = ("+31612345678", "+4915123456789", "+447911123456")
STATES = ("delivered", "delivered", "undelivered", "expired", None)
KINDS = ("transactional", "otp")
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def world() -> World:
    return make_workspace()


def truth(world: World) -> Counter[tuple[Any, ...]]:
    """The same figures from the messages, by the plainest way there is."""
    found: Counter[tuple[Any, ...]] = Counter()
    with scope.workspace(world.id):
        for message in Message.objects.filter(workspace_id=world.id):
            key = (message.livemode, ids.time_of(message.id).replace(minute=0, second=0, microsecond=0),
                   message.country, message.category, message.status if message.final_at else "open",
                   latency_class(message))  # fmt: skip
            found[(*key, "messages")] += 1
            found[(*key, "parts")] += message.parts
            found[(*key, "price")] += message.price - message.given_back
    return +found


def latency_class(message: Message) -> int:
    if message.status != "delivered" or message.final_at is None:
        return 0
    began = max(ids.time_of(message.id), message.send_at or message.created_at)
    seconds = max((message.final_at - began).total_seconds(), 0.05)
    return min(48, max(1, 1 + math.floor(2 * math.log2(seconds / 0.05) + 1e-9)))


def figures(world: World) -> Counter[tuple[Any, ...]]:
    found: Counter[tuple[Any, ...]] = Counter()
    with scope.workspace(world.id):
        for row in TrafficHour.objects.filter(workspace_id=world.id):
            for name in ("messages", "parts", "price"):
                key = (row.livemode, row.hour, row.country, row.category, row.outcome, row.latency, name)
                found[key] += getattr(row, name)
    return +found


def roll_up(at: dt.datetime) -> None:
    traffic.touch_new(since=at - dt.timedelta(days=1))
    traffic.roll_up(at=at)


def random_traffic(world: World, at: dt.datetime, chance: random.Random) -> list[tuple[Draft, str | None]]:
    """Messages of the last hours, some final and some not."""
    made = []
    for _ in range(40):
        began = at - dt.timedelta(seconds=chance.randrange(5 * 3600))
        live, text = chance.random() < 0.3, "x" * chance.choice((10, 200))
        to, category = chance.choice(NUMBERS), chance.choice(KINDS)
        [draft] = accept(world, live=live, at=began, to=to, body=text, category=category)
        state = chance.choice(STATES)
        if state:
            finish(world, [draft], state, at=began + dt.timedelta(milliseconds=chance.randrange(20, 900_000)))
        made.append((draft, state))
    return made


@pytest.mark.parametrize("seed", range(3))
def test_figures_are_what_counting_the_messages_says(world: World, seed: int) -> None:
    at = clock.now()
    random_traffic(world, at, random.Random(seed))

    roll_up(at)

    assert figures(world) == truth(world)
    assert sum(figures(world).values()) > 0


def test_rolling_up_again_changes_nothing(world: World) -> None:
    at = clock.now()
    random_traffic(world, at, random.Random(7))
    roll_up(at)
    before = figures(world)

    roll_up(at)
    roll_up(at)

    assert figures(world) == before


def test_a_late_final_state_moves_a_message_from_open_to_its_outcome(world: World) -> None:
    at = clock.now()
    [draft] = accept(world, at=at - 20 * HOUR)
    traffic.touch_new(since=at - 21 * HOUR)
    traffic.roll_up(at=at)
    assert {key[4] for key in figures(world)} == {"open"}

    finish(world, [draft], at=at)
    traffic.roll_up(at=at)

    assert {key[4] for key in figures(world)} == {"delivered"}
    assert figures(world) == truth(world)


def test_the_frequent_run_leaves_old_hours_to_the_other(world: World) -> None:
    at = clock.now()
    [draft] = accept(world, at=at - 20 * HOUR)
    finish(world, [draft], at=at)

    traffic.roll_up(at=at, since=at - traffic.RECENT)
    assert figures(world) == Counter()
    traffic.roll_up(at=at)

    assert figures(world) == truth(world)


def test_redaction_leaves_the_figures_and_erasure_takes_the_message_out(world: World) -> None:
    at = clock.now()
    drafts = accept(world, count=3, at=at - HOUR)
    finish(world, drafts, at=at)
    roll_up(at)
    before = figures(world)

    with scope.workspace(world.id):
        recall.redact(workspace=world.id, message=drafts[0].id, by=world.owner.id, at=at)
    roll_up(at)
    assert figures(world) == before

    with scope.workspace(world.id):
        recall.erase(workspace=world.id, message=drafts[0].id, by=world.owner.id, at=at)
    roll_up(at)
    assert figures(world) == truth(world)
    assert sum(value for key, value in figures(world).items() if key[-1] == "messages") == 2


def test_figures_outlive_the_purge_of_their_messages(world: World) -> None:
    at = clock.now()
    drafts = accept(world, count=2, at=at - HOUR)
    finish(world, drafts, at=at)
    roll_up(at)
    before = figures(world)

    with superuser() as connection:
        connection.execute("DELETE FROM messaging_message WHERE workspace_id = %s", [world.id])
    traffic.roll_up(at=at + dt.timedelta(days=90))

    assert figures(world) == before


def test_figures_are_removed_after_thirteen_months(world: World) -> None:
    at = clock.now()
    finish(world, accept(world, at=at - HOUR), at=at)
    roll_up(at)

    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT pipeline.purge_traffic(%s, 1000)", [at - 2 * HOUR])
        assert figures(world) != Counter()
        cursor.execute("SELECT pipeline.purge_traffic(%s, 1000000)", [at])

    assert figures(world) == Counter()
    assert dt.timedelta(days=395) <= upkeep.TRAFFIC_KEPT


def test_notes_are_not_for_the_web_role_and_vanish_when_done(world: World) -> None:
    at = clock.now()
    finish(world, accept(world, at=at), at=at)
    roll_up(at)

    with superuser() as connection:
        left = connection.execute(
            "SELECT count(*) FROM messaging_touched_hour WHERE workspace_id = %s", [world.id]
        ).fetchone()
        grants = connection.execute(
            "SELECT has_table_privilege('sp_app', %s, 'SELECT, INSERT, UPDATE, DELETE')", [TouchedHour._meta.db_table]
        ).fetchone()

    assert left == (0,)
    assert grants == (False,)


def test_another_workspace_sees_none_of_it(world: World) -> None:
    at = clock.now()
    finish(world, accept(world, at=at), at=at)
    roll_up(at)
    other = make_workspace()

    with scope.workspace(other.id):
        assert not TrafficHour.objects.filter(workspace_id=world.id).exists()
