"""SMPP on loopback: our client against the simulated carrier, each in a process of its own.

Prints one row: submits per second with their receipts, and CPU per message of both sides. Run as
``python -m bench.smpp [--messages 200000] [--window 1000]``.
"""

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import uvloop

from messaging.carriers.smpp import submits
from messaging.carriers.smpp.client import Client, ClientOptions, StateChange, SubmitRequest, SubmitResult
from messaging.carriers.smpp.session import Delivery, LinkState, SessionOptions


class Run:
    """Keeps the window full until ``total`` messages have a result and a final receipt."""

    def __init__(self, port: int, total: int, window: int) -> None:
        self.total, self.left, self.results, self.receipts = total, total, 0, 0
        self.done = asyncio.Event()
        self.bound = asyncio.Event()
        self.body = submits.bodies(
            submits.SubmitOptions(),
            source="Acme",
            destination="+15005551234",
            text="Your code is 123456",
            encoding="gsm7",
        )[0]
        options = SessionOptions(
            system_id="bench",
            password="bench",
            window=window,
            deliveries_max=100_000,
        )
        self.client = Client(
            ClientOptions(host="127.0.0.1", port=port, session=options),
            on_results=self.on_results,
            on_deliveries=self.on_deliveries,
            on_state=self.on_state,
        )

    def on_state(self, change: StateChange) -> None:
        if change.state is LinkState.BOUND:
            self.bound.set()

    def on_results(self, results: list[SubmitResult]) -> None:
        self.results += len(results)
        self.client.release(len(results))
        self.fill()

    def on_deliveries(self, deliveries: list[Delivery]) -> None:
        self.receipts += sum(1 for delivery in deliveries if delivery.receipt is not None and delivery.receipt.final)
        self.client.ack([delivery.token for delivery in deliveries])
        if self.receipts >= self.total:
            self.done.set()

    def fill(self) -> None:
        count = min(self.client.free_window(), self.left)
        if count:
            self.left -= count
            body = self.body
            self.client.submit([SubmitRequest(n, body) for n in range(count)])

    async def run(self) -> float:
        self.client.start()
        await self.bound.wait()
        began = time.perf_counter()
        self.fill()
        await asyncio.wait_for(self.done.wait(), 120)
        elapsed = time.perf_counter() - began
        await self.client.close(1)
        return elapsed


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--window", type=int, default=1000)
    parser.add_argument("--receipt-delay", type=float, default=0.05)
    options = parser.parse_args()
    script = json.dumps({"receipt_delay": options.receipt_delay})
    command = [sys.executable, "-m", "messaging.sandbox", "--port", "0", "--fast", "--script", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as carrier:
        assert carrier.stdout is not None
        port = json.loads(carrier.stdout.readline())["smpp_port"]
        theirs, ours = _cpu(carrier.pid), _own_cpu()
        elapsed = uvloop.run(Run(port, options.messages, options.window).run())
        ours, theirs = _own_cpu() - ours, _cpu(carrier.pid) - theirs
        memory = _memory(carrier.pid)
        carrier.terminate()
    count = options.messages
    sys.stdout.write("| messages | window | submit+receipt/s | client CPU us | carrier CPU us | carrier MB |\n")
    sys.stdout.write(
        f"| {count} | {options.window} | {count / elapsed:,.0f} | {ours / count * 1e6:.2f} "
        f"| {theirs / count * 1e6:.2f} | {memory / 1e6:.0f} |\n"
    )


def _own_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _cpu(pid: int) -> float:
    """User and system seconds of a process (proc(5), stat fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> int:
    """Resident bytes of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    main()
