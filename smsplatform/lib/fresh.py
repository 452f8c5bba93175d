"""A small cache for one event loop whose answers are refreshed in the background.

While an answer is being refreshed the old one serves (stale while refresh), and however many callers wait for a new
one, it is loaded once (single flight): an expired entry under load must not become a stampede on the database.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
AGAIN_SECONDS = 0.1


class FreshCache(Generic[K, V]):
    """Values by key. ``None`` from ``load`` is remembered for ``fresh`` seconds and never served stale."""

    def __init__(
        self,
        load: Callable[[K], Awaitable[V | None]],
        *,
        fresh: float = 5.0,
        stale: float = 60.0,
        entries_max: int = 10_000,
    ) -> None:
        self._load, self._fresh, self._stale, self._entries_max = load, fresh, stale, entries_max
        self._known: dict[K, tuple[float, V | None]] = {}
        self._loading: dict[K, asyncio.Task[V | None]] = {}

    def at_hand(self, key: K) -> V | None:
        """The value without waiting, or None; starts a refresh when it is getting old."""
        entry = self._known.get(key)
        if entry is None or entry[1] is None:
            return None
        age = time.monotonic() - entry[0]
        if age > self._fresh:
            if age > self._stale:
                return None
            self._refresh(key)
        return entry[1]

    async def get(self, key: K) -> V | None:
        """The value, waiting for ``load`` if need be; its errors reach everybody who waits."""
        if (value := self.at_hand(key)) is not None:
            return value
        entry = self._known.get(key)
        if entry and entry[1] is None and time.monotonic() - entry[0] < self._fresh:
            return None
        return await asyncio.shield(self._refresh(key))

    async def newer(self, key: K, than: V | None) -> V | None:
        """The value once it is another than ``than``, which is loaded again for that, ten times a second at most."""
        entry = self._known.get(key)
        if entry is None or entry[1] is not than:
            return await self.get(key)
        if (wait := entry[0] + AGAIN_SECONDS - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        return await asyncio.shield(self._refresh(key))

    def forget(self, key: K) -> None:
        """Ask again next time."""
        self._known.pop(key, None)

    def _refresh(self, key: K) -> "asyncio.Task[V | None]":
        if (task := self._loading.get(key)) is None:
            task = self._loading[key] = asyncio.ensure_future(self._fill(key))
            # A failed background refresh leaves the old value in force; whoever waits sees the error itself.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    async def _fill(self, key: K) -> V | None:
        try:
            value = await self._load(key)
            if len(self._known) >= self._entries_max:
                self._known.clear()
            self._known[key] = (time.monotonic(), value)
            return value
        finally:
            del self._loading[key]
