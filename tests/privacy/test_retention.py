"""What is over is refused by its readers at once, and removed by the purge soon after."""

import datetime as dt
import io
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connections
from psycopg.types.json import Jsonb

from messaging import presenting
from messaging import upkeep as traffic
from messaging.models import Body, IdempotencyKey, Message
from privacy import checks, ciphers, keyring, promises, registry, retention, upkeep
from privacy.models import PurgeRun
from privacy.registry import Keeper, Unit
from smsplatform.celery import SCHEDULE
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import pages
from tests.factories.superuser import superuser

DAY = dt.timedelta(days=1)
TEXT = "the purger is not running"


@pytest.fixture
def partitions_back() -> Iterator[None]:
    """A purge in the future drops what other tests of this database still write to."""
    yield
    retention.extend(at=clock.now())


def stored(of: pages.Shop, public: str) -> Message:
    with scope.workspace(of.workspace.id):
        return Message.objects.with_state().get(pk=ids.decode("msg", public))


def shown(of: pages.Shop, message: Message, at: dt.datetime) -> dict[str, Any]:
    with scope.workspace(of.workspace.id):
        return presenting.of_row(message, at=at)


def count(table: str, condition: str, *arguments: object) -> int:
    with superuser() as connection:
        row = connection.execute(f"SELECT count(*) FROM {table} WHERE {condition}".encode(), arguments).fetchone()
    assert row is not None
    return int(row[0])


def born(at: dt.datetime) -> UUID:
    """A new id of that millisecond."""
    return UUID(int=ids.floor(at).int | (uuid4().int & 0xFFFFFFFF))


def aged(public: str, days: int, *, on_its_way: bool = False) -> UUID:
    """A copy of a message as if it had been accepted ``days`` ago, with an event and perhaps still in the outbox."""
    old = born(clock.now() - days * DAY)
    source = ids.decode("msg", public)
    changed = {"body_expires_at": (ids.time_of(old) + DAY).isoformat()}
    with superuser() as connection:
        connection.execute("SELECT pipeline.ensure_partitions(%s)", [clock.now() - days * DAY])
        for table, key in (("messaging_message", "id"), ("messaging_outbox", "message_id")):
            if table == "messaging_message" or on_its_way:
                connection.execute(
                    f"INSERT INTO {table} SELECT (jsonb_populate_record(t, %s)).* "
                    f"FROM {table} t WHERE {key} = %s".encode(),
                    [Jsonb({**changed, key: str(old)}), source],
                )
        connection.execute(
            "INSERT INTO messaging_event (id, workspace_id, message_id, kind, at) "
            "SELECT %s, workspace_id, id, 'expired', now() FROM messaging_message WHERE id = %s",
            [old, old],
        )
    return old


def until_nothing_is_left(unit: Any, at: dt.datetime) -> None:
    while unit(at=at):
        pass


# Readers, with the purge standing still


@pytest.mark.promise("transit-22", "fleet-09")
def test_a_body_is_shown_until_its_time_and_not_a_moment_longer() -> None:
    shop = pages.shop()
    message = stored(shop, pages.message(shop, text=TEXT))
    moment = dt.timedelta(microseconds=1)

    assert shown(shop, message, message.body_expires_at - moment)["body"] == TEXT
    assert shown(shop, message, message.body_expires_at)["body"] is None


def test_a_key_whose_day_is_over_is_refused_even_from_memory() -> None:
    shop = pages.shop()
    message = stored(shop, pages.message(shop, text=TEXT))
    with scope.workspace(shop.workspace.id):
        sealed = bytes(Body.objects.values_list("text_ct", flat=True).get(message_id=message.id))
    associated = ciphers.aad("messaging.Body.text", shop.workspace.id, message.id)
    assert ciphers.unseal(sealed, associated).decode() == TEXT

    with time_machine.travel(message.body_expires_at + DAY, tick=False), pytest.raises(ciphers.KeyDestroyed):
        ciphers.unseal(sealed, associated)


def test_no_key_is_made_for_a_day_that_is_over() -> None:
    with pytest.raises(keyring.KeyDestroyed):
        keyring.body_key(uuid4(), (clock.now() - DAY).date())


def test_metadata_older_than_ninety_days_is_not_listed() -> None:
    shop = pages.shop()
    public = pages.message(shop)
    young, old = aged(public, 89), aged(public, 91)

    with scope.workspace(shop.workspace.id):
        listed = set(Message.objects.readable(at=clock.now()).values_list("id", flat=True))

    assert young in listed
    assert old not in listed


# The purge


@pytest.mark.promise("transit-22", "team-12", "api-33", "fleet-09")
def test_bodies_go_with_their_keys_and_their_partition(partitions_back: None) -> None:
    shop = pages.shop()
    message = stored(shop, pages.message(shop, text=TEXT))
    later = message.body_expires_at + DAY

    units = {unit.name: unit for unit in registry.units()}
    assert retention.run(units["body keys"], at=later).removed >= 1
    assert retention.run(units["bodies"], at=later).removed >= 1

    assert shown(shop, message, clock.now())["body"] is None
    assert count("messaging_body", "message_id = %s", message.id) == 0
    assert count("messaging_message", "id = %s", message.id) == 1


