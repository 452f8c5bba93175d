"""Does the list of messages answer from an index when it is long? ``python -m bench.lists [--rows 1000000]``.

Fills one workspace in a cluster of its own and asks for a page under every combination of filters that the page
offers, through the code of the page. Each statement is also planned with EXPLAIN ANALYZE: the table must not be read
from end to end, and no page may read more rows than its window.
"""

import argparse
import datetime as dt
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import psycopg

DAYS = 60
TO, REFERENCE = "+4915123456789", "order 77"
MESSAGES: LiteralString = """
INSERT INTO messaging_message (id, workspace_id, livemode, sender_id, to_idx, reference_idx, country, category,
    encoding, parts, unit_price, price, currency, refund_basis, status, expires_at, body_expires_at)
SELECT (lpad(to_hex((extract(epoch FROM %(at)s::timestamptz) * 1000)::bigint
            - (%(rows)s - i) * %(step)s::bigint), 12, '0')
        || '7' || lpad(to_hex(i & 4095), 3, '0') || '8' || substr(md5(i::text || %(workspace)s), 1, 15))::uuid,
    %(workspace)s::uuid, i %% 2 = 0, %(sender)s,
    CASE WHEN i %% 1000 = 1 THEN %(to_idx)s::bytea ELSE substr(sha256(int8send(i)), 1, 16) END,
    CASE WHEN i %% 1000 = 3 THEN %(reference_idx)s::bytea END,
    CASE WHEN i %% 20 = 1 THEN 'FR' WHEN i %% 5 = 0 THEN 'NL' ELSE 'DE' END,
    CASE WHEN i %% 3 = 0 THEN 'otp' ELSE 'transactional' END, 'gsm7', 1, 1000, 1000, 'EUR', 'submit',
    CASE WHEN i %% 1000 = 5 THEN 'failed' WHEN i %% 100 = 7 THEN 'queued' ELSE 'delivered' END,
    %(at)s + interval '1 hour', %(at)s - interval '60 days'
FROM generate_series(1, %(rows)s) AS i
"""
OUTBOX: LiteralString = """
INSERT INTO messaging_outbox (message_id, workspace_id, carrier_id, state, lane, due_at, expires_at, attempt, failures,
    hop, parts)
SELECT id, workspace_id, workspace_id, 2, 1, %(at)s, %(at)s + interval '1 hour', 1, 0, 0, 1 FROM messaging_message
WHERE workspace_id = %(workspace)s::uuid AND status = 'queued'
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """How one page went: its time and the largest number of rows that a step of its plans read."""

    filters: dict[str, Any]
    ms: float
    read: int
    scans: list[str]  # tables read from end to end


def fill(connection: psycopg.Connection[Any], *, workspace: UUID, sender: UUID, rows: int, at: dt.datetime) -> None:
    """Messages as traffic would leave them, half of them in live mode. As superuser."""
    from messaging.drafting import number_index, reference_index  # Django must be set up first
    from privacy import keyring

    index = keyring.key(workspace, keyring.Purpose.INDEX)
    values = {
        "workspace": str(workspace), "sender": sender, "rows": rows, "at": at, "step": DAYS * 86_400_000 // rows,
        "to_idx": number_index(index, TO), "reference_idx": reference_index(index, REFERENCE),
    }  # fmt: skip
    connection.execute("SET session_replication_role = replica")
    connection.execute(MESSAGES, values)
    connection.execute(OUTBOX, values)
    connection.execute("SET session_replication_role = origin")
    connection.execute("ANALYZE messaging_message")


def combinations(*, sender: str, at: dt.datetime, every_value: bool = True) -> Iterator[dict[str, Any]]:
    """Every set of filters the page offers, with every value of each, common and rare, or with the values in turn."""
    offered: dict[str, tuple[Any, ...]] = {
        "status": ("delivered", "failed", "submitted", "canceled"),
        "category": ("otp",),
        "country": ("FR", "JP"),
        "sender": (sender,),
        "since": ((at - dt.timedelta(days=20)).date(),),
        "until": ((at - dt.timedelta(days=10)).date(),),
    }
    exact: tuple[dict[str, str], ...] = ({}, {"to": TO}, {"reference": REFERENCE})
    turns = {name: itertools.cycle(values) for name, values in offered.items()}
    choices = offered if every_value else {name: (name,) for name in offered}
    for values in itertools.product(*((None, *values) for values in choices.values())):
        for more in exact:
            chosen = {name: value for name, value in zip(offered, values, strict=True) if value is not None}
            yield {**(chosen if every_value else {name: next(turns[name]) for name in chosen}), **more}


def ask(*, workspace: UUID, filters: dict[str, Any], at: dt.datetime, timed: bool = True) -> Told:
    """The first page, the one after it and the count, in the open scope of ``workspace``.

    Planning reads everything again; unless ``timed``, that is the only time.
    """
    from messaging import windows  # Django must be set up first
    from messaging.views import listing

    def read() -> None:
        wanted = windows.Wanted(**filters)
        first = listing.page(workspace=workspace, livemode=False, wanted=wanted, cursor=listing.Cursor(), at=at)
        assert first.count is not None
        if first.older:
            cursor = listing.Cursor(before=first.older)
            listing.page(workspace=workspace, livemode=False, wanted=wanted, cursor=cursor, at=at)

    began = time.perf_counter()
    if timed:
        read()
    seconds = time.perf_counter() - began
    nodes = [node for plan in _planned(read) for node in _nodes(plan)]
    scans = [node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan" and _read(node) > 1000]
    return Told(filters=filters, ms=seconds * 1000, read=max(map(_read, nodes)), scans=scans)


def _planned(call: Any) -> list[dict[str, Any]]:
    """The plans of the statements about messages that ``call`` runs."""
    from django.db import connection

    plans: list[dict[str, Any]] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT") and '"messaging_message"' in sql:
            plans.extend(_explained(context["connection"].connection, sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        call()
    return plans


def _explained(connection: Any, sql: str, params: Any) -> list[dict[str, Any]]:
    found = connection.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params).fetchone()[0]
    told = json.loads(found) if isinstance(found, str) else found
    return [one["Plan"] for one in told]


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from _nodes(inner)


def _read(node: dict[str, Any]) -> int:
    """Rows a step looked at, over all its loops."""
    removed = sum(float(node.get(name, 0)) for name in ("Rows Removed by Filter", "Rows Removed by Index Recheck"))
    return round(float(node.get("Actual Loops", 0)) * (float(node.get("Actual Rows", 0)) + removed))


def main() -> None:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="messages of the one workspace")
    options = parser.parse_args()
    from bench.stack import Stack

    stack = Stack(Path(tempfile.mkdtemp(prefix="spb-")), workers=1)
    try:
        stack.start_servers()
        os.environ.update(stack.env)
        told = run(stack.cluster.connect("main"), rows=options.rows)
    finally:
        stack.stop()
        stack.remove()
    sys.exit(report(told))


def run(connection: psycopg.Connection[Any], *, rows: int) -> list[Told]:
    """A new workspace of so many messages, and a page of it under every filter."""
    from bench import seed  # sets Django up
    from accounts import provisioning  # isort: skip
    from billing import rates
    from smsplatform.lib import clock, ids
    from smsplatform.lib.tenancy import scope

    at = clock.now()
    plan = rates.install_default(at=at)
    owner = provisioning.create_user(email="bench@example.org", password=ids.uuid7().hex, at=at)
    workspace = UUID(seed.workspace(owner, plan, 0)["workspace"])
    with scope.workspace(workspace):
        from messaging.models import Sender

        sender = Sender.objects.get(workspace_id=workspace)
    began = time.perf_counter()
    fill(connection, workspace=workspace, sender=sender.id, rows=rows, at=at)
    sys.stdout.write(f"{rows:,} messages after {time.perf_counter() - began:.0f} s\n")
    with scope.workspace(workspace):
        asked = combinations(sender=ids.encode(ids.SENDER, sender.id), at=at)
        return [ask(workspace=workspace, filters=filters, at=at) for filters in asked]


def report(told: list[Told]) -> int:
    """Print the figures; how many pages read a table from end to end."""
    for one in sorted(told, key=lambda one: -one.ms)[:10]:
        names = " ".join(f"{name}={value}" for name, value in one.filters.items() if name not in ("to", "reference"))
        exact = "".join(f" {name}" for name in ("to", "reference") if name in one.filters)
        sys.stdout.write(f"{one.ms:7.1f} ms {one.read:7} rows  {names}{exact}\n")
    times = [one.ms for one in told]
    sys.stdout.write(
        f"{len(told)} combinations, two pages and a count each: median {statistics.median(times):.1f} ms, "
        f"slowest {max(times):.1f} ms, at most {max(one.read for one in told):,} rows read by a step, "
        f"{sum(bool(one.scans) for one in told)} with a full scan\n"
    )
    return sum(bool(one.scans) for one in told)


if __name__ == "__main__":
    main()
