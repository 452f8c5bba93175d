"""Request limits over Valkey, cheap for busy keys and alive without Valkey.

A limit is so many units per window (one second, one day), counted in windows of the clock. A single request may cost
more than a window has (a batch of 1,000 with 20 per second): it passes when the window is untouched and its debt is
carried into the following windows, so the average holds and nobody is locked out for ever.

To spare a round trip per request, a process takes units in blocks and spends them from memory. The block starts at
what is needed and doubles while it is used up quickly, up to an eighth of the limit and a quarter of what is left,
so a process never sits on much that another one could use; what is unspent at the end of the window is lost with it.

When Valkey does not answer within a quarter of a second, the process counts on its own, each process granting the
full limit, and asks again a second later. These limits protect the platform; money is protected by the ledger.

Keys in Valkey hold the subject given by the caller, which must be an id, and the window's length.
"""

import asyncio
import logging
import math
import threading
import time
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, cast

import msgspec
import redis
import redis.asyncio
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 0.25
OUTAGE_SECONDS = 1.0
BLOCK_MAX = 512
SUBJECTS_MAX = 50_000

# KEYS[1]; limit, index of the window, milliseconds of a window, units needed, units wanted.
# Answers units granted (0 or at least those needed) and units left in the window, negative while in debt.
_TAKE = """
local limit, now, length = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local need, want = tonumber(ARGV[4]), tonumber(ARGV[5])
local state = redis.call('HMGET', KEYS[1], 'window', 'used')
local window, used = tonumber(state[1]) or now, tonumber(state[2]) or 0
if now > window then
  used = math.max(0, used - limit * (now - window))
  window = now
end
if used + math.min(need, limit) > limit then
  return {0, limit - used}
end
local grant = math.max(need, math.min(want, limit - used))
used = used + grant
redis.call('HSET', KEYS[1], 'window', window, 'used', used)
redis.call('PEXPIRE', KEYS[1], length * (math.ceil(used / limit) + 1))
return {grant, limit - used}
"""

_FAILURES = (redis.RedisError, OSError, TimeoutError)


class Window(NamedTuple):
    """So many units of a subject (an id, never personal data) per so many seconds; ``name`` is what clients see."""

    name: str
    subject: str
    limit: int
    seconds: int


class Decision(msgspec.Struct, frozen=True, gc=False):
    """Whether a request may pass. ``reset_seconds``: until the window ends, or for a refusal until it would pass."""

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: int


def headers(entries: Iterable[tuple[Window, Decision]]) -> dict[str, str]:
    """``RateLimit-Policy``, ``RateLimit`` and on refusal ``Retry-After``.

    The syntax is that of draft-ietf-httpapi-ratelimit-headers-10: lists of strings with parameters, quota ``q`` and
    window ``w`` in the policy, remaining ``r`` and time ``t`` in the state. Earlier drafts differ; only this module
    knows.
    """
    known = list(entries)
    found = {"RateLimit-Policy": _policy(tuple([window for window, _ in known])), "RateLimit": _state(known)}
    waits = [one.reset_seconds for _, one in known if not one.allowed]
    if waits:
        found["Retry-After"] = str(max(waits))
    return found


def lines(entries: Sequence[tuple[Window, Decision]]) -> list[tuple[bytes, bytes]]:
    """The headers of what was allowed, as ASGI wants them."""
    policy = _policy(tuple([window for window, _ in entries])).encode()
    return [(b"ratelimit-policy", policy), (b"ratelimit", _state(entries).encode())]


@lru_cache(maxsize=4096)
def _policy(windows: tuple[Window, ...]) -> str:
    return ", ".join([f'"{window.name}";q={window.limit};w={window.seconds}' for window in windows])


def _state(entries: Sequence[tuple[Window, Decision]]) -> str:
    return ", ".join([f'"{window.name}";r={one.remaining};t={one.reset_seconds}' for window, one in entries])


def take(subject: str, *, count: int = 1, limit: int, window_seconds: int, at: float | None = None) -> Decision:
    """Spend ``count`` units of ``subject`` (an id, never personal data) if its limit allows. From any thread."""
    return _default().take(subject, count=count, limit=limit, window_seconds=window_seconds, at=at)


async def take_async(
    subject: str, *, count: int = 1, limit: int, window_seconds: int, at: float | None = None
) -> Decision:
    """The same on an event loop."""
    return await _default().take_async(subject, count=count, limit=limit, window_seconds=window_seconds, at=at)


