"""The settings in force: the stricter of what is configured and what the version in effect promises.

Whoever changes a setting so that it promises less finds it without effect until a new version of the policy, announced
in time, is in effect. What promises more applies at once. Readers ask ``privacy.profiles``, which asks here.
"""

import logging
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connections

from privacy import profiles
from privacy.documents import changes, snapshot
from privacy.models import DocumentVersion
from privacy.profiles import Key

logger = logging.getLogger(__name__)
FRESH_SECONDS = 15.0
UNKNOWN: Mapping[str, Any] = {}


@dataclass(slots=True)
class Memory:
    """What the version in effect says, and since when this process knows."""

    settings: Mapping[str, Any] | None = None
    at: float = float("-inf")


_memory = Memory()
_lock = threading.Lock()


def install() -> None:
    """From now on ``profiles.value`` answers with what is in force."""
    profiles.guarded_by(stricter)


def value(name: str) -> Any:
    """The setting in force. Raises ``UnknownKey``."""
    return stricter(profiles.key(name), profiles.configured(name))


def stricter(key: Key, configured: Any) -> Any:
    """The configured value, unless the version in effect promises more."""
    promised = published().get(key.name, configured)
    return promised if changes.weaker(key, promised, configured) else configured


def withheld() -> list[tuple[Key, Any, Any]]:
    """Settings that are configured and not in force: with both values."""
    pairs = [(key, profiles.configured(key.name)) for key in profiles.KEYS]
    return [(key, chosen, promised) for key, chosen in pairs if (promised := stricter(key, chosen)) != chosen]


def published() -> Mapping[str, Any]:
    """The settings of the version in effect, at most ``FRESH_SECONDS`` old; empty before the first.

    When the database does not answer, what was known last; and before that the defaults, which keep least.
    """
    if time.monotonic() - _memory.at < FRESH_SECONDS:
        return _memory.settings or UNKNOWN
    with _lock:
        if time.monotonic() - _memory.at >= FRESH_SECONDS:
            _refresh()
    return _memory.settings or UNKNOWN


def forget() -> None:
    """Ask the database next time."""
    _memory.at = float("-inf")


def _refresh() -> None:
    """In a thread and on a connection of its own: callers may be inside a transaction or an event loop."""
    try:
        with ThreadPoolExecutor(max_workers=1) as thread:
            _memory.settings = thread.submit(_load).result()
    except DatabaseError:
        logger.warning("policy_unreadable")
        if _memory.settings is None:
            _memory.settings = {key.name: key.default for key in profiles.KEYS}
    _memory.at = time.monotonic()


def _load() -> dict[str, Any]:
    try:
        rows = DocumentVersion.objects.filter(document=snapshot.WHOLE, state=DocumentVersion.State.EFFECTIVE)
        found = rows.values_list("snapshot__settings", flat=True).first() or {}
        return {name: snapshot.decoded(each) for name, each in found.items()}
    finally:
        connections["default"].close()
