"""What must answer for the platform to work, asked live. Used by /readyz, /metrics and ``manage.py doctor``."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, connections
from kombu import Connection
from kombu.exceptions import OperationalError

from privacy import tombstones
from smsplatform.lib.database import UNAVAILABLE

BROKER_SECONDS = 2
LATE_SECONDS = 120.0  # sweeps run every second; rows this late mean that nobody works


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """The state of one part. ``detail`` is for operators and names no secret."""

    name: str
    ok: bool
    detail: str = ""


def findings(*, at: dt.datetime) -> list[Finding]:
    """All parts, each asked once."""
    return [database("default"), database("system"), database("keystore"), erasures(), broker(), queues(at=at)]


def database(alias: str) -> Finding:
    return _ask(f"database {alias}", lambda: _one(alias, "SELECT 1"))


def erasures() -> Finding:
    """Whether this database knows of every erasure; one restored from before them does not."""
    try:
        behind = tombstones.behind()
    except UNAVAILABLE as error:
        return Finding(name="erasures", ok=False, detail=type(error).__name__)
    detail = "restored from before an erasure: run manage.py reapply_erasures" if behind else ""
    return Finding(name="erasures", ok=not behind, detail=detail)


def broker() -> Finding:
    """One short connection; kombu would retry for ever by itself."""

    def connect() -> None:
        with Connection(settings.BROKER_URL, connect_timeout=BROKER_SECONDS) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=BROKER_SECONDS)

    return _ask("broker", connect)


def queues(*, at: dt.datetime) -> Finding:
    try:
        late = {name: seconds for name, seconds in backlog(at=at).items() if seconds > LATE_SECONDS}
    except DatabaseError as error:
        return Finding(name="queues", ok=False, detail=type(error).__name__)
    detail = ", ".join(f"{name} is {seconds:.0f} s late" for name, seconds in late.items())
    return Finding(name="queues", ok=not late, detail=detail)


def backlog(*, at: dt.datetime) -> dict[str, float]:
    """Seconds by which the oldest due row of each queue is late."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT queue, oldest_seconds FROM pipeline.backlog(%s)", [at])
        return dict(cursor.fetchall())


def _ask(name: str, question: Callable[[], object]) -> Finding:
    """An answer of any kind is good; errors show as their class only, since their texts name hosts and users."""
    try:
        question()
    except (DatabaseError, OperationalError, OSError) as error:
        return Finding(name=name, ok=False, detail=type(error).__name__)
    return Finding(name=name, ok=True)


def _one(alias: str, query: str) -> object:
    with connections[alias].cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()
