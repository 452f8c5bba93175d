"""Accepting: one statement charges and stores, refuses item by item, and joins what arrives together."""

import asyncio
import datetime as dt
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from django.db import connections

from accounts.models import ApiKey
from billing import ledger
from messaging import sources
from messaging.acceptance import SQL, Acceptor, Idempotency, Order, accept_now, arguments, replay_of
from messaging.drafting import Draft, SendRequest, Source, plan, seal
from messaging.models import Body, Message, Outbox, Sender, Suppression
from privacy import keyring
from smsplatform.lib import clock, database
from smsplatform.lib.tenancy import scope
from tests.factories.accounts import World, fund, make_workspace

TO = "+31612345678"
AT = clock.now()


def drafts(world: World, source: Source, count: int = 1, **fields: Any) -> list[Draft]:
    made = plan(SendRequest(**{"to": TO, "body": "Hello", **fields}), source, at=AT)
    key = keyring.body_key(world.id, made.body_expires_at.date())
    return [seal(made, source, key) for _ in range(count)]


def source_of(world: World) -> Source:
    return sources.for_user(world.id, world.owner.id, livemode=True)


def accept(world: World, order: Order) -> list[str]:
    with scope.workspace(world.id):
        return accept_now(order)


def balance(world: World) -> int:
    with scope.workspace(world.id):
        return ledger.balance(workspace=world.id, currency="EUR", livemode=True).available


def stored(world: World, model: Any) -> int:
    with scope.workspace(world.id):
        return int(model.objects.filter(workspace_id=world.id).count())


@pytest.mark.promise("transit-18")
def test_an_accepted_message_is_stored_with_body_outbox_row_and_charge() -> None:
    world = make_workspace()
    source, before = source_of(world), balance(world)
    (draft,) = drafts(world, source)

    assert accept(world, Order(source=source, drafts=[draft], at=AT)) == ["ok"]

    assert balance(world) == before - draft.plan.price
    assert (stored(world, Message), stored(world, Body), stored(world, Outbox)) == (1, 1, 1)


def test_a_wallet_pays_in_order_while_money_lasts() -> None:
    source = source_of(make_workspace())
    price = plan(SendRequest(to=TO, body="Hello"), source, at=AT).price
    world = make_workspace(funds=3 * price + 1)

    outcomes = accept(world, Order(source=(own := source_of(world)), drafts=drafts(world, own, 5), at=AT))

    assert outcomes == ["ok"] * 3 + ["insufficient_balance"] * 2
    assert balance(world) == 1
    assert (stored(world, Message), stored(world, Body), stored(world, Outbox)) == (3, 3, 3)


@pytest.mark.promise("api-30")
def test_a_message_to_a_suppressed_number_is_refused_and_the_rest_goes_through() -> None:
    world = make_workspace()
    source = source_of(world)
    blocked, free = drafts(world, source)[0], drafts(world, source, to="+31612345679")[0]
    with scope.workspace(world.id):
        Suppression.objects.create(workspace=world.workspace, to_idx=blocked.to_idx, reason="objection")

    assert accept(world, Order(source=source, drafts=[blocked, free], at=AT)) == ["suppressed_recipient", "ok"]
    assert stored(world, Message) == 1


@pytest.mark.parametrize(("category", "outcome"), [("otp", "ok"), ("marketing", "suppressed_recipient")])
def test_an_opt_out_does_not_stop_passcodes(category: str, outcome: str) -> None:
    world = make_workspace()
    source = source_of(world)
    made = drafts(world, source, category=category)
    with scope.workspace(world.id):
        Suppression.objects.create(workspace=world.workspace, to_idx=made[0].to_idx, reason="opt_out")

    assert accept(world, Order(source=source, drafts=made, at=AT)) == [outcome]


def test_a_sender_withdrawn_since_the_cache_was_filled_is_refused() -> None:
    world = make_workspace()
    source = source_of(world)
    with scope.workspace(world.id):
        Sender.objects.filter(pk=world.sender.pk).update(state="rejected")

    order = Order(source=source, drafts=drafts(world, source), at=AT)

    assert accept(world, order) == ["sender_not_approved"]
    assert stored(world, Message) == 0


def keyed(world: World, **changes: Any) -> Source:
    """A source of an API key of the workspace."""
    with scope.workspace(world.id):
        key = ApiKey.objects.filter(livemode=True).latest("id")
        ApiKey.objects.filter(pk=key.pk).update(**changes)
    return replace(source_of(world), key_id=key.pk, user_id=None)


