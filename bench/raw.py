"""What the machine can do at best, measured beside the product: durable single-row commits and SMPP on loopback."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import psycopg

from smsplatform.quickstart import databases
from smsplatform.quickstart.postgres import SUPERUSER, Cluster

CLIENTS = 32
TABLE = (
    "CREATE TABLE IF NOT EXISTS public.bench_commit (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, filler text)"
)
INSERT = "INSERT INTO public.bench_commit (filler) VALUES (repeat('x', 100))"


def commits_per_second(cluster: Cluster, *, seconds: int) -> float:
    """Transactions of one inserted row each, flushed to disk, from 32 sessions."""
    with cluster.connect(databases.MAIN) as connection:
        connection.execute(TABLE)
    return _pgbench(cluster, seconds) if shutil.which("pgbench") else _threads(cluster, seconds)


def _pgbench(cluster: Cluster, seconds: int) -> float:
    env = {**os.environ, "PGHOST": str(cluster.sockets), "PGUSER": SUPERUSER, "PGPASSWORD": cluster.password}
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(INSERT + ";\n")
        script.flush()
        command = ["pgbench", "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds)]
        command += ["-f", script.name, databases.MAIN]
        done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    assert found is not None
    return float(found[1])


def _threads(cluster: Cluster, seconds: int) -> float:
    counts = [0] * CLIENTS
    until = time.monotonic() + seconds

    def run(index: int) -> None:
        with psycopg.connect(
            host=str(cluster.sockets), user=SUPERUSER, password=cluster.password, dbname=databases.MAIN,
            autocommit=True, prepare_threshold=0,
        ) as connection:  # fmt: skip
            while time.monotonic() < until:
                connection.execute(INSERT)
                counts[index] += 1

    threads = [threading.Thread(target=run, args=[index]) for index in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def smpp_per_second(*, messages: int = 100_000) -> float:
    """Submits with their receipts between our client and the simulated carrier, without a database."""
    command = [sys.executable, "-m", "bench.smpp", "--messages", str(messages)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.splitlines()[-1].split("|")[3].replace(",", ""))
