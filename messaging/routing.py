"""Which carriers may take a number, in which order: the longest prefix decides, equal ones are tried by position."""

import threading
import time
from dataclasses import dataclass, field
from uuid import UUID

from messaging.models import Route
from smsplatform.lib import database

REFRESH_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class RouteBook:
    """Routes of one mode as a dictionary by prefix; immutable."""

    by_prefix: dict[str, tuple[UUID, ...]] = field(default_factory=dict)
    longest: int = 0

    def carriers(self, e164: str) -> tuple[UUID, ...]:
        """Carrier ids for ``e164``, best first; empty when no route leads there."""
        digits = e164[1:]
        for length in range(min(self.longest, len(digits)), -1, -1):
            if (found := self.by_prefix.get(digits[:length])) is not None:
                return found
        return ()


_books: dict[bool, RouteBook] = {}
_read_at = 0.0
_lock = threading.Lock()


def book(*, livemode: bool, using: str = "default") -> RouteBook:
    """The routes in force, read from the database at most every ``REFRESH_SECONDS``. May block."""
    if time.monotonic() - _read_at > REFRESH_SECONDS or not _books:
        refresh(using=using)
    return _books[livemode]


def refresh(*, using: str = "default") -> None:
    """Read the routes now."""
    global _read_at  # noqa: PLW0603  # one cache per process, guarded by the lock
    with _lock:
        rows = Route.objects.using(using).filter(enabled=True, carrier__enabled=True).order_by("prefix", "position")
        found: dict[bool, dict[str, list[UUID]]] = {True: {}, False: {}}
        listed = rows.values_list("livemode", "prefix", "carrier_id")
        for livemode, prefix, carrier in database.again(using, lambda: list(listed)):
            found[livemode].setdefault(prefix, []).append(carrier)
        for livemode, prefixes in found.items():
            ordered = {prefix: tuple(carriers) for prefix, carriers in prefixes.items()}
            _books[livemode] = RouteBook(ordered, max(map(len, ordered), default=0))
        _read_at = time.monotonic()