def at_hand(subject: str, *, count: int = 1, limit: int, window_seconds: int) -> Decision | None:
    """The decision of ``take_async`` if it can be made without waiting; None otherwise, and nothing is spent."""
    return _default().at_hand(subject, count=count, limit=limit, window_seconds=window_seconds)


# --- Rules, without input and output ----------------------------------------------------------------


class _Lease:
    """What this process holds of one limit in the present window."""

    __slots__ = ("block", "left", "lock", "pending", "rest", "taken_at", "waiting", "window")

    def __init__(self) -> None:
        self.window = -1
        self.left = 0  # units in hand
        self.rest: int | None = None  # units left in the store when it was last asked; None before that
        self.block = 0
        self.taken_at = 0.0
        self.waiting = 0  # units that requests in flight wait for
        self.pending: asyncio.Future[None] | None = None
        self.lock = threading.Lock()

    def spend(self, count: int, limit: int, length: int, at: float) -> Decision | None:
        """The decision if it can be made from memory, else None: ask the store."""
        window = int(at // length)
        # A request that began just before the window did belongs to it; a clock put back by more begins anew.
        if window > self.window or window < self.window - 1:
            self.window, self.left, self.rest = window, 0, None
        if count <= self.left:
            self.left -= count
            return Decision(True, limit, max(0, self.left + (self.rest or 0)), self._until(self.window + 1, length, at))
        if self.rest is None or self.rest >= min(count - self.left, limit):
            return None
        missing = min(count - self.left, limit) - self.rest
        windows = max(1, math.ceil(missing / limit))
        remaining = max(0, self.left + self.rest)
        return Decision(False, limit, remaining, self._until(self.window + windows, length, at))

    def wanted(self, count: int, limit: int, at: float) -> tuple[int, int]:
        """Units needed for this request and units to ask for, including those in flight and a block ahead."""
        quick = at - self.taken_at < 0.25
        most = min(limit // 8, BLOCK_MAX) if self.rest is None else min(limit // 8, self.rest // 4, BLOCK_MAX)
        self.block = max(0, min(self.block * 2 + 1 if quick else self.block // 2, most))
        self.taken_at = at
        need = count - self.left
        return need, need + self.waiting + self.block

    def credit(self, window: int, granted: int, rest: int) -> None:
        """Book the store's answer, unless the window it was for is over."""
        if window == self.window:
            self.left += granted
            self.rest = rest

    @staticmethod
    def _until(window: int, length: int, at: float) -> int:
        return max(1, math.ceil(window * length - at))


class _Store:
    """The script in Python, for the time without Valkey."""

    def __init__(self) -> None:
        self._used: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def take(self, key: str, limit: int, now: int, need: int, want: int) -> tuple[int, int]:
        with self._lock:
            window, used = self._used.get(key, (now, 0))
            if now > window:
                window, used = now, max(0, used - limit * (now - window))
            if used + min(need, limit) > limit:
                return 0, limit - used
            grant = max(need, min(want, limit - used))
            if len(self._used) >= SUBJECTS_MAX:
                self._used.clear()
            self._used[key] = (window, used + grant)
            return grant, limit - used - grant


# --- Valkey -------------------------------------------------------------------------------------------


class Limiter:
    """Limits over the Valkey at ``url``; without a URL, within this process only."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._leases: dict[tuple[str, int], _Lease] = {}
        self._leases_async: dict[tuple[str, int], _Lease] = {}
        self._store = _Store()
        self._down_until = 0.0
        self._client: redis.Redis | None = None
        self._clients_async: dict[int, tuple[asyncio.AbstractEventLoop, redis.asyncio.Redis]] = {}

    def take(self, subject: str, *, count: int, limit: int, window_seconds: int, at: float | None = None) -> Decision:
        """See the function of this name."""
        lease = _lease(self._leases, subject, window_seconds)
        with lease.lock:  # threads of one subject wait for one round trip
            while (decision := lease.spend(count, limit, window_seconds, moment := _moment(at))) is None:
                need, want = lease.wanted(count, limit, moment)
                lease.credit(lease.window, *self._ask(subject, limit, lease.window, window_seconds, need, want))
        return decision

    def at_hand(self, subject: str, *, count: int, limit: int, window_seconds: int) -> Decision | None:
        """See the function of this name. On the event loop."""
        lease = self._leases_async.get((subject, window_seconds))
        return None if lease is None else lease.spend(count, limit, window_seconds, time.time())

    async def take_async(
        self, subject: str, *, count: int, limit: int, window_seconds: int, at: float | None = None
    ) -> Decision:
        """See the function of this name."""
        lease = _lease(self._leases_async, subject, window_seconds)
        while (decision := lease.spend(count, limit, window_seconds, moment := _moment(at))) is None:
            if lease.pending is not None:
                await _wait(lease, count)
                continue
            need, want = lease.wanted(count, limit, moment)
            lease.pending = asyncio.get_running_loop().create_future()
            window = lease.window
            try:
                lease.credit(window, *await self._ask_async(subject, limit, window, window_seconds, need, want))
            finally:
                pending, lease.pending = lease.pending, None
                pending.set_result(None)
        return decision

    def _ask(self, subject: str, limit: int, window: int, length: int, need: int, want: int) -> tuple[int, int]:
        key = _key(subject, length)
        if self._url and time.monotonic() >= self._down_until:
            try:
                self._client = self._client or redis.Redis.from_url(self._url, **_OPTIONS)
                answer = self._client.eval(_TAKE, 1, key, *_numbers(limit, window, length, need, want))
                return _answer(answer)
            except _FAILURES as error:
                self._mark_down(error)
        return self._store.take(key, limit, window, need, want)

    async def _ask_async(
        self, subject: str, limit: int, window: int, length: int, need: int, want: int
    ) -> tuple[int, int]:
        key = _key(subject, length)
        if self._url and time.monotonic() >= self._down_until:
            try:
                client = self._client_of_loop()
                answer = await cast(Any, client.eval(_TAKE, 1, key, *_numbers(limit, window, length, need, want)))
                return _answer(answer)
            except _FAILURES as error:
                self._mark_down(error)
        return self._store.take(key, limit, window, need, want)

    def _client_of_loop(self) -> redis.asyncio.Redis:
        """Connections belong to the loop that opened them."""
        loop = asyncio.get_running_loop()
        known = self._clients_async.get(id(loop))
        if known is None or known[0] is not loop:
            self._clients_async = {key: pair for key, pair in self._clients_async.items() if not pair[0].is_closed()}
            known = self._clients_async[id(loop)] = (loop, redis.asyncio.Redis.from_url(self._url, **_ASYNC_OPTIONS))
        return known[1]

    def _mark_down(self, error: BaseException) -> None:
        self._down_until = time.monotonic() + OUTAGE_SECONDS
        logger.warning("limits_store_unavailable", extra={"error": type(error).__name__})

    async def aclose(self) -> None:
        """Close the connections of the running loop."""
        known = self._clients_async.pop(id(asyncio.get_running_loop()), None)
        if known is not None:
            await known[1].aclose()

    def close(self) -> None:
        """Close the connections of threads."""
        if self._client is not None:
            self._client.close()
            self._client = None


_OPTIONS: dict[str, Any] = {"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS}
_ASYNC_OPTIONS = _OPTIONS | {"retry": redis.asyncio.retry.Retry(NoBackoff(), 0)}
_OPTIONS |= {"retry": Retry(NoBackoff(), 0)}


def _moment(at: float | None) -> float:
    """The clock, read for every look at a lease: requests that kept the time they began at would take the lease back
    to their own windows, each in turn, and none would ever get what it asked the store for."""
    return time.time() if at is None else at


def _key(subject: str, length: int) -> str:
    return f"limit:{subject}:{length}"


def _numbers(limit: int, window: int, length: int, need: int, want: int) -> tuple[str, ...]:
    return str(limit), str(window), str(length * 1000), str(need), str(want)


def _answer(answer: Any) -> tuple[int, int]:
    granted, rest = answer
    return int(granted), int(rest)


def _lease(leases: dict[tuple[str, int], _Lease], subject: str, length: int) -> _Lease:
    lease = leases.get((subject, length))
    if lease is None:
        if len(leases) >= SUBJECTS_MAX:  # forgetting a lease costs one round trip and what it held
            leases.clear()
        lease = leases.setdefault((subject, length), _Lease())
    return lease


async def _wait(lease: _Lease, count: int) -> None:
    """Until the block in flight is here; it may have been sized without this request, so the caller looks again."""
    assert lease.pending is not None
    lease.waiting += count
    try:
        await asyncio.shield(lease.pending)
    finally:
        lease.waiting -= count


def _default() -> Limiter:
    return _limiter(settings.LIMITS_URL)


@lru_cache(maxsize=4)
def _limiter(url: str) -> Limiter:
    return Limiter(url)