def test_todays_bodies_survive_the_purge(partitions_back: None) -> None:
    shop = pages.shop()
    message = stored(shop, pages.message(shop, text=TEXT))

    runs = list(retention.purge(at=clock.now()))

    assert [run.unit for run in runs if run.error] == []
    assert shown(shop, message, clock.now())["body"] == TEXT


@pytest.mark.promise("team-30")
def test_metadata_goes_after_ninety_days_row_by_row() -> None:
    shop = pages.shop()
    public = pages.message(shop)
    young, old = aged(public, 89), aged(public, 91)

    until_nothing_is_left(traffic.purge_metadata, clock.now())

    assert count("messaging_message", "id = ANY (%s)", [young, old]) == 1
    assert count("messaging_event", "message_id = ANY (%s)", [young, old]) == 1
    assert count("messaging_message", "id = %s", young) == 1
    traffic.extend_partitions(at=clock.now())


def test_a_message_still_on_its_way_is_not_purged() -> None:
    shop = pages.shop()
    old = aged(pages.message(shop), 91, on_its_way=True)

    until_nothing_is_left(traffic.purge_metadata, clock.now())

    assert count("messaging_message", "id = %s", old) == 1
    with superuser() as connection:
        connection.execute("DELETE FROM messaging_outbox WHERE message_id = %s", [old])
    traffic.extend_partitions(at=clock.now())


def test_idempotency_keys_go_when_they_expire() -> None:
    shop = pages.shop()
    at = clock.now()
    with superuser() as connection:
        for digest, expires_at in ((b"old", at), (b"new", at + DAY)):
            connection.execute(
                "INSERT INTO messaging_idempotency_key "
                "(workspace_id, key_id, digest, fingerprint, message_ids, outcomes, expires_at) "
                "VALUES (%s, %s, %s, '', '{}', '{}', %s)",
                [shop.workspace.id, shop.owner.id, digest, expires_at],
            )

    until_nothing_is_left(traffic.purge_idempotency_keys, at)

    with scope.workspace(shop.workspace.id):
        assert [bytes(digest) for digest in IdempotencyKey.objects.values_list("digest", flat=True)] == [b"new"]


def test_finished_deliveries_and_orphans_go() -> None:
    at = clock.now()
    with superuser() as connection:
        carrier = connection.execute("SELECT id FROM messaging_carrier LIMIT 1").fetchone()
        if carrier is None:
            pages.shop()
            carrier = connection.execute("SELECT id FROM messaging_carrier LIMIT 1").fetchone()
        assert carrier is not None
        made = {}
        for age, state in ((31, "delivered"), (31, "pending"), (29, "delivered")):
            made[age, state] = _delivery(connection, at - age * DAY, state)
        orphans = [_orphan(connection, carrier[0], at - age * DAY) for age in (9, 7)]

    until_nothing_is_left(traffic.purge_deliveries, at)
    until_nothing_is_left(traffic.purge_orphans, at)

    assert count("messaging_delivery", "id = %s", made[31, "delivered"]) == 0
    assert count("messaging_delivery", "id = ANY (%s)", [made[31, "pending"], made[29, "delivered"]]) == 2
    assert count("messaging_orphan_receipt", "id = ANY (%s)", orphans) == 1
    with superuser() as connection:
        connection.execute("DELETE FROM messaging_delivery WHERE id = %s", [made[31, "pending"]])


def test_sessions_go_when_they_expire() -> None:
    user = pages.person()[0]
    pages.client(user)

    upkeep.purge_sessions(at=clock.now())
    assert count("accounts_session", "user_id = %s", user.id) == 1

    upkeep.purge_sessions(at=clock.now() + 15 * DAY)
    assert count("accounts_session", "user_id = %s", user.id) == 0


# Its record


def test_a_unit_that_fails_is_recorded_and_the_next_one_runs() -> None:
    def broken(*, at: dt.datetime) -> int:
        raise RuntimeError("+4915123456789")

    unit = Unit(name=f"broken {uuid4().hex[:8]}", kept="never", anchor="at", action="delete", purge=broken)

    run = retention.run(unit, at=clock.now())

    saved = PurgeRun.objects.using("system").get(pk=run.pk)
    assert (saved.error, saved.removed) == ("RuntimeError", 0)
    assert saved.finished_at is not None


def test_a_unit_runs_until_nothing_is_left() -> None:
    left = [3, 2, 0, 7]
    unit = Unit(name="batches", kept="never", anchor="at", action="delete", purge=lambda *, at: left.pop(0))

    assert retention.run(unit, at=clock.now()).removed == 5
    assert left == [7]


def test_the_command_shows_each_unit(partitions_back: None) -> None:
    out = io.StringIO()

    call_command("purge", stdout=out)

    for unit in registry.units():
        assert (unit.name in out.getvalue()) == (unit.purge is not None)


def test_the_command_fails_when_a_unit_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*, at: dt.datetime) -> int:
        raise RuntimeError

    unit = Unit(name="broken", kept="never", anchor="at", action="delete", purge=broken)
    monkeypatch.setattr(registry, "units", lambda: [unit])

    with pytest.raises(CommandError, match="broken"):
        call_command("purge", stdout=io.StringIO())


