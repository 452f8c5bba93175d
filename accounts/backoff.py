"""Slowing down whoever guesses: a few free attempts, then each costs twice the wait of the one before.

Attempts are counted before they are checked, so a burst of parallel guesses counts in full. Names (an e-mail address,
an IP address) become keyed hashes; the counts live in Valkey for a day. Without Valkey each process counts for itself.
"""

import hmac
import ipaddress
import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import redis
from django.conf import settings

from smsplatform.lib.secrets import derive

log = logging.getLogger(__name__)

REMEMBERED_SECONDS = 24 * 3600
DELAY_MAX = 900
LOCAL_MAX = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """Somebody to count: what kind, who, and how many attempts are free."""

    kind: str
    name: str
    free: int

    @property
    def key(self) -> str:
        """Where the count is kept; says nothing about who it is."""
        mac = hmac.digest(derive(settings.SECRET_KEY, "backoff"), f"{self.kind}:{self.name}".encode(), "sha256")
        return f"backoff:{mac[:16].hex()}"


def admit(subjects: Sequence[Subject]) -> int:
    """Count one attempt of all ``subjects``. The seconds to wait, or 0 when it may go on now."""
    try:
        return _admit_shared(_client(settings.LIMITS_URL), subjects)
    except (redis.RedisError, ValueError):  # ValueError: no address is configured
        log.warning("backoff_counts_locally")
        return _local.admit(subjects)


def forget(subject: Subject) -> None:
    """Start over, after success."""
    _local.forget(subject)
    try:
        _client(settings.LIMITS_URL).delete(subject.key, f"{subject.key}:wait")
    except (redis.RedisError, ValueError):
        log.warning("backoff_counts_locally")


def take_back(subject: Subject) -> None:
    """Do not count the attempt just made, because it was a good one."""
    _local.take_back(subject)
    try:
        _client(settings.LIMITS_URL).decr(subject.key)
    except (redis.RedisError, ValueError):
        log.warning("backoff_counts_locally")


def network(address: str) -> str:
    """Who an address stands for: an IPv6 customer has a whole /64 of them."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else str(ip)


def delay(attempts: int, free: int) -> int:
    """Seconds until the attempt after ``attempts``; the free ones cost nothing."""
    return 0 if attempts <= free else min(2 ** min(attempts - free, 20), DELAY_MAX)


@lru_cache(maxsize=1)
def _client(url: str) -> "redis.Redis":
    return redis.Redis.from_url(
        url.replace("redis+socket://", "unix://"), socket_timeout=0.5, socket_connect_timeout=0.5
    )


def _admit_shared(client: "redis.Redis", subjects: Sequence[Subject]) -> int:
    waits = client.pipeline(transaction=False)
    for subject in subjects:
        waits.ttl(f"{subject.key}:wait")
    if (longest := max(waits.execute())) > 0:
        return int(longest)
    counts = client.pipeline(transaction=True)
    for subject in subjects:
        counts.incr(subject.key)
        counts.expire(subject.key, REMEMBERED_SECONDS)
    for subject, attempts in zip(subjects, counts.execute()[::2], strict=True):
        seconds = delay(attempts, subject.free)
        # Of several attempts at the same moment one sets the wait; the others are refused.
        if seconds and not client.set(f"{subject.key}:wait", 1, ex=seconds, nx=True):
            return seconds
    return 0


class _Local:
    """The same count in this process; the least recently seen are forgotten first."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def admit(self, subjects: Sequence[Subject]) -> int:
        now = time.monotonic()
        longest = max(self._counts.get(subject.key, (0, 0.0))[1] - now for subject in subjects)
        if longest > 0:
            return int(longest) + 1
        for subject in subjects:
            attempts = self._counts.pop(subject.key, (0, 0.0))[0] + 1
            self._counts[subject.key] = attempts, now + delay(attempts, subject.free)
        while len(self._counts) > LOCAL_MAX:
            self._counts.popitem(last=False)
        return 0

    def take_back(self, subject: Subject) -> None:
        if subject.key in self._counts:
            attempts, until = self._counts[subject.key]
            self._counts[subject.key] = max(0, attempts - 1), until

    def forget(self, subject: Subject) -> None:
        self._counts.pop(subject.key, None)


_local = _Local()