@pytest.mark.parametrize("changes", [{"revoked_at": AT}, {"expires_at": AT}])
def test_a_key_revoked_since_the_cache_was_filled_sends_nothing(changes: dict[str, Any]) -> None:
    world = make_workspace()
    source = keyed(world, **changes)

    assert accept(world, Order(source=source, drafts=drafts(world, source), at=AT)) == ["revoked_key"]
    assert stored(world, Message) == 0


@pytest.mark.parametrize("theirs", ["wallet", "key_id", "sender"])
def test_nothing_of_another_workspace_can_be_used(theirs: str) -> None:
    world, other = make_workspace(), make_workspace()
    foreign = keyed(other)
    source = keyed(world)
    made = drafts(world, source)
    if theirs == "sender":
        made = drafts(world, replace(source, default_sender=foreign.default_sender))
    else:
        source = replace(source, **{theirs: getattr(foreign, theirs)})
    order = Order(source=source, drafts=made, at=AT)

    if theirs == "wallet":
        with pytest.raises(Exception, match="wallet of another workspace"):
            accept(world, order)
    else:
        assert accept(world, order) != ["ok"]
    assert stored(world, Message) == 0
    assert stored(other, Message) == 0


# Idempotency


def key_of(text: str = "k", body: bytes = b"{}") -> Idempotency:
    return Idempotency.of(path="/v1/messages", key=text, body=body)


def test_the_second_request_with_a_key_makes_nothing_and_is_told_what_the_first_made() -> None:
    world = make_workspace()
    source, before = source_of(world), balance(world)
    first, second = drafts(world, source, 2)

    assert accept(world, Order(source=source, drafts=[first], idempotency=key_of(), at=AT)) == ["ok"]
    assert accept(world, Order(source=source, drafts=[second], idempotency=key_of(), at=AT)) == ["replay"]

    with scope.workspace(world.id):
        found = replay_of(source, key_of())
    assert found is not None
    assert (found.message_ids, found.outcomes) == ([first.id], ["ok"])
    assert balance(world) == before - first.plan.price


def test_a_key_whose_request_was_refused_may_be_used_again() -> None:
    world = make_workspace(funds=0)
    source = source_of(world)
    order = Order(source=source, drafts=drafts(world, source), idempotency=key_of(), at=AT)

    assert accept(world, order) == ["insufficient_balance"]
    fund(world.workspace, 10**6, live=True)

    assert accept(world, order) == ["ok"]


def test_a_batch_remembers_which_of_its_messages_were_refused() -> None:
    source = source_of(make_workspace())
    price = plan(SendRequest(to=TO, body="Hello"), source, at=AT).price
    world = make_workspace(funds=price)
    source = source_of(world)
    made = drafts(world, source, 2)

    accept(world, Order(source=source, drafts=made, idempotency=key_of("batch"), at=AT))

    with scope.workspace(world.id):
        found = replay_of(source, key_of("batch"))
    assert found is not None
    assert found.message_ids == [made[0].id, None]
    assert found.outcomes == ["ok", "insufficient_balance"]


def test_a_key_is_forgotten_after_a_day() -> None:
    world = make_workspace()
    source = source_of(world)
    accept(world, Order(source=source, drafts=drafts(world, source), idempotency=key_of(), at=AT))

    later = AT + dt.timedelta(hours=24, seconds=1)

    order = Order(source=source, drafts=drafts(world, source), idempotency=key_of(), at=later)
    assert accept(world, order) == ["ok"]


def test_requests_with_one_key_in_one_statement_make_one_message() -> None:
    world = make_workspace()
    source = source_of(world)
    orders = [Order(source=source, drafts=drafts(world, source), idempotency=key_of(), at=AT) for _ in range(5)]

    assert execute(orders) == ["ok"] + ["replay"] * 4
    assert stored(world, Message) == 1


