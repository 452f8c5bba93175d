"""Load generator and webhook sink in one cheap process: hand-built bytes over uvloop, no HTTP library.

``python -m bench.load`` reads one JSON plan from its standard input and prints one JSON result. The sink listens
first and its port is printed, so that the caller can register it. Messages are recognised by what identifies them in
the callback: our id, or for Kannel the sequence number in its receipt URL. A run ends when every message was called
back or nothing has happened for a while.
"""

import asyncio
import json
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec
import uvloop

from bench.sink import Sink

QUIET_SECONDS = 20.0


class Plan(msgspec.Struct, kw_only=True):
    """What to send where."""

    port: int
    messages: int
    connections: int = 64
    batch: int = 1
    rate: float = 0.0  # messages per second; 0: as fast as answers come
    keys: list[str] = []  # empty: Kannel
    first: int = 0  # sequence number of the first message
    callbacks: bool = True


@dataclass(slots=True)
class Tally:
    """What happened, by message. Times are of ``perf_counter``."""

    accepted: int = 0
    refused: int = 0
    answers: list[float] = field(default_factory=list)  # seconds per request
    sent_at: dict[bytes, float] = field(default_factory=dict)
    last_answer_at: float = 0.0


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request under way."""

    def __init__(self, load: "Load") -> None:
        self._load = load
        self._data = b""
        self._began = 0.0
        self.count = 0
        self.names: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def close(self) -> None:
        """Hang up."""
        self._transport.abort()

    def send(self, request: bytes, began: float, names: list[bytes], count: int) -> None:
        """Write a request of ``count`` messages."""
        self._began, self.names, self.count = began, names, count
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._data = self._data + data if self._data else data
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            return
        at = self._data.lower().find(b"content-length:", 0, end)
        length = int(self._data[at + 15 : self._data.index(b"\r\n", at)])
        if len(self._data) < end + 4 + length:
            return
        answer, self._data = self._data, b""
        self._load.answered(self, answer, self._began)

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.lost()


class Load:
    """Keeps the connections busy until everything is sent."""

    def __init__(self, plan: Plan, sink: Sink) -> None:
        self.plan, self.sink, self.tally = plan, sink, Tally()
        self.next = plan.first
        self.last = plan.first + plan.messages
        self.idle: deque[Connection] = deque()
        self.sent = asyncio.Event()
        self.free = asyncio.Event()
        self.connections: list[Connection] = []
        self._heads = [
            b"POST /v1/messages%b HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %b\r\n"
            b"Content-Type: application/json\r\nContent-Length: " % (b"/batch" if plan.batch > 1 else b"", key.encode())
            for key in plan.keys
        ]

    async def connect(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(self.plan.connections):
            _, made = await loop.create_connection(lambda: Connection(self), "127.0.0.1", self.plan.port)
            self.connections.append(made)
        self.idle = deque(self.connections)

    async def run(self) -> None:
        """Send all; return when the last request is answered."""
        if self.plan.rate:
            await self._paced()
        else:
            now = time.perf_counter()
            for connection in self.idle:
                self._next(connection, now)
        await self.sent.wait()

    async def _paced(self) -> None:
        """Requests at fixed times whatever the answers do; latency counts from when a request was due."""
        began = time.perf_counter()
        for number in range(self.plan.messages):
            due = began + number / self.plan.rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            self._next(await self._idle_one(), due)

    async def _idle_one(self) -> Connection:
        while not self.idle:  # more answers are outstanding than there are connections
            await asyncio.wait_for(self.free.wait(), QUIET_SECONDS)
            self.free.clear()
        return self.idle.popleft()  # each in its turn: the server hangs up on one that is silent for seconds

    def _next(self, connection: Connection, began: float) -> None:
        number, count = self.next, min(self.plan.batch, self.last - self.next)
        if count <= 0:
            return
        self.next += count
        if not self._heads:
            connection.send(_kannel(number, self.sink.port), began, [b"%d" % number], 1)
            return
        items = [_message(number + offset) for offset in range(count)]
        body = items[0] if self.plan.batch == 1 else b'{"messages":[' + b",".join(items) + b"]}"
        head = self._heads[number // self.plan.batch % len(self._heads)]
        connection.send(b"%b%d\r\n\r\n%b" % (head, len(body), body), began, [], count)

    def answered(self, connection: Connection, answer: bytes, began: float) -> None:
        now = time.perf_counter()
        tally = self.tally
        tally.answers.append(now - began)
        tally.last_answer_at = now
        names = connection.names or (_ids(answer) if answer[9:12] == b"202" else [])
        if answer[9:12] != b"202":
            names = []
            if not tally.refused:
                sys.stderr.write(f"first refusal: {answer[-300:]!r}\n")
        tally.accepted += len(names)
        tally.refused += connection.count - len(names)
        for name in names:
            tally.sent_at[name] = began
        if tally.accepted + tally.refused >= self.plan.messages:
            self.sent.set()
        elif self.plan.rate:
            self.idle.append(connection)
            self.free.set()
        else:
            self._next(connection, now)

    def lost(self) -> None:
        if not self.sent.is_set():
            sys.stderr.write("connection lost\n")
            self.sent.set()


def _message(number: int) -> bytes:
    return b'{"to":"+491512%07d","body":"Hello from the bench, this is message number %d"}' % (number % 10**7, number)


def _kannel(number: int, sink: int) -> bytes:
    return (
        b"GET /cgi-bin/sendsms?username=bench&password=bench&from=BENCH&to=%%2B491512%07d"
        b"&text=Hello+from+the+bench%%2C+this+is+message+number+%d&dlr-mask=1"
        b"&dlr-url=http%%3A%%2F%%2F127.0.0.1%%3A%d%%2Fdlr%%2F%d HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        % (number % 10**7, number, sink, number)
    )


def _ids(answer: bytes) -> list[bytes]:
    return [part[:30] for part in answer.split(b'"id":"msg_')[1:] if len(part) > 26 for part in (b"msg_" + part[:26],)]


def percentile(values: list[float], share: float) -> float:
    """The value below which ``share`` of them lie; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


async def serve() -> None:
    """One sink; runs plans until standard input ends."""
    sink = Sink()
    await sink.start()
    _say({"sink": sink.port})
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        _say(await one(msgspec.json.decode(line, type=Plan), sink))


async def one(plan: Plan, sink: Sink) -> dict[str, Any]:
    """Run a plan; rates, latencies and counts."""
    sink.clear()
    load = Load(plan, sink)
    await load.connect()
    began = time.perf_counter()
    await load.run()
    tally = load.tally
    if plan.callbacks:
        await sink.until(tally.accepted, QUIET_SECONDS)
    matched = [sink.seen[name] - at for name, at in tally.sent_at.items() if name in sink.seen]
    ended = sink.last_at if plan.callbacks and sink.seen else tally.last_answer_at
    for connection in load.connections:
        connection.close()
    return {
        "accepted": tally.accepted,
        "refused": tally.refused,
        "called_back": len(matched),
        "callbacks": sink.calls,
        "seconds": ended - began,
        "rate": len(matched) / (ended - began) if plan.callbacks else tally.accepted / (ended - began),
        "accept_rate": tally.accepted / (tally.last_answer_at - began),
        "api_p50": percentile(tally.answers, 0.5),
        "api_p99": percentile(tally.answers, 0.99),
        "end_p50": percentile(matched, 0.5),
        "end_p99": percentile(matched, 0.99),
    }


def _say(data: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(data) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(serve())
