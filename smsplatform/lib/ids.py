"""Identifiers: UUIDv7 in the database, ``prefix_`` plus 26 characters of base32 everywhere people see them.

The text form is the TypeID specification 0.3: lower-case Crockford base32 of the 128 bits, big-endian. The 26
characters hold 130 bits, so the first is never above 7.

Ordering inside one millisecond follows RFC 9562 section 6.2 method 1: a counter of 26 bits (``rand_a`` and the
14 highest bits of ``rand_b``) starts at a random value below half its range and grows by one per id. That leaves
33 million ids before it would run into the next millisecond, and 48 random bits in every id.
"""

import datetime as dt
import os
import re
import threading
import time
from collections.abc import Iterator
from uuid import UUID, SafeUUID

MESSAGE = "msg"
BATCH = "bat"
WEBHOOK = "whk"
EVENT = "evt"
DELIVERY = "dlv"
KEY = "key"
WORKSPACE = "wsp"
USER = "usr"
SENDER = "snd"
TEMPLATE = "tpl"
CARRIER = "car"
ROUTE = "rte"
REQUEST = "req"
EXPORT = "exp"
INCIDENT = "inc"
NOTICE = "ntc"
DATA_REQUEST = "dsr"
TICKET = "prq"
ARCHIVE = "arc"
GRANT = "grt"
DISCLOSURE = "dcl"
DISCLOSURE_NOTICE = "dcn"
ABUSE_CASE = "abu"
PROPOSAL = "prp"

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
# int(text, 32) counts with 0-9a-v; Crockford leaves out i, l, o and u.
_TO_PYTHON_DIGITS = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")
_SUFFIX = re.compile(r"[0-7][0-9a-hjkmnp-tv-z]{25}", re.ASCII)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)
_COUNTER_BITS = 26
_VERSION = 7 << 76
_VARIANT = 2 << 62
_new = object.__new__
_set_int = UUID.__dict__["int"].__set__
_set_is_safe = UUID.__dict__["is_safe"].__set__
_UNKNOWN = SafeUUID.unknown
_LAST_MILLISECOND = (1 << 48) - 1


class InvalidId(ValueError):
    """This is not an id of the expected kind."""


def uuid7(at: dt.datetime | None = None) -> UUID:
    """A new UUIDv7; strictly increasing within the process, from any thread, even when the clock steps back.

    With ``at`` the id carries exactly that millisecond, and only successive calls for one millisecond are ordered.
    """
    with _lock:
        # time_ns and not clock.now(): a third of the cost, and the same clock.
        stamp = _wall.at_least(time.time_ns() // 1_000_000) if at is None else _given.exactly(_milliseconds(at))
        return _compose(stamp, _random48())


def floor(at: dt.datetime) -> UUID:
    """The smallest UUIDv7 of that millisecond: a bound for partitions and for ``created_at`` filters."""
    return _compose(_milliseconds(at) << _COUNTER_BITS, 0)


def time_of(value: UUID) -> dt.datetime:
    """The millisecond at which a UUIDv7 was made, in UTC."""
    return _EPOCH + dt.timedelta(milliseconds=value.int >> 80)


def encode(prefix: str, value: UUID) -> str:
    """``encode("msg", uuid)`` → ``"msg_01h455vb4pex5vsknk084sn02q"``."""
    number, pairs = value.int, _PAIRS
    return (
        f"{prefix}_{pairs[number >> 120]}{pairs[number >> 110 & 1023]}{pairs[number >> 100 & 1023]}"
        f"{pairs[number >> 90 & 1023]}{pairs[number >> 80 & 1023]}{pairs[number >> 70 & 1023]}"
        f"{pairs[number >> 60 & 1023]}{pairs[number >> 50 & 1023]}{pairs[number >> 40 & 1023]}"
        f"{pairs[number >> 30 & 1023]}{pairs[number >> 20 & 1023]}{pairs[number >> 10 & 1023]}{pairs[number & 1023]}"
    )


def decode(prefix: str, text: str) -> UUID:
    """The UUID behind a public id. Exactly one text decodes to each UUID; everything else raises ``InvalidId``."""
    head, _, suffix = text.rpartition("_")
    if head != prefix or not _SUFFIX.fullmatch(suffix):
        raise InvalidId(f"not an id with the prefix {prefix}_")
    return _uuid(int(suffix.translate(_TO_PYTHON_DIGITS), 32))


class _Sequence:
    """Millisecond and counter in one number, so that a full counter carries into the millisecond by itself."""

    __slots__ = ("last",)

    def __init__(self) -> None:
        self.last = 0

    def at_least(self, millisecond: int) -> int:
        if millisecond > self.last >> _COUNTER_BITS:
            self.last = _seeded(millisecond)
        else:
            self.last += 1
        return self.last

    def exactly(self, millisecond: int) -> int:
        if self.last >> _COUNTER_BITS == millisecond == self.last + 1 >> _COUNTER_BITS:
            self.last += 1
        else:
            self.last = _seeded(millisecond)
        return self.last


def _seeded(millisecond: int) -> int:
    return millisecond << _COUNTER_BITS | _random48() >> 23


def _milliseconds(at: dt.datetime) -> int:
    millisecond = (at - _EPOCH) // _MILLISECOND
    if not 0 <= millisecond <= _LAST_MILLISECOND:
        raise ValueError("a UUIDv7 cannot hold a time before 1970")
    return millisecond


def _compose(stamp: int, low: int) -> UUID:
    """48 bits of time and 26 of counter, split around the version and variant bits, then 48 bits of ``low``."""
    return _uuid(
        stamp >> _COUNTER_BITS << 80 | _VERSION | (stamp >> 14 & 0xFFF) << 64 | _VARIANT | (stamp & 0x3FFF) << 48 | low
    )


def _uuid(number: int) -> UUID:
    # UUID(int=...) checks arguments that cannot be wrong here, and UUID forbids assignment: a third of the cost.
    value = _new(UUID)
    _set_int(value, number)
    _set_is_safe(value, _UNKNOWN)
    return value


def _random48() -> int:
    """48 bits from the operating system, fetched 512 at a time: a system call per id would be half its cost."""
    global _pool  # noqa: PLW0603 - one attribute look-up less, three times per id
    for number in _pool:
        return number >> 16
    _pool = iter(memoryview(os.urandom(8 * 512)).cast("Q"))
    return next(_pool) >> 16


def _after_fork() -> None:
    """A child must not hand out its parent's random numbers, nor inherit a lock that another thread held."""
    global _pool, _lock
    _pool, _lock = iter(()), threading.Lock()


_lock = threading.Lock()
_wall, _given = _Sequence(), _Sequence()
_pool: Iterator[int] = iter(())
os.register_at_fork(after_in_child=_after_fork)