def test_requests_with_one_key_from_many_sessions_make_one_message() -> None:
    world = make_workspace()
    source = source_of(world)
    orders = [Order(source=source, drafts=drafts(world, source), idempotency=key_of(), at=AT) for _ in range(8)]
    outcomes: list[str] = []
    threads = [threading.Thread(target=lambda order=order: outcomes.extend(execute([order]))) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(outcomes) == ["ok"] + ["replay"] * 7
    assert stored(world, Message) == 1


def execute(orders: Sequence[Order]) -> list[str]:
    """What the gate does: one statement on a session of its own."""
    with psycopg.connect(**database.conninfo("default"), autocommit=True) as connection:
        row = connection.execute(
            SQL, arguments(orders, backend_pid=connection.info.backend_pid), binary=True
        ).fetchone()
        assert row is not None
        return list(row[0])


def test_one_statement_serves_several_workspaces_and_keeps_them_apart() -> None:
    rich, poor = make_workspace(), make_workspace(funds=0)
    sources_ = source_of(rich), source_of(poor)
    orders = [
        Order(source=source, drafts=drafts(world, source), at=AT)
        for world, source in ((rich, sources_[0]), (poor, sources_[1]), (rich, sources_[0]))
    ]

    assert execute(orders) == ["ok", "insufficient_balance", "ok"]
    assert (stored(rich, Message), stored(poor, Message)) == (2, 0)


def test_a_drain_by_many_sessions_spends_exactly_what_is_there() -> None:
    price = plan(SendRequest(to=TO, body="Hello"), source_of(make_workspace()), at=AT).price
    world = make_workspace(funds=50 * price)
    source = source_of(world)
    batches = [Order(source=source, drafts=drafts(world, source, 7), at=AT) for _ in range(12)]
    outcomes: list[str] = []
    threads = [threading.Thread(target=lambda order=order: outcomes.extend(execute([order]))) for order in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert (outcomes.count("ok"), outcomes.count("insufficient_balance")) == (50, 34)
    assert balance(world) == 0
    assert stored(world, Message) == 50


# Group commit


class Recorder:
    """Stands where the database is: notes what was joined, answers after a moment."""

    def __init__(self, *, fail: bool = False) -> None:
        self.joined: list[int] = []
        self.fail = fail

    async def __call__(self, orders: Sequence[Order]) -> list[str]:
        self.joined.append(len(orders))
        await asyncio.sleep(0.005)
        if self.fail:
            raise ConnectionError
        return ["ok"] * sum(len(order.drafts) for order in orders)


def order_of(world: World, source: Source, count: int = 1) -> Order:
    return Order(source=source, drafts=drafts(world, source, count), at=AT)


def test_orders_that_wait_together_share_a_statement() -> None:
    world = make_workspace()
    source = source_of(world)
    orders = [order_of(world, source) for _ in range(64)]
    recorder = Recorder()

    async def run() -> list[list[str]]:
        acceptor = Acceptor(recorder, lanes=2)
        return await asyncio.gather(*(acceptor.accept(order) for order in orders))

    assert asyncio.run(run()) == [["ok"]] * 64
    assert sum(recorder.joined) == 64
    assert len(recorder.joined) <= 8


def test_a_failed_statement_fails_its_orders_and_the_next_one_works() -> None:
    world = make_workspace()
    source = source_of(world)
    recorder = Recorder(fail=True)
    first, second = order_of(world, source), order_of(world, source, 3)

    async def run() -> list[str]:
        acceptor = Acceptor(recorder, lanes=1)
        with pytest.raises(ConnectionError):
            await acceptor.accept(first)
        recorder.fail = False
        return await acceptor.accept(second)

    assert asyncio.run(run()) == ["ok"] * 3


def test_a_client_that_hangs_up_leaves_the_others_their_answers() -> None:
    world = make_workspace()
    source = source_of(world)
    recorder = Recorder()
    first, second = order_of(world, source), order_of(world, source, 2)

    async def run() -> list[str]:
        acceptor = Acceptor(recorder, lanes=1)
        hasty = asyncio.ensure_future(acceptor.accept(first))
        patient = asyncio.ensure_future(acceptor.accept(second))
        await asyncio.sleep(0.001)
        hasty.cancel()
        return await patient

    assert asyncio.run(run()) == ["ok"] * 2


def test_the_queue_of_orders_is_answered_in_full_over_several_statements() -> None:
    world = make_workspace()
    source = source_of(world)
    big = order_of(world, source, 400)
    recorder = Recorder()

    async def run() -> list[list[str]]:
        acceptor = Acceptor(recorder, lanes=1)
        return await asyncio.gather(*(acceptor.accept(big) for _ in range(7)))

    assert [len(words) for words in asyncio.run(run())] == [400] * 7
    assert max(recorder.joined) <= 2


def test_the_statement_takes_as_many_arguments_as_the_function_has() -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pronargs FROM pg_proc WHERE proname = 'accept'")
        assert cursor.fetchone()[0] == SQL.count("%s")
