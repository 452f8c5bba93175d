"""Killing any process at any instant loses nothing, charges nothing twice, and repeats no more than the window.

While messages flow, SIGKILL hits two web processes, workers, beat, Valkey, PostgreSQL, the carrier and the webhook
receiver at random moments; each is started again a second later. Then three records that the product did not write
are compared with its database: what the customer was answered, what the carrier got, and what the receiver got.

``KILL_MESSAGES=20000 KILL_COUNT=30`` is the full size; ``KILL_SEED`` repeats the moments of a run,
``KILL_TARGETS`` names the victims (``alpha`` is the carrier, ``sink`` the receiver).
"""

import hashlib
import json
import os
import random
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from smsplatform.lib import ids
from smsplatform.quickstart import children
from tests.flows.conftest import FINAL, Customer, make_customer
from tests.flows.stack import Stack, until

MESSAGES = int(os.environ.get("KILL_MESSAGES", "2000"))
KILLS = int(os.environ.get("KILL_COUNT", "10"))
RATE = float(os.environ.get("KILL_RATE", "80"))
SEED = int(os.environ.get("KILL_SEED", "0")) or random.randrange(1, 10**6)
QUIET_SECONDS = 120.0
WINDOW = 100
TARGETS = os.environ.get("KILL_TARGETS", "web web2 submission default beat valkey postgres alpha sink").split()
HOOK = "/hook/kills"
# Shorter than in production, so that what a dead worker held is not what this test waits for.
SETTINGS = {"WEBHOOK_TIMEOUT_SECONDS": "4", "MARKETING_UNKNOWN_SECONDS": "6"}
SLOW = {"response_delay": 0.1, "response_jitter": 0.2, "receipt_delay": 0.5}  # so that something is always under way
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300 + int(4 * MESSAGES / RATE))]


@dataclass(kw_only=True)
class Aftermath:
    """What is left when everything is quiet."""

    stack: Stack
    customer: Customer
    run: str
    killed: Counter[str]
    accepted: dict[str, dict[str, Any]] = field(default_factory=dict)  # by idempotency key: the document of the 202
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: dict[str, int] = field(default_factory=dict)

    def key_of(self, message: UUID) -> str:
        return self._keys[message]

    def __post_init__(self) -> None:
        for line in self.stack.lines(self.stack.directory / "driver.jsonl"):
            self.statuses.update(line["statuses"])
            if line["statuses"][-1] == 202:
                self.accepted[line["key"]] = line["answer"]
        self.ids = {key: ids.decode(ids.MESSAGE, answer["id"]) for key, answer in self.accepted.items()}
        self._keys = {message: key for key, message in self.ids.items()}
        query = "SELECT id, status, error, price, parts, returned FROM messaging_message WHERE workspace_id = %s"
        self.messages = {row[0]: row[1:] for row in self.stack.rows(query, [self.customer.workspace])}

    def copies(self) -> dict[tuple[str, int], int]:
        """How often each part reached the carrier, by key and part; from the carrier's own record."""
        return Counter({part: len(arrivals) for part, arrivals in self.arrivals().items()})

    def arrivals(self) -> dict[tuple[str, int], list[float]]:
        """When each part reached the carrier, by key and part, in seconds since 1970."""
        found: dict[tuple[str, int], list[float]] = defaultdict(list)
        for line in self.stack.lines(self.stack.record_file("alpha")):
            if line["status"] == 0:
                found[line["marker"], line["part"]].append(line["at"])
        return found


@pytest.fixture(scope="module")
def aftermath() -> Iterator[Aftermath]:
    """Runs everything once; the tests look at what is left."""
    began = time.monotonic()
    alpha = {"alpha": {"window": WINDOW}}
    with Stack(durable=True, carriers=alpha, script=SLOW, webs=2, settings=SETTINGS) as stack:
        started = time.monotonic()
        customer = make_customer(stack, credit=10**10)
        types = [f"message.{word}" for word in ("queued", "submitted", *sorted(FINAL))]
        stack.endpoint(customer.key, HOOK, types=types)
        run = f"k{SEED}"
        killed = flow(stack, customer, run)
        flowed = time.monotonic()
        settle(stack)
        found = Aftermath(stack=stack, customer=customer, run=run, killed=killed)
        found.seconds = {
            "start": round(started - began),
            "flow": round(flowed - started),
            "settle": round(time.monotonic() - flowed),
        }
        report(found)
        yield found


