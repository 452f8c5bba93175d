"""The HTTP side of webhooks: one thread with an event loop that posts to customers' endpoints.

Each endpoint has its own queue and its own number of requests at a time, so a slow one fills its own queue and nobody
else's. That number grows with success and is halved when the receiver says it is too much (429, 502, 504).
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

import uvloop
from django.conf import settings

from smsplatform.lib.http import ForbiddenUrl, Unreachable
from smsplatform.lib.http_pool import PostPool

CONCURRENCY_MAX = 64  # requests at a time to one endpoint
CONNECTIONS_MAX = 2000
START_WITHIN = 0.8  # of the time that an answer may take: a request begun later could outlive its lease of twice that
RETRY_AFTER_MAX = 3600.0
TOO_MUCH = (429, 502, 504)
QUIET_SECONDS = 5.0  # an endpoint that says too much rests this long when it does not say how long


class Post(NamedTuple):
    """One request to make. ``token`` is the caller's."""

    token: object
    endpoint: UUID
    url: str
    headers: Mapping[str, str]
    body: bytes
    claimed: float  # time.monotonic()


class Posted(NamedTuple):
    """What came of it: a status, or an error in one word; ``started`` is false when it was given up unsent.

    ``took_ms`` is how long the receiver, or the attempt to reach it, took.
    """

    token: object
    status: int | None
    error: str | None
    retry_after: float
    started: bool = True
    took_ms: int | None = None


@dataclass(slots=True)
class _Endpoint:
    waiting: deque[Post] = field(default_factory=deque)
    running: int = 0
    limit: int = CONCURRENCY_MAX
    rests_until: float = 0.0


class Poster:
    """Posts what it is given and hands back results in batches; ``done`` is called on the loop's thread."""

    def __init__(self, done: Callable[[Posted], None]) -> None:
        self._done = done
        self._endpoints: dict[UUID, _Endpoint] = {}
        self._pool: PostPool | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        self._thread.start()

    def post(self, posts: Sequence[Post]) -> None:
        """Queue requests; from any thread."""
        self._loop.call_soon_threadsafe(self._take, posts)

    def full(self) -> list[UUID]:
        """Endpoints that should be given nothing now: their queue is long enough, or they rest."""
        now = time.monotonic()
        return [
            key for key, one in list(self._endpoints.items()) if len(one.waiting) >= one.limit or one.rests_until > now
        ]

    def stop(self) -> None:
        """End the thread; requests in flight are abandoned and will be made again."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._pool is not None:
            await self._pool.close()

    def _take(self, posts: Sequence[Post]) -> None:
        for post in posts:
            one = self._endpoints.get(post.endpoint)
            if one is None:
                one = self._endpoints[post.endpoint] = _Endpoint()
            one.waiting.append(post)
            self._fill(post.endpoint, one)

    def _fill(self, key: UUID, one: _Endpoint) -> None:
        """Start what the endpoint has room for; each task goes on with the queue, so tasks are few and long."""
        if one.running < one.limit and one.waiting:
            one.running += 1
            task = self._loop.create_task(self._serve(key, one))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, key: UUID, one: _Endpoint) -> None:
        try:
            while one.waiting and one.running <= one.limit:
                post = one.waiting.popleft()
                now = time.monotonic()
                if one.rests_until > now or now - post.claimed > settings.WEBHOOK_TIMEOUT_SECONDS * START_WITHIN:
                    self._done(Posted(post.token, None, None, max(0.0, one.rests_until - now), started=False))
                else:
                    self._note(one, await self._request(post))
        finally:
            one.running -= 1
            if not one.running and not one.waiting and one.limit == CONCURRENCY_MAX:
                self._endpoints.pop(key, None)
            elif one.waiting:
                self._fill(key, one)

    async def _request(self, post: Post) -> Posted:
        if self._pool is None:
            self._pool = PostPool(
                allowed_hosts=settings.WEBHOOK_PRIVATE_HOSTS,
                timeout_seconds=settings.WEBHOOK_TIMEOUT_SECONDS,
                connections_max=CONNECTIONS_MAX,
            )
        began = time.monotonic()
        try:
            answer = await self._pool.post(post.url, body=post.body, headers=post.headers)
        except (ForbiddenUrl, Unreachable) as error:
            return Posted(post.token, None, error.code, 0.0, took_ms=_since(began))
        return Posted(post.token, answer.status, None, _seconds(answer.retry_after), took_ms=_since(began))

    def _note(self, one: _Endpoint, posted: Posted) -> None:
        if posted.status in TOO_MUCH:
            one.limit = max(1, one.limit // 2)
            one.rests_until = time.monotonic() + (posted.retry_after or QUIET_SECONDS)
        elif one.limit < CONCURRENCY_MAX:
            one.limit += 1
        self._done(posted)


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _seconds(text: str) -> float:
    """``Retry-After`` in seconds, at most an hour; its other form, a date, counts as not said."""
    return min(float(text), RETRY_AFTER_MAX) if text.isascii() and text.isdigit() and len(text) < 10 else 0.0
