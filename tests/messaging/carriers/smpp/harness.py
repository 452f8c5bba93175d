"""A client with its memory, a carrier beside it, and a loop to run them in. No mocks: both talk over loopback TCP."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import uvloop

from messaging.carriers.smpp import submits
from messaging.carriers.smpp.client import Client, ClientOptions, StateChange, SubmitRequest, SubmitResult
from messaging.carriers.smpp.session import Alarm, Delivery, LinkState, SessionOptions
from messaging.sandbox.script import Script
from messaging.sandbox.smsc import Smsc

PHONE = "+15005551234"
DEADLINE = 10.0


def run(scenario: Coroutine[Any, Any, None]) -> None:
    """Run a scenario on uvloop, as the workers do; a hung one fails."""

    async def limited() -> None:
        async with asyncio.timeout(30):
            await scenario

    uvloop.run(limited())


async def until(condition: Callable[[], object], seconds: float = DEADLINE) -> None:
    """Poll: what is waited for is the state of two processes' worth of code, which has no one event."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not condition():
        assert loop.time() < deadline, "waited in vain"
        await asyncio.sleep(0.005)


def request(token: object, text: str = "Hello", to: str = PHONE, **options: Any) -> SubmitRequest:
    [body] = bodies(text, to, **options)
    return SubmitRequest(token, body)


def bodies(text: str, to: str = PHONE, source: str = "Acme", reference: int = 1, **options: Any) -> list[bytes]:
    encoding = options.pop("encoding", "gsm7")
    return submits.bodies(
        submits.SubmitOptions(**options),
        source=source,
        destination=to,
        text=text,
        encoding=encoding,
        reference=reference,
    )


class Sender:
    """A client that remembers everything, commits at once and acknowledges at once unless told not to."""

    def __init__(self, port: int, *, host: str = "127.0.0.1", acks: bool = True, releases: bool = True, **options: Any):
        session = {"system_id": "us", "password": "secret", "bind_seconds": 2.0, **options.pop("session", {})}
        shared = {name: options.pop(name) for name in ("throttle", "chance") if name in options}
        defaults = {"backoff_min_seconds": 0.02, "refused_min_seconds": 0.05, "already_bound_seconds": 0.05}
        self.results: list[SubmitResult] = []
        self.deliveries: list[Delivery] = []
        self.states: list[StateChange] = []
        self.alarms: list[Alarm] = []
        self.windows: list[int] = []
        self.acks, self.releases = acks, releases
        self.client = Client(
            ClientOptions(host=host, port=port, session=SessionOptions(**session), **{**defaults, **options}),
            on_results=self._take_results,
            on_deliveries=self._take_deliveries,
            on_state=self.states.append,
            on_window=self.windows.append,
            on_alarms=self.alarms.extend,
            **shared,
        )

    def _take_results(self, results: list[SubmitResult]) -> None:
        self.results += results
        if self.releases:
            self.client.release(len(results))

    def _take_deliveries(self, deliveries: list[Delivery]) -> None:
        self.deliveries += deliveries
        if self.acks:
            self.client.ack([delivery.token for delivery in deliveries])

    async def bound(self) -> "Sender":
        await until(lambda: self.client.state is LinkState.BOUND)
        return self

    @property
    def receipts(self) -> list[tuple[str, str]]:
        return [(d.receipt.ref, str(d.receipt.state)) for d in self.deliveries if d.receipt]

    def reasons(self) -> list[str]:
        return [change.reason for change in self.states if change.state is LinkState.DOWN]


@contextlib.asynccontextmanager
async def carrier(port: int = 0, tls: Any = None, **script: Any) -> AsyncIterator[tuple[Smsc, int]]:
    options = {name: script.pop(name) for name in ("system_id", "password", "fast", "record") if name in script}
    smsc = Smsc(script=Script(**{"receipt_delay": 0.01, **script}), **options)
    try:
        yield smsc, await smsc.start(port=port, tls=tls)
    finally:
        await smsc.stop()


@contextlib.asynccontextmanager
async def sender(port: int, *, bound: bool = True, **options: Any) -> AsyncIterator[Sender]:
    found = Sender(port, **options)
    found.client.start()
    try:
        yield await found.bound() if bound else found
    finally:
        await found.client.close(1.0)


@contextlib.asynccontextmanager
async def pair(*, to_sender: dict[str, Any] | None = None, **script: Any) -> AsyncIterator[tuple[Smsc, Sender]]:
    async with carrier(**script) as (smsc, port), sender(port, **(to_sender or {})) as found:
        yield smsc, found
