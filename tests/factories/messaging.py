"""Messages in every state, made through the functions that make them in production."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec
import time_machine
from django.db import connections

from messaging import sources
from messaging.acceptance import Order, accept_now
from messaging.drafting import Draft, SendRequest, plan, seal
from privacy import keyring
from smsplatform.lib import arrays, clock
from smsplatform.lib.tenancy import scope
from tests.factories.accounts import World

TO = "+31612345678"
TEXT = "Your parcel is here."


def accept(
    world: World, *, count: int = 1, live: bool = False, at: dt.datetime | None = None, **fields: Any
) -> list[Draft]:
    """Messages accepted just now or at ``at``; ``fields`` as of the API."""
    dated, at = at, at or clock.now()
    request = msgspec.convert({"to": TO, "body": TEXT, **fields}, SendRequest)
    source = sources.for_user(world.id, world.owner.id, livemode=live)
    made = plan(request, source, at=at)
    with time_machine.travel(at, tick=True):  # the key of a day is made on that day, and never after it
        key = keyring.body_key(world.id, made.body_expires_at.astimezone(dt.UTC).date())
    drafts = [seal(made, source, key, at=dated) for _ in range(count)]
    with scope.workspace(world.id):
        assert set(accept_now(Order(source=source, drafts=drafts, at=at))) == {"ok"}
    return drafts


def submit(world: World, drafts: Sequence[Draft], *, at: dt.datetime | None = None) -> None:
    """Hand messages of one part to their carrier, which takes them."""
    at, ids, count = at or clock.now(), [draft.id for draft in drafts], len(drafts)
    _system(
        "SELECT pipeline.record_results(" + "%s, " * 18 + "%s)",
        [
            drafts[0].plan.carrier, "t", at, arrays.uuids(ids), arrays.uuids([world.id] * count),
            arrays.int2s([1] * count), arrays.int2s([1] * count), arrays.int8s(range(count)),
            arrays.texts(["accepted"] * count), arrays.texts([None] * count), arrays.texts(_refs(drafts)),
            arrays.times([at] * count), arrays.uuids(ids), arrays.texts(["submitted"] * count),
            arrays.texts([None] * count), arrays.times([None] * count), arrays.uuids([None] * count),
            arrays.int2s([0] * count), arrays.int2s([0] * count),
        ],
    )  # fmt: skip


def finish(world: World, drafts: Sequence[Draft], state: str = "delivered", *, at: dt.datetime | None = None) -> None:
    """Submit messages and bring their final receipts: ``delivered``, ``undelivered``, ``expired``."""
    submit(world, drafts, at=at)
    count = len(drafts)
    _system(
        "SELECT pipeline.record_receipts(%s, %s, %s, %s, %s)",
        [
            drafts[0].plan.carrier, at or clock.now(), arrays.texts(_refs(drafts)), arrays.texts([state] * count),
            arrays.texts(["000" if state == "delivered" else "001"] * count),
        ],
    )  # fmt: skip


def _refs(drafts: Sequence[Draft]) -> list[str]:
    return [f"ref{draft.id.hex}" for draft in drafts]


def _system(sql: str, arguments: list[Any]) -> None:
    with connections["system"].cursor() as cursor:
        cursor.execute(sql, arguments)