def test_the_schedule_names_the_tasks() -> None:
    tasks = {task for task, _, _ in SCHEDULE.values()}

    assert {retention.purge_now.name, retention.partitions_now.name} <= tasks


def test_both_tasks_run(partitions_back: None) -> None:
    retention.partitions_now.apply(throw=True)
    retention.purge_now.apply(throw=True)

    newest = PurgeRun.objects.using("system").order_by("-id").first()
    assert newest is not None


def test_partitions_are_there_for_the_days_ahead() -> None:
    retention.extend(at=clock.now())

    assert retention.extend(at=clock.now()) == 0
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_inherits WHERE inhparent = 'messaging_body'::regclass "
            "AND to_date(right(inhrelid::regclass::text, 8), 'YYYYMMDD') > %s",
            [(clock.now() + 7 * DAY).date()],
        )
        assert cursor.fetchone()[0] >= 1


def _delivery(connection: Any, at: dt.datetime, state: str) -> UUID:
    made = born(at)
    connection.execute(
        "INSERT INTO messaging_delivery (id, workspace_id, endpoint_id, event_id, type, occurred_at, state, attempts, "
        "due_at) VALUES (%s, %s, %s, %s, 'message.delivered', %s, %s, 0, '2100-01-01')",
        [made, uuid4(), uuid4(), uuid4(), at, state],
    )
    return made


def _orphan(connection: Any, carrier: UUID, at: dt.datetime) -> UUID:
    made = born(at)
    connection.execute(
        "INSERT INTO messaging_orphan_receipt (id, carrier_id, ref, state, received_at) "
        "VALUES (%s, %s, %s, 'delivered', %s)",
        [made, carrier, uuid4().hex, at],
    )
    return made


# With the purger dead


@pytest.mark.promise("duty-13", "transit-22")
def test_with_the_purger_dead_readers_refuse_and_the_check_turns_failing() -> None:
    shop = pages.shop()
    message = stored(shop, pages.message(shop, text=TEXT))
    assert retention.beat() in (True, False)
    alive = promises.check("privacy.purge_alive")
    assert alive is not None
    assert alive.fresh <= dt.timedelta(minutes=5)

    later = message.body_expires_at + DAY

    assert shown(shop, message, later)["body"] is None
    assert alive.run(later).holds is False
    assert "late" in alive.run(later).why


@pytest.mark.promise("duty-12")
def test_a_clock_that_jumped_purges_nothing_and_says_so() -> None:
    shop = pages.shop()
    message = stored(shop, pages.message(shop, text=TEXT))

    with time_machine.travel(clock.now() + dt.timedelta(days=400), tick=False):
        with pytest.raises(retention.ClockSkew):
            retention.check_clock()
        at = clock.now()
    assert at > message.body_expires_at
    assert shown(shop, message, clock.now())["body"] == TEXT


def test_a_run_stops_after_its_share_and_says_that_work_is_left() -> None:
    endless = Unit(name="endless", anchor="at", action="delete", purge=lambda *, at: 1)

    run = retention.run(endless, at=clock.now())

    assert (run.removed, run.unfinished) == (retention.BATCHES_MAX, True)


def test_nothing_is_shredded_while_something_held_is_not_in_safety(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*, at: dt.datetime) -> int:
        raise RuntimeError

    def noted(*, at: dt.datetime) -> int:
        return 0

    shred = Unit(name="keys", anchor="at", action="shred", purge=noted)
    rows = Unit(name="rows", anchor="at", action="delete", purge=noted)
    monkeypatch.setattr(registry, "keepers", lambda: [Keeper(name="unsafe", keep=broken)])
    monkeypatch.setattr(registry, "units", lambda: [shred, rows])

    runs = list(retention.purge(at=clock.now()))

    assert [run.unit for run in runs] == ["unsafe", "rows"]


@pytest.mark.promise("team-30")
def test_a_workspace_that_keeps_metadata_for_fewer_days_is_shown_and_stores_no_more() -> None:
    shop = pages.shop()
    public = pages.message(shop)
    young, old = aged(public, 6), aged(public, 20)
    with scope.workspace(shop.workspace.id):
        type(shop.workspace).objects.filter(pk=shop.workspace.id).update(metadata_days=7)
        listed = set(Message.objects.readable(at=clock.now()).values_list("id", flat=True))
    assert (young in listed, old in listed) == (True, False)

    until_nothing_is_left(traffic.purge_metadata, clock.now())

    assert count("messaging_message", "id = %s", old) == 0
    assert count("messaging_message", "id = %s", young) == 1


def test_a_unit_whose_readers_are_not_known_to_refuse_is_an_error() -> None:
    loose = Unit(name="loose", anchor="at", action="delete", period=DAY)
    guarded = Unit(name="guarded", anchor="at", action="delete", period=DAY, guard="privacy.keyring.by_id")

    assert [error.id for error in checks.unread(loose)] == ["privacy.E008"]
    assert list(checks.unread(guarded)) == []
