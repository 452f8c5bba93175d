"""Charges per second of the ledger's functions, with the disk flushed: ``python -m bench.ledger DSN``.

DSN is a migrated database as ``sp_system``. Opens its own workspaces; each session charges for the given seconds.
"""

import argparse
import datetime as dt
import itertools
import random
import threading
import time
import uuid
from collections.abc import Iterator
from uuid import UUID

import psycopg

from smsplatform.lib import clock, ids

CHARGE = "SELECT cardinality(ledger.charge_many(%b, %b, %b, %b))"
PRICE = 45_000
PLENTY = 10**15


def main() -> None:
    """Print one line per batch size, for one wallet and for many."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dsn")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--sessions", type=int, default=4)
    parser.add_argument("--wallets", type=int, default=1000)
    options = parser.parse_args()
    wallets = open_wallets(options.dsn, number=options.wallets)
    for batch, chosen in itertools.product((1, 10, 100, 500), (wallets[:1], wallets)):
        rate = measure(
            options.dsn,
            wallets=chosen,
            batch=batch,
            sessions=options.sessions,
            seconds=options.seconds,
        )
        print(f"batch {batch:>3}  wallets {len(chosen):>5}  {rate:>9,.0f} charges/s")


def open_wallets(dsn: str, *, number: int) -> list[UUID]:
    """Wallets with more money than the bench can spend."""
    at = clock.now()
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT ledger.open_account(w, 'wallet', 'EUR') FROM unnest(%s::uuid[]) AS w",
            [[uuid.uuid4() for _ in range(number)]],
        ).fetchall()
        wallets: list[UUID] = [row[0] for row in rows]
        for wallet in wallets:
            connection.execute(
                "SELECT ledger.top_up(%s, %s, %s, 'manual', %s)",
                [ids.uuid7(), wallet, PLENTY, at],
            )
    return wallets


def measure(dsn: str, *, wallets: list[UUID], batch: int, sessions: int, seconds: float) -> float:
    """Charges per second of ``sessions`` sessions together."""
    counts = [0] * sessions

    def run(index: int) -> None:
        with psycopg.connect(dsn, autocommit=True, prepare_threshold=0) as connection:
            for arguments in batches(wallets, batch):
                connection.execute(CHARGE, arguments)
                counts[index] += batch
                if time.monotonic() > until:
                    break

    until = time.monotonic() + seconds
    threads = [threading.Thread(target=run, args=[index]) for index in range(sessions)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - started)


def batches(wallets: list[UUID], size: int) -> Iterator[tuple[list[UUID], list[UUID], list[int], dt.datetime]]:
    """Endless arguments of ``ledger.charge_many``."""
    at = clock.now()
    prices = [PRICE] * size
    while True:
        yield (
            [ids.uuid7() for _ in range(size)],
            random.choices(wallets, k=size),
            prices,
            at,
        )


if __name__ == "__main__":
    main()
