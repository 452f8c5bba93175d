"""The whole way of a message, measured: ``python -m bench.pipeline [--messages 60000] [--runs 3]``.

Brings up an installation of its own (PostgreSQL with the disk flushed, Valkey, web, workers, beat, a fast simulated
carrier) and sends until every message is delivered and its webhook answered. Each round measures, one after the other:
what the machine can do raw, single sends over 64 connections from one workspace and from many, batches of 100, a
steady 200 per second, and Kannel when it is installed. Printed are the medians of the rounds, and ratios, because
absolute figures belong to one machine and one hour. Ends with 1 when a message was lost or an amount is wrong.
"""

import argparse
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bench import kannel, raw
from bench.processes import Meter, load_average
from bench.stack import Generator, Stack, running
from smsplatform.quickstart import databases

WARM_UP = 1000
STEADY_RATE, STEADY_SECONDS = 200.0, 20
COUNTED = ("web", "worker", "submission", "valkey")  # the memory target is about these; the databases have their own

HEAD = """
| | messages/s | of raw commits | CPU s/1,000 | accept/s | API p50 / p99 ms | end to end p50 / p99 ms | MB |
|---|---|---|---|---|---|---|---|
"""

Figures = dict[str, float]


def main() -> None:
    """Run and print."""
    options = _options()
    with running(workspaces=options.workspaces, workers=options.workers, receipt_seconds=options.receipts) as (s, load):
        with _kannel(s, options) as other:
            bench = Bench(s, load, options, other)
            bench.send("warm-up", messages=WARM_UP, keys=bench.keys)
            rounds = [bench.round() for _ in range(options.runs)]
        _print_table(rounds, other is not None)
        faults = bench.faults()
    sys.stdout.write("".join(f"WRONG: {fault}\n" for fault in faults) or "Nothing lost, every amount right.\n")
    sys.exit(bool(faults))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=60_000, help="per measurement")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--workspaces", type=int, default=50, help="for the comparison of one with many")
    parser.add_argument(
        "--workers", type=int, choices=(1, 2), default=1, help="worker processes; the quick start has one"
    )
    parser.add_argument("--receipts", type=float, default=0.5, help="seconds until the carrier sends a receipt")
    parser.add_argument("--without-kannel", action="store_true")
    return parser.parse_args()


@contextmanager
def _kannel(stack: Stack, options: argparse.Namespace) -> Iterator[kannel.Kannel | None]:
    if options.without_kannel or not kannel.installed():
        sys.stdout.write("Kannel is not installed or not wanted: no comparison (apt install kannel).\n")
        yield None
        return
    other = kannel.Kannel(stack.directory / "kannel", stack.carrier_port)
    try:
        yield other
    finally:
        other.stop()


class Bench:
    """The measurements of one installation."""

    def __init__(self, stack: Stack, load: Generator, options: argparse.Namespace, other: kannel.Kannel | None) -> None:
        self._stack, self._load, self._options, self._other = stack, load, options, other
        self._next = 0
        self._sent = 0
        self._lost: list[str] = []
        self.keys = [workspace["key"] for workspace in stack.workspaces]

    def round(self) -> Mapping[str, Figures]:
        """Every measurement once."""
        count = self._options.messages
        found = {
            "commits": {"rate": raw.commits_per_second(self._stack.cluster, seconds=4)},
            "smpp": {"rate": raw.smpp_per_second()},
            "single": self.send("single", messages=count, keys=self.keys[:1]),
        }
        if self._other is not None:
            found["kannel"] = self._send_kannel(count)
        found["many"] = self.send("many", messages=count, keys=self.keys)
        found["batch"] = self.send("batch", messages=count, keys=self.keys[:1], batch=100, connections=8)
        steady = int(STEADY_RATE * STEADY_SECONDS)
        found["steady"] = self.send("steady", messages=steady, keys=self.keys[:1], rate=STEADY_RATE)
        return found

    def send(self, name: str, **plan: Any) -> Figures:
        """One measurement of ours."""
        found = self._measure(name, {n: p.pid for n, p in self._stack.processes.items()}, self._stack.web_port, plan)
        self._sent += int(found["accepted"])
        return found

    def _send_kannel(self, messages: int) -> Figures:
        assert self._other is not None
        pids = {name: process.pid for name, process in self._other.processes.items()}
        return self._measure("kannel", pids, self._other.port, {"messages": messages, "keys": []})

    def _measure(self, name: str, pids: Mapping[str, int], port: int, plan: Mapping[str, Any]) -> Figures:
        meter = Meter(pids)
        found = self._load.run(port=port, first=self._next, **plan)
        used = meter.stop()
        self._next += plan["messages"]
        accepted = max(1, found["accepted"])
        found["cpu"] = sum(used.values()) / accepted * 1000
        found |= {f"cpu_{part}": seconds / accepted * 1000 for part, seconds in used.items()}
        counted = [part for part in meter.peak if part in COUNTED] if name != "kannel" else list(meter.peak)
        found["memory"] = sum(meter.peak[part] for part in counted) / 2**20
        found |= {f"memory_{part}": size / 2**20 for part, size in meter.peak.items()}
        if found["refused"] or found["called_back"] != found["accepted"]:
            self._lost.append(f"{name}: {found['accepted']} accepted, {found['refused']} refused, "
                              f"{found['called_back']} called back")  # fmt: skip
        parts = ", ".join(f"{part} {seconds / accepted * 1000:.3f}" for part, seconds in used.items())
        sys.stdout.write(
            f"{name:8} {found['rate']:8,.0f}/s  accept {found['accept_rate']:8,.0f}/s  CPU {found['cpu']:.3f} s/1,000 "
            f"({parts})  memory {found['memory']:.0f} MB  API p50 {found['api_p50'] * 1e3:.1f} p99 "
            f"{found['api_p99'] * 1e3:.1f} ms  end p50 {found['end_p50'] * 1e3:.0f} p99 {found['end_p99'] * 1e3:.0f} ms"
            f"  load {load_average():.1f}\n"
        )
        sys.stdout.flush()
        return found

    def faults(self) -> list[str]:
        """What does not add up in the database, and what was not called back."""
        return self._lost + _check(self._stack, self._sent)


