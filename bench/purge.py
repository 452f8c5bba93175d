"""Does ending texts cost more when there are more of them? ``python -m bench.purge [--few 10000] [--many 1000000]``.

On servers of its own with the disk flushed: a day of texts ends as in the purge, once with few and once with many in
it. Its keys are destroyed, which makes the texts unreadable; its partition is dropped, which is over for everybody else
when the lock is gone; and the file system takes the room back, which is all that grows, and which only the purge itself
waits for (PostgreSQL removes files after it has let go of its locks). Beside it the log that was written, what removing
a file of that size takes without a database, and what deleting row by row would cost.
"""

import argparse
import datetime as dt
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from smsplatform.lib import clock

REPEATS = 5
WORKSPACES = 100
BLOCK = os.urandom(1 << 20)
FILL: LiteralString = """
    INSERT INTO messaging_body (expires_on, message_id, workspace_id, text_ct)
    SELECT %(day)s, md5(i::text || %(day)s::text)::uuid, lpad(to_hex(i %% 100 + 256), 32, '0')::uuid,
        decode(repeat(md5(i::text), 5), 'hex')
    FROM generate_series(1, %(rows)s) AS i"""


@dataclass(frozen=True, slots=True)
class Ended:
    """What it took to end one day of texts; milliseconds and bytes."""

    size: int  # of its files
    keys: float  # until nobody can read them
    gone: float  # until the partition is gone for every session and its lock released
    room: float  # until the file system has taken the room back, in all
    log: int  # written to the write-ahead log


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=1_000_000)
    options = parser.parse_args()
    from bench.stack import Stack

    stack = Stack(Path(tempfile.mkdtemp(prefix="spb-")), workers=1)
    try:
        stack.start_servers()
        os.environ.update(stack.env)
        with stack.cluster.connect("main") as connection, stack.cluster.connect("main") as other:
            connection.autocommit = other.autocommit = True
            measure(connection, other, (options.few, options.many))
    finally:
        stack.stop()
        stack.remove()


def measure(connection: psycopg.Connection[Any], other: psycopg.Connection[Any], amounts: Sequence[int]) -> None:
    """Few and many in turn, so that a busy hour slows both; prints medians."""
    import django

    django.setup()
    ended: dict[int, list[Ended]] = {rows: [] for rows in amounts}
    for _ in range(REPEATS):
        for rows in amounts:
            ended[rows].append(end(connection, other, rows))
    print("| texts | files MB | keys destroyed ms | gone for everybody ms | log kB | room back ms "
          "| removing such a file ms | row by row ms |\n|---:|---:|---:|---:|---:|---:|---:|---:|")  # fmt: skip
    for rows, found in ended.items():
        keys, gone, room = (statistics.median(getattr(one, name) for one in found) for name in ("keys", "gone", "room"))
        log = statistics.median(one.log for one in found)
        file = min(unlink(found[0].size) for _ in range(3))
        print(
            f"| {rows:,} | {found[0].size / 1e6:.1f} | {keys:.1f} | {gone:.1f} | {log / 1e3:.0f} | {room:.1f} "
            f"| {file:.1f} | {delete(connection, rows):.1f} |"
        )


def end(connection: psycopg.Connection[Any], other: psycopg.Connection[Any], rows: int) -> Ended:
    """End a day of ``rows`` texts."""
    from privacy import keyring

    day = clock.now().date()
    fill(connection, rows, day)
    size = size_of(connection, day)
    for number in range(WORKSPACES):
        keyring.body_key(UUID(int=number + 256), day)
    began = time.perf_counter()
    keyring.destroy_body_keys(day + dt.timedelta(days=1))
    keys = time.perf_counter() - began

    watch = Watch(other, day)
    before = _log_position(connection)
    began = time.perf_counter()
    connection.execute("SELECT pipeline.drop_partitions(%s, 'epoch')", [day + dt.timedelta(days=1)])
    room = time.perf_counter() - began
    log = _log_position(connection) - before
    gone = watch.gone_at() - began
    connection.execute("SELECT pipeline.ensure_partitions(%s)", [clock.now()])
    return Ended(size, keys * 1000, gone * 1000, room * 1000, log)


class Watch:
    """Another session that reads all texts again and again: when it no longer meets the day, the day is gone."""

    def __init__(self, connection: psycopg.Connection[Any], day: dt.date) -> None:
        self._connection, self._day = connection, day
        self._gone_at = 0.0
        self._reading = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        self._reading.wait()

    def gone_at(self) -> float:
        """When it was, as ``perf_counter``."""
        self._thread.join()
        return self._gone_at

    def _look(self) -> None:
        query: LiteralString = "SELECT EXISTS (SELECT 1 FROM messaging_body WHERE expires_on = %s)"
        while True:
            found = self._connection.execute(query, [self._day]).fetchone()
            self._gone_at = time.perf_counter()
            self._reading.set()
            if found == (False,):
                return


def _log_position(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')").fetchone()
    assert row is not None
    return int(row[0])


def size_of(connection: psycopg.Connection[Any], day: dt.date) -> int:
    """Bytes of the day's files, its index included."""
    table = f"messaging_body_{day:%Y%m%d}"
    row = connection.execute("SELECT pg_total_relation_size(%s::regclass)", [table]).fetchone()
    assert row is not None
    return int(row[0])


def unlink(size: int) -> float:
    """Milliseconds to remove a file of ``size`` bytes that is on the disk, beside the databases."""
    with tempfile.NamedTemporaryFile(delete=False) as file:
        for _ in range(size // len(BLOCK)):
            file.write(BLOCK)
        file.flush()
        os.fsync(file.fileno())
    began = time.perf_counter()
    Path(file.name).unlink()
    return (time.perf_counter() - began) * 1000


def delete(connection: psycopg.Connection[Any], rows: int) -> float:
    """Milliseconds until the rows are deleted one by one, for comparison; their room stays taken."""
    day = clock.now().date()
    fill(connection, rows, day)
    began = time.perf_counter()
    connection.execute("DELETE FROM messaging_body WHERE expires_on = %s", [day])
    return (time.perf_counter() - began) * 1000


def fill(connection: psycopg.Connection[Any], rows: int, day: dt.date) -> None:
    """Texts of one day, written to disk."""
    connection.execute("SELECT pipeline.ensure_partitions(%s)", [clock.now()])
    connection.execute("SET session_replication_role = replica")
    connection.execute(FILL, {"rows": rows, "day": day})
    connection.execute("SET session_replication_role = origin")
    connection.execute("CHECKPOINT")


if __name__ == "__main__":
    main()
