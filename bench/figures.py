"""What the figures by the hour cost: ``python -m bench.figures [--messages 200000]``.

On servers of its own with the disk flushed: finishing messages with and without the notes of touched hours, making one
full hour again, and reading 90 days of a workspace that sends to 50 countries around the clock.
"""

import argparse
import datetime as dt
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from smsplatform.lib import clock

WORKSPACE = UUID(int=300)
FINISHED = 500  # messages in one call, as receipts come
REPEATS = 15

MESSAGES: LiteralString = """
    INSERT INTO messaging_message (id, workspace_id, livemode, sender_id, to_idx, country, category, encoding, parts,
        unit_price, price, currency, refund_basis, status, expires_at, body_expires_at)
    SELECT pipeline.uuid7(%(hour)s + i * interval '3600 s' / %(rows)s), %(workspace)s, true, %(workspace)s, '\\x00',
        (ARRAY['NL', 'DE', 'FR', 'GB', 'ES'])[i %% 5 + 1], 'otp', 'gsm7', 1, 1000, 1000, 'EUR', 'accept', 'queued',
        %(hour)s + interval '1 day', %(hour)s + interval '1 day'
    FROM generate_series(0, %(rows)s - 1) AS i"""
OUTBOX: LiteralString = """
    INSERT INTO messaging_outbox (message_id, workspace_id, carrier_id, state, lane, due_at, expires_at, attempt,
        failures, hop, parts)
    SELECT id, workspace_id, workspace_id, 2, 0, %(hour)s, expires_at, 1, 0, 0, 1 FROM messaging_message"""
HOURS: LiteralString = """
    INSERT INTO messaging_traffic_hour (workspace_id, livemode, hour, country, category, outcome, latency, messages,
        parts, price)
    SELECT %(workspace)s, false, %(hour)s - h * interval '1 hour', chr(65 + c / 26) || chr(65 + c %% 26), 'otp',
        CASE WHEN l = 0 THEN 'undelivered' ELSE 'delivered' END, l, 10, 10, 1000
    FROM generate_series(1, 90 * 24) AS h, generate_series(0, 49) AS c, generate_series(0, 5) AS l"""
FINISH: LiteralString = """
    SELECT pipeline.finish(array_agg(message_id), array_agg('delivered'::text), array_agg(NULL::text), %(hour)s)
    FROM (SELECT message_id FROM messaging_outbox LIMIT %(batch)s) AS o"""


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=200_000, help="in the hour that is made again")
    rows = parser.parse_args().messages
    from bench.stack import Stack

    stack = Stack(Path(tempfile.mkdtemp(prefix="spb-")), workers=1)
    try:
        stack.start_servers()
        with stack.cluster.connect("main") as connection:
            measure(connection, rows=rows)
    finally:
        stack.stop()
        stack.remove()


def measure(connection: psycopg.Connection[Any], *, rows: int) -> None:
    """All of it, as superuser in autocommit."""
    connection.autocommit = True
    at = clock.now().replace(minute=0, second=0, microsecond=0) - dt.timedelta(hours=1)
    values = {"rows": rows, "hour": at, "workspace": WORKSPACE, "batch": FINISHED}
    connection.execute("SET session_replication_role = replica")
    for query in (MESSAGES, OUTBOX, HOURS):
        connection.execute(query, values)
    connection.execute("SET session_replication_role = origin")
    connection.execute("VACUUM ANALYZE messaging_message, messaging_outbox, messaging_traffic_hour")

    def finish() -> None:
        connection.execute(FINISH, values)

    told = median_ms(finish)
    connection.execute("ALTER TABLE messaging_message DISABLE TRIGGER touched_by_update")
    plain = median_ms(finish)
    connection.execute("ALTER TABLE messaging_message ENABLE TRIGGER touched_by_update")
    print(f"finish {FINISHED} messages        {told:8.1f} ms with notes, {plain:.1f} ms without")

    def again() -> None:
        connection.execute("SELECT pipeline.touch_new(%s), pipeline.roll_up(%s, %s, 100)", [at, at, at])

    print(f"make an hour of {rows:,} again {median_ms(again, 3):8.1f} ms")
    [count] = connection.execute("SELECT count(*) FROM messaging_traffic_hour").fetchone() or [0]
    print(f"read 90 days, {count:,} rows   {median_ms(lambda: read(connection, at), 5):8.1f} ms")


def read(connection: psycopg.Connection[Any], at: dt.datetime) -> None:
    """What the overview asks for 90 days and the 90 before."""
    from messaging.figures import QUERY

    ninety = dt.timedelta(days=90)
    connection.execute(
        QUERY,
        {
            "workspace": WORKSPACE, "livemode": False, "zone": "Europe/Berlin", "since": at - ninety,
            "since_before": at - 2 * ninety, "until_before": at - ninety,
        },
    ).fetchall()  # fmt: skip


def median_ms(call: Callable[[], None], repeats: int = REPEATS) -> float:
    """The median time of a call in milliseconds, its first run left out."""
    call()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    main()
