"""Does ending texts cost more when there are more of them? ``python -m bench.purge [--few 10000] [--many 200000]``.

On servers of its own with the disk flushed: a day of texts is dropped with its partition, as the purge does, once with
few and once with many in it; beside it what the system takes to remove files of the same size, which is all that grows,
and what deleting them row by row would cost. The keys of the day, which are what makes texts unreadable, are one for
each workspace however many texts it sent.
"""

import argparse
import datetime as dt
import os
import tempfile
import time
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from smsplatform.lib import clock

REPEATS = 3
BLOCK = os.urandom(1 << 20)
SIZES: dict[int, int] = {}  # bytes by how many texts
FILL: LiteralString = """
    INSERT INTO messaging_body (expires_on, message_id, workspace_id, text_ct)
    SELECT %(day)s, md5(i::text || %(day)s::text)::uuid, lpad(to_hex(i %% 100 + 256), 32, '0')::uuid,
        decode(repeat(md5(i::text), 5), 'hex')
    FROM generate_series(1, %(rows)s) AS i"""


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=200_000)
    options = parser.parse_args()
    from bench.stack import Stack

    stack = Stack(Path(tempfile.mkdtemp(prefix="spb-")), workers=1)
    try:
        stack.start_servers()
        with stack.cluster.connect("main") as connection:
            measure(connection, few=options.few, many=options.many)
    finally:
        stack.stop()
        stack.remove()


def measure(connection: psycopg.Connection[Any], *, few: int, many: int) -> None:
    """Both, as superuser in autocommit."""
    connection.autocommit = True
    dropped = {rows: min(drop(connection, rows) for _ in range(REPEATS)) for rows in (few, many)}
    deleted = {rows: delete(connection, rows) for rows in (few, many)}
    for rows in (few, many):
        size = SIZES[rows]
        file = min(unlink(size) for _ in range(REPEATS))
        print(
            f"{rows:>9,} texts, {size / 1e6:6.1f} MB   dropped with their day {dropped[rows]:8.1f} ms   "
            f"a file of that size {file:8.1f} ms   row by row {deleted[rows]:8.1f} ms"
        )
    print(f"ratio   dropped {dropped[many] / dropped[few]:.2f}   row by row {deleted[many] / deleted[few]:.2f}")


def drop(connection: psycopg.Connection[Any], rows: int) -> float:
    """Milliseconds until the day is gone."""
    day = clock.now().date()
    fill(connection, rows, day)
    SIZES[rows] = size_of(connection, day)
    began = time.perf_counter()
    connection.execute("SELECT pipeline.drop_partitions(%s, 'epoch')", [day + dt.timedelta(days=1)])
    took = time.perf_counter() - began
    connection.execute("SELECT pipeline.ensure_partitions(%s)", [clock.now()])
    return took * 1000


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
    """Milliseconds until the rows are deleted one by one, for comparison."""
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