CHARGED = """SELECT (SELECT sum(amount) FROM ledger.transfer WHERE kind = 'charge')
    - (SELECT sum(price) FROM messaging_message)"""
WALLETS = """SELECT (SELECT sum(posted) FROM ledger.account WHERE workspace_id IS NOT NULL)
    - (SELECT sum(CASE WHEN kind = 'charge' THEN -amount ELSE amount END) FROM ledger.transfer)"""
CHECKS = {  # None: as many as were accepted
    "messages": ("SELECT count(*) FROM messaging_message", None),
    "messages delivered": ("SELECT count(*) FROM messaging_message WHERE status = 'delivered'", None),
    "charges": ("SELECT count(*) FROM ledger.transfer WHERE kind = 'charge'", None),
    "webhooks delivered": ("SELECT count(*) FROM messaging_delivery WHERE state = 'delivered'", None),
    "left in the queue": ("SELECT count(*) FROM messaging_outbox", 0),
    "webhooks not delivered": ("SELECT count(*) FROM messaging_delivery WHERE state <> 'delivered'", 0),
    "money charged less the sum of prices": (CHARGED, 0),
    "wallets less the sum of transfers": (WALLETS, 0),
}


def _check(stack: Stack, sent: int) -> list[str]:
    faults = []
    with stack.cluster.connect(databases.MAIN) as connection:
        for name, (query, wanted) in CHECKS.items():
            row = connection.execute(query.encode()).fetchone()
            assert row is not None
            expected = sent if wanted is None else wanted
            if row[0] != expected:
                faults.append(f"{name}: {row[0]}, expected {expected}")
    return faults


def _print_table(rounds: list[Mapping[str, Figures]], with_kannel: bool) -> None:
    middle = {name: {key: statistics.median(one[name][key] for one in rounds) for key in rounds[0][name]}
              for name in rounds[0]}  # fmt: skip
    names = ["single", "many", "batch", "steady", *(["kannel"] if with_kannel else [])]
    sys.stdout.write(HEAD)
    for name in names:
        one = middle[name]
        sys.stdout.write(
            f"| {name} | {one['rate']:,.0f} | {one['rate'] / middle['commits']['rate']:.3f} | {one['cpu']:.3f} "
            f"| {one['accept_rate']:,.0f} | {one['api_p50'] * 1e3:.1f} / {one['api_p99'] * 1e3:.1f} "
            f"| {one['end_p50'] * 1e3:.0f} / {one['end_p99'] * 1e3:.0f} | {one['memory']:.0f} |\n"
        )
    sys.stdout.write(f"\nraw single-row commits, 32 sessions: {middle['commits']['rate']:,.0f}/s\n")
    sys.stdout.write(f"raw SMPP submit and receipt: {middle['smpp']['rate']:,.0f}/s\n")
    for text, ratio in _ratios(rounds, with_kannel).items():
        sys.stdout.write(f"{text}: {ratio:.2f}\n")
    sys.stdout.write(f"load average at the end: {load_average():.1f}\n")


def _ratios(rounds: list[Mapping[str, Figures]], with_kannel: bool) -> dict[str, float]:
    """Of each round, then the median: neighbours that slow a machine slow both sides of a round."""
    pairs = {
        "single / raw commits (aim 0.15)": ("single", "commits"),
        "batch / single (aim 2)": ("batch", "single"),
        "one workspace / many (aim 0.9)": ("single", "many"),
    }
    if with_kannel:
        pairs |= {"single / Kannel (aim 1)": ("single", "kannel"), "batch / Kannel (aim 2)": ("batch", "kannel")}
    found: dict[str, list[float]] = defaultdict(list)
    for one in rounds:
        for text, (upper, lower) in pairs.items():
            found[text].append(one[upper]["rate"] / one[lower]["rate"])
        if with_kannel:
            found["CPU per message / Kannel's"].append(one["single"]["cpu"] / one["kannel"]["cpu"])
    return {text: statistics.median(values) for text, values in found.items()}


if __name__ == "__main__":
    main()
