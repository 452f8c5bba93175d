"""What messaging's tables need from time to time: partitions ahead, and an end to what is over.

Declared in ``personal_data.py`` and run by the schedules of ``privacy/retention.py``. Each call is bounded.
"""

import datetime as dt
from typing import LiteralString

from django.db import connections

KEPT = dt.timedelta(days=90)
ORPHANS_KEPT = dt.timedelta(days=8)
BATCH = 5000
_LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def extend_partitions(*, at: dt.datetime) -> int:
    """Make the partitions of the days and months around ``at``; how many were missing."""
    return _count("SELECT pipeline.ensure_partitions(%s)", at)


def drop_bodies(*, at: dt.datetime) -> int:
    """Drop the days of bodies that are over; their keys are destroyed by privacy's own unit."""
    return _count("SELECT pipeline.drop_partitions(%s, %s)", at.astimezone(dt.UTC).date(), _LONG_AGO)


def drop_messages(*, at: dt.datetime) -> int:
    """Drop the months of which every message is past its retention."""
    return _count("SELECT pipeline.drop_partitions(%s, %s)", _LONG_AGO.date(), at - KEPT)


def purge_events(*, at: dt.datetime) -> int:
    """Delete a batch of old steps of messages."""
    return _count("SELECT pipeline.purge_events(%s, %s)", at - KEPT, BATCH)


def purge_deliveries(*, at: dt.datetime) -> int:
    """Delete a batch of old webhook deliveries."""
    return _count("SELECT pipeline.purge_deliveries(%s, %s)", at - KEPT, BATCH)


def purge_orphans(*, at: dt.datetime) -> int:
    """Delete a batch of receipts that found no message."""
    return _count("SELECT pipeline.purge_orphans(%s, %s)", at - ORPHANS_KEPT, BATCH)


def purge_idempotency_keys(*, at: dt.datetime) -> int:
    """Delete a batch of idempotency keys whose time is over."""
    return _count("SELECT pipeline.purge_idempotency_keys(%s, %s)", at, BATCH)


def _count(query: LiteralString, *arguments: dt.date | int) -> int:
    with connections["system"].cursor() as cursor:
        cursor.execute(query, arguments)
        return int(cursor.fetchone()[0])