def flow(stack: Stack, customer: Customer, run: str) -> Counter[str]:
    """Messages flow and processes die, until every request has its end."""
    chance = random.Random(SEED)
    schedule = moments(chance, MESSAGES / RATE)
    out = stack.directory / "driver.jsonl"
    urls = [part for name in stack._webs() for part in ("--url", f"http://127.0.0.1:{stack.ports[name]}")]
    options = ("--key", customer.key, "--run", run, "--count", MESSAGES, "--rate", RATE, "--out", out)
    driver = children.spawn(stack._python("tests.flows.driver", *urls, *options), death_signal=signal.SIGKILL)
    killed: Counter[str] = Counter()
    began = time.monotonic()
    try:
        while driver.poll() is None:
            if schedule and time.monotonic() - began >= schedule[0][0] and stack.processes[schedule[0][1]].running:
                name = schedule.pop(0)[1]
                stack.processes[name].kill()
                killed[name] += 1
            stack.tend()
            time.sleep(0.02)
    finally:
        children.stop(driver, stop_signal=signal.SIGKILL, timeout_seconds=1)
    assert driver.returncode == 0
    assert not schedule, "not all kills happened"
    return killed


def moments(chance: random.Random, seconds: float) -> list[tuple[float, str]]:
    """Seconds after the start and whom to kill: everybody in turn, in a new order each time."""
    names: list[str] = []
    while len(names) < KILLS:
        names += chance.sample(TARGETS, len(TARGETS))
    return list(zip(sorted(chance.uniform(1.0, seconds - 1.0) for _ in range(KILLS)), names, strict=False))


def settle(stack: Stack) -> None:
    """Wait until nothing is under way; then let the time of those pass whose receipt died with the carrier."""
    under_way = "SELECT (SELECT count(*) FROM messaging_outbox WHERE state < 2), (SELECT count(*) FROM messaging_delivery WHERE state IN ('pending', 'leased'))"  # noqa: E501  # one query

    def quiet() -> bool:
        stack.tend()
        return stack.rows(under_way) == [(0, 0)] and not stack.control("GET", "/stats")["waiting"]

    until("everything is quiet", quiet, seconds=QUIET_SECONDS, every=0.25)
    time.sleep(1.5)  # receipts on their way
    stack.rows("SELECT pipeline.expire(now() + interval '2 days', interval '10 minutes', 1000000)")
    stack.rows("UPDATE messaging_delivery SET due_at = now() WHERE state = 'pending' RETURNING id")
    until("the last events are told", quiet, seconds=QUIET_SECONDS, every=0.25)


