"""Ways in which a fast pipeline fails only under load, each met once and not to be met again."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
import uvloop

from accounts import keys
from accounts.keys import KeyInfo
from messaging.carriers.hub import Account, Link
from messaging.carriers.smpp import submits
from messaging.carriers.smpp.window import SubmitRequest
from messaging.gate import Gate
from messaging.sandbox.smsc import Smsc
from messaging.submission import worth_claiming
from smsplatform.lib.fresh import FreshCache
from smsplatform.lib.tasks import Wakeups
from tests.factories.accounts import make_workspace
from tests.messaging.test_pipeline import Way

DEADLINE_SECONDS = 20.0


def wait_for(condition: Any) -> None:
    until = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)


def test_rare_wakeups_strand_nothing() -> None:
    """A reader that is woken twenty times a second, and never looks by itself, finds every message."""
    way = Way()
    claimed: list[Any] = []
    wakeups = Wakeups(lambda key: claimed.extend(way.claim()), per_second=20)

    for _ in range(150):
        way.accept()
        wakeups.wake()

    wait_for(lambda: len(claimed) >= 150)
    assert len({row.message_id for row in claimed}) == 150


def test_an_expired_key_is_loaded_once_for_256_requests_at_a_time() -> None:
    world = make_workspace()
    loads = 0

    async def find(digest: bytes) -> KeyInfo | None:
        nonlocal loads
        loads += 1
        return await asyncio.to_thread(keys.find, digest)

    async def fallback(*_: object) -> None:
        raise AssertionError("not the gate's")

    async def run() -> list[int]:
        gate = Gate(fallback)
        gate._keys = FreshCache(find, fresh=0.05, stale=0.1)
        first = await post(gate, world.live_key)
        await asyncio.sleep(0.15)  # now the key is known no more
        return [first, *await asyncio.gather(*(post(gate, world.live_key) for _ in range(256)))]

    assert set(asyncio.run(run())) == {202}
    assert loads <= 3  # the first, the one after it expired, perhaps one refresh while that crowd was served


async def post(gate: Gate, key: str) -> int:
    """One send through the gate; the status of its answer."""
    body = b'{"to": "+31612345678", "body": "Hello"}'
    request = {
        "type": "http", "method": "POST", "path": "/v1/messages", "client": ("127.0.0.1", 1),
        "headers": [(b"authorization", f"Bearer {key}".encode()), (b"content-type", b"application/json")],
    }  # fmt: skip
    answers: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        answers.append(message)

    await gate(request, receive, send)
    status: int = answers[0]["status"]
    return status


@contextmanager
def looped() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread, as the hub has one."""
    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_what_is_not_committed_keeps_its_slot_so_the_window_bounds_what_is_in_doubt() -> None:
    """While answers cannot be written down, a carrier is never handed more than one window."""
    window, written = 20, threading.Event()

    def stuck(*_: object) -> None:
        written.wait(DEADLINE_SECONDS)

    with looped() as loop:
        smsc = Smsc()
        port = asyncio.run_coroutine_threadsafe(smsc.start(), loop).result(5)
        link = Link(account(port, window), loop, stuck)
        loop.call_soon_threadsafe(link.resize, 1)
        wait_for(lambda: link.bound)

        hand_over(link, seconds=0.5)
        assert smsc.stats["submits"] == window

        written.set()
        wait_for(lambda: link.room() == window)
        asyncio.run_coroutine_threadsafe(link.close(1), loop).result(5)
        asyncio.run_coroutine_threadsafe(smsc.stop(), loop).result(5)


def hand_over(link: Link, *, seconds: float) -> None:
    """Fill whatever room there is, as a drain does."""
    [body] = submits.bodies(
        submits.SubmitOptions(), source="Acme", destination="+15005551234", text="Hello", encoding="gsm7"
    )
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if room := link.room():
            link.submit([SubmitRequest(n, body) for n in range(room)])
        time.sleep(0.005)


def account(port: int, window: int) -> Account:
    return Account(
        id=uuid4(), name="trap", host="127.0.0.1", port=port, tls=False, system_id="a", password="a", system_type="",
        mode="trx", window=window, throughput_max=0, long_message="udh", id_format="text", charset="gsm7",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("room", "window", "worth"),
    [
        (0, 1, False), (1, 1, True), (0, 10, False), (4, 10, False), (5, 10, True), (49, 500, False), (50, 500, True),
        (50, 100_000, True),
    ],
)  # fmt: skip
def test_claims_wait_for_room_instead_of_being_tiny(room: int, window: int, worth: bool) -> None:
    assert worth_claiming(room, window) is worth
