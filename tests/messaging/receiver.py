"""A customer's webhook receiver: a real HTTP server in a thread that remembers what it got."""

import asyncio
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Answer = Callable[["Got"], web.Response]


@dataclass(frozen=True, kw_only=True, slots=True)
class Got:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        """The payload."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """Answers 204 unless a path was given other answers; ``delay`` in seconds by path."""

    port: int = 0
    got: list[Got] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    delays: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    running: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    most: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def url(self, path: str = "/") -> str:
        """The address of ``path``."""
        return f"http://127.0.0.1:{self.port}{path}"

    def on(self, path: str) -> list[Got]:
        """What came to ``path``, in order."""
        return [got for got in self.got if got.path == path]

    def wait(self, path: str, count: int, seconds: float = 10.0) -> list[Got]:
        """The requests to ``path`` once there are ``count``."""
        ends = time.monotonic() + seconds
        while len(self.on(path)) < count and time.monotonic() < ends:
            time.sleep(0.01)
        return self.on(path)

    async def handle(self, request: web.Request) -> web.Response:
        """Remember and answer."""
        path = request.path
        self.running[path] += 1
        self.most[path] = max(self.most[path], self.running[path])
        try:
            body = await request.read()
            headers = {name.lower(): value for name, value in request.headers.items()}
            got = Got(path=path, headers=headers, body=body, at=time.monotonic())
            self.got.append(got)
            if self.delays[path]:
                await asyncio.sleep(self.delays[path])
            answer = self.answers.get(path)
            return answer(got) if answer else web.Response(status=204)
        finally:
            self.running[path] -= 1


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port of loopback."""
    receiver, loop, started = Receiver(), asyncio.new_event_loop(), threading.Event()

    async def start() -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", receiver.handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        receiver.port = runner.addresses[0][1]
        started.set()
        return runner

    def run() -> None:
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(start())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(5)
    try:
        yield receiver
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


def answering(status: int, **headers: str) -> Answer:
    """Always this status."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda got: web.Response(status=status, headers=named)


def failing_first(times: int, status: int = 500) -> Answer:
    """This status a number of times, then 200."""
    left = [times]

    def answer(got: Got) -> web.Response:
        left[0] -= 1
        return web.Response(status=status if left[0] >= 0 else 200)

    return answer