def report(found: Aftermath) -> None:
    """The figures of this run, for ``-s`` and for the report of a failure."""
    extra = {name: process.starts for name, process in found.stack.processes.items()}
    copies = found.copies()
    figures = {
        "seed": SEED,
        "kills": dict(found.killed),
        "starts": extra,
        "seconds": found.seconds,
        "accepted": len(found.accepted),
        "answers": dict(found.statuses),
        "states": dict(Counter(f"{row[0]} {row[1] or ''}".strip() for row in found.messages.values())),
        "duplicates": sum(count - 1 for count in copies.values()),
        "events": len(found.stack.lines(found.stack.sink_file)),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


def test_every_request_was_answered_in_the_end(aftermath: Aftermath) -> None:
    assert len(aftermath.accepted) == MESSAGES
    assert set(aftermath.statuses) <= {0, 202, 409, 503}, aftermath.stack.logs()


def test_every_accepted_message_is_final(aftermath: Aftermath) -> None:
    states = Counter(aftermath.messages[message][:2] for message in aftermath.ids.values())

    assert set(states) <= {("delivered", None), ("expired", "no_receipt")}, states
    if not aftermath.killed["alpha"]:
        assert set(states) == {("delivered", None)}


@pytest.mark.promise("api-04")
def test_nothing_accepted_is_lost(aftermath: Aftermath) -> None:
    copies = aftermath.copies()

    missing = [
        (key, part)
        for key, message in aftermath.ids.items()
        for part in range(1, aftermath.messages[message][3] + 1)
        if not copies.get((key, part))
    ]

    assert missing == []


@pytest.mark.promise("api-04")
def test_each_key_made_one_message(aftermath: Aftermath) -> None:
    query = "SELECT digest, message_ids FROM messaging_idempotency_key WHERE workspace_id = %s"
    made = {bytes(row[0]): row[1] for row in aftermath.stack.rows(query, [aftermath.customer.workspace])}

    for key, message in aftermath.ids.items():
        assert made[hashlib.sha256(f"/v1/messages\n{key}".encode()).digest()] == [message]
    assert len(made) == len(aftermath.messages) == len(aftermath.ids)


def test_each_message_is_charged_once_and_what_is_not_owed_returned(aftermath: Aftermath) -> None:
    query = "SELECT id, kind, amount FROM ledger.transfer WHERE wallet_id = %s AND kind <> 'top_up'"
    moves: dict[UUID, list[tuple[str, int]]] = defaultdict(list)
    for message, kind, amount in aftermath.stack.rows(query, [aftermath.customer.wallet]):
        moves[message].append((kind, amount))

    assert set(moves) == set(aftermath.messages)
    for message, (_, _, price, _, returned) in aftermath.messages.items():
        expected = [("charge", price)] + ([("refund", returned)] if returned else [])
        assert sorted(moves[message]) == expected
    owed = sum(row[2] - (row[4] or 0) for row in aftermath.messages.values())
    assert sum(amount if kind == "charge" else -amount for move in moves.values() for kind, amount in move) == owed


def test_the_ledger_sums_to_zero_and_the_wallet_is_what_it_says(aftermath: Aftermath) -> None:
    stack = aftermath.stack
    sides = "SELECT currency, debit_id AS account, -amount AS amount FROM ledger.transfer UNION ALL SELECT currency, credit_id, amount FROM ledger.transfer"  # noqa: E501  # one query

    sums = stack.rows(f"SELECT currency, sum(amount) FROM ({sides}) AS s GROUP BY currency")
    wallets = stack.rows(
        f"SELECT a.posted, (SELECT sum(amount) FROM ({sides}) AS s WHERE account = a.id) FROM ledger.account a "
        "WHERE a.workspace_id IS NOT NULL AND a.seq > 0"
    )
    lowest = stack.value("SELECT min(wallet_after) FROM ledger.transfer")

    assert all(total == 0 for _, total in sums)
    assert all(posted == total >= 0 for posted, total in wallets)
    assert lowest >= 0


def test_repeats_are_recorded_and_within_the_window(aftermath: Aftermath) -> None:
    stack, copies = aftermath.stack, aftermath.copies()
    attempts = {
        (aftermath.key_of(row[0]), row[1]): row[2]
        for row in stack.rows("SELECT message_id, part, count(*) FROM messaging_attempt GROUP BY 1, 2")
    }
    lost = Counter(
        aftermath.key_of(row[0]) for row in stack.rows("SELECT message_id FROM messaging_event WHERE kind = 'unknown'")
    )

    for (key, part), count in copies.items():
        assert count <= attempts.get((key, part), 0) + lost[key], (key, part)
    repeats = sum(count - 1 for count in copies.values())
    deaths = aftermath.killed["submission"] + aftermath.killed["alpha"] + aftermath.killed["postgres"]
    assert repeats <= WINDOW * deaths


def test_marketing_that_a_carrier_may_have_waits_for_its_receipt_before_it_goes_again(aftermath: Aftermath) -> None:
    query = """
        SELECT e.message_id, extract(epoch FROM e.at)::float FROM messaging_event e
        JOIN messaging_message m ON m.id = e.message_id AND m.category = 'marketing' WHERE e.kind = 'unknown'"""
    given_back: dict[str, list[float]] = defaultdict(list)
    for message, moment in aftermath.stack.rows(query):
        given_back[aftermath.key_of(message)].append(moment)

    # Of the carrier's own record: a worker that was only slow may write down its first try after it was given up.
    waited = [
        arrival - max(before)
        for (key, _), arrivals in aftermath.arrivals().items()
        for arrival in sorted(arrivals)[1:]
        if (before := [moment for moment in given_back[key] if moment < arrival])
    ]

    assert all(seconds >= float(SETTINGS["MARKETING_UNKNOWN_SECONDS"]) for seconds in waited), waited


def test_every_event_arrived_in_order_under_one_id(aftermath: Aftermath) -> None:
    first: dict[str, list[str]] = defaultdict(list)
    names: dict[tuple[str, str], set[str]] = defaultdict(set)
    for line in aftermath.stack.lines(aftermath.stack.sink_file):
        assert line["signed"]
        assert line["status"] == 204
        if line["type"] not in first[line["message"]]:
            first[line["message"]].append(line["type"])
        names[line["message"], line["type"]].add(line["id"])

    order = ["message.queued", "message.submitted"]
    for answer in aftermath.accepted.values():
        status = aftermath.messages[ids.decode(ids.MESSAGE, answer["id"])][0]
        assert first[answer["id"]] == [*order, f"message.{status}"]
    assert all(len(known) == 1 for known in names.values())
    assert {state for (state,) in aftermath.stack.rows("SELECT DISTINCT state FROM messaging_delivery")} == {
        "delivered"
    }


def test_only_what_was_killed_died(aftermath: Aftermath) -> None:
    died = {name: process.starts - 1 for name, process in aftermath.stack.processes.items()}

    assert {name: count for name, count in died.items() if count} == dict(aftermath.killed)


def test_losing_a_neighbour_is_no_surprise_to_any_process(aftermath: Aftermath) -> None:
    """Outages are warnings; what stands here are errors that nobody thought of."""
    surprises = ("Unrecoverable", "raised unexpected", "record_failed", "accept_failed", "bind_failed")
    logs = (aftermath.stack.directory / "logs").glob("*.log")

    found = [
        f"{file.name}: {line[:600]}"
        for file in logs
        for line in file.read_text(errors="replace").splitlines()
        if any(word in line for word in surprises)
    ]

    assert found == []
