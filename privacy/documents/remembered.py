"""An answer of the database that every request needs and that seldom changes: each process asks now and then."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from django.db import DatabaseError, connections

logger = logging.getLogger(__name__)
T = TypeVar("T")


class Remembered(Generic[T]):
    """The result of ``load``, at most ``fresh`` seconds old, from any thread and from inside event loops.

    It is loaded in a thread of its own with a connection of its own, since callers may be inside a transaction. When
    the database does not answer, what was known last is kept; before that, ``unknown``.
    """

    def __init__(self, load: Callable[[], T], *, unknown: Callable[[], T], fresh: float) -> None:
        self._load, self._unknown, self._fresh = load, unknown, fresh
        self._lock = threading.Lock()
        self._known: T | None = None
        self._at = float("-inf")

    def get(self) -> T:
        """The answer, waiting for it when it is too old."""
        if self._is_old():
            with self._lock:
                if self._is_old():
                    loading = threading.Thread(target=self._refresh, daemon=True)
                    loading.start()
                    loading.join()
        return self._known if self._known is not None else self._unknown()

    def at_hand(self) -> T:
        """The answer without waiting, refreshed behind the caller's back when it is too old."""
        if self._is_old() and self._lock.acquire(blocking=False):
            threading.Thread(target=self._refresh_and_release, daemon=True).start()
        return self._known if self._known is not None else self._unknown()

    def forget(self) -> None:
        """Ask again next time."""
        self._at = float("-inf")

    def _is_old(self) -> bool:
        return time.monotonic() - self._at >= self._fresh

    def _refresh(self) -> None:
        try:
            self._known = self._load()
        except DatabaseError:
            logger.warning("policy_unreadable")
        finally:
            connections["default"].close()
        self._at = time.monotonic()

    def _refresh_and_release(self) -> None:
        try:
            self._refresh()
        finally:
            self._lock.release()
