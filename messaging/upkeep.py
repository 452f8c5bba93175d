"""What traffic needs from time to time: partitions ahead, and the end of what outlived its retention.

Bodies go by the day, with their keys destroyed before. Metadata goes row by row in bounded batches as soon as its time
is over; a month that is wholly past is dropped. How long is what ``privacy.profiles`` says.
"""

import datetime as dt
from functools import partial
from typing import LiteralString

from django.db import connections, transaction

from messaging.models import Export
from privacy import profiles

BATCH = 2000
DELIVERIES_KEPT = dt.timedelta(days=30)
ORPHANS_KEPT = dt.timedelta(days=8)  # no receipt is matched later (messaging/sql/finish.sql)
TRAFFIC_KEPT = dt.timedelta(days=396)  # 13 months, so that a month can be compared with last year's
AHEAD_DAYS = 8  # a message may be scheduled for seven days ahead
NEVER = dt.date(1970, 1, 1)
LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def extend_partitions(*, at: dt.datetime) -> int:
    """Make the partitions for the days and months around ``at``; answers how many were missing."""
    ahead = AHEAD_DAYS + profiles.duration("retention.body_cap") // dt.timedelta(days=1)
    made = _call("SELECT pipeline.ensure_partitions(%s)", at)
    return made + _call("SELECT pipeline.ensure_body_days(%s, %s)", at, ahead)


def extend_call_partitions(*, at: dt.datetime) -> int:
    """The same for the log of API requests."""
    return _call("SELECT pipeline.ensure_call_partitions(%s)", at)


def drop_bodies(*, at: dt.datetime) -> int:
    """Drop the partitions of days that are over; how many. Texts that end sooner, with their message, go one by one."""
    dropped = _call("SELECT pipeline.drop_partitions(%s, %s)", at.date(), LONG_AGO)
    if profiles.value("retention.body_anchor") != "final":
        return dropped
    return dropped + _call("SELECT pipeline.purge_bodies(%s, %s)", at, BATCH)


def purge_metadata(*, at: dt.datetime) -> int:
    """Remove messages, attempts and events past their retention: whole months at once, the rest in batches.

    Workspaces that want less are looked at one by one.
    """
    kept = profiles.duration("retention.delivery_meta")
    dropped = _call("SELECT pipeline.drop_partitions(%s, %s)", NEVER, at - kept)
    dropped += _call("SELECT pipeline.purge_metadata(%s, %s)", at - kept, BATCH)
    return dropped + _call("SELECT pipeline.purge_tightened(%s, %s, %s)", at, kept.days, BATCH)


def purge_calls(*, at: dt.datetime) -> int:
    """Remove requests past their retention from the API log: whole months at once, the rest in one batch."""
    before = at - profiles.duration("retention.api_log")
    dropped = _call("SELECT pipeline.drop_call_partitions(%s)", before)
    return dropped + _call("SELECT pipeline.purge_calls(%s, %s)", before, BATCH)


def _purge(function: LiteralString, kept: dt.timedelta, *, at: dt.datetime) -> int:
    return _call(function, at - kept, BATCH)


purge_deliveries = partial(_purge, "SELECT pipeline.purge_deliveries(%s, %s)", DELIVERIES_KEPT)
purge_orphans = partial(_purge, "SELECT pipeline.purge_orphans(%s, %s)", ORPHANS_KEPT)
purge_idempotency_keys = partial(_purge, "SELECT pipeline.purge_idempotency_keys(%s, %s)", dt.timedelta())
purge_traffic = partial(_purge, "SELECT pipeline.purge_traffic(%s, %s)", TRAFFIC_KEPT)


def purge_processors(*, at: dt.datetime) -> int:
    """Remove counts by carrier that are older than the facts of any delivery."""
    return _call("SELECT pipeline.purge_processors(%s, %s)", at - profiles.duration("retention.delivery_meta"), BATCH)


EXPORTS_KEPT = dt.timedelta(days=30)
EXPORTS_BATCH = 20
_EMPTY = """
    WITH over AS (
        SELECT id FROM messaging_export WHERE expires_at <= %s AND state <> 'expired'
        ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED
    ), emptied AS (
        DELETE FROM messaging_export_piece WHERE export_id IN (SELECT id FROM over)
    )
    UPDATE messaging_export e SET state = 'expired', filter = NULL FROM over WHERE e.id = over.id
"""
_FORGET = """
    DELETE FROM messaging_export WHERE id IN (
        SELECT id FROM messaging_export WHERE state = 'expired' AND created_at <= %s LIMIT %s)
"""


def purge_exports(*, at: dt.datetime) -> int:
    """Empty the files whose time is over, and forget what was asked for; how many. What is left is that they were."""
    return _rows(_EMPTY, at, EXPORTS_BATCH)


def forget_exports(*, at: dt.datetime) -> int:
    """Remove the records of emptied files; how many."""
    return _rows(_FORGET, at - EXPORTS_KEPT, BATCH)


# When the oldest of each is due


def due(unit: str, kept: dt.timedelta = dt.timedelta()) -> dt.datetime | None:
    """When the oldest row of ``unit`` is over, if it is kept so long after its anchor."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT pipeline.oldest(%s)", [unit])
        anchor: dt.datetime | None = cursor.fetchone()[0]
    return anchor + kept if anchor else None


def metadata_due() -> dt.datetime | None:
    """The end of the oldest message that is not on its way any more, by the policy or by its workspace's setting."""
    kept = profiles.duration("retention.delivery_meta")
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT pipeline.tightened_due(%s)", [kept.days])
        tightened: dt.datetime | None = cursor.fetchone()[0]
    return min(filter(None, (due("delivery metadata", kept), tightened)), default=None)


def calls_due() -> dt.datetime | None:
    """The end of the oldest request."""
    return due("API log", profiles.duration("retention.api_log"))


def processors_due() -> dt.datetime | None:
    """The end of the oldest count by carrier."""
    return due("counts by carrier", profiles.duration("retention.delivery_meta"))


def exports_due() -> dt.datetime | None:
    """The end of the file that ends first."""
    kept = Export.objects.using("system").exclude(state=Export.State.EXPIRED).order_by("expires_at")
    return kept.values_list("expires_at", flat=True).first()


def exported_due() -> dt.datetime | None:
    """The end of the oldest record of a file that is emptied."""
    emptied = Export.objects.using("system").filter(state=Export.State.EXPIRED).order_by("id")
    made = emptied.values_list("created_at", flat=True).first()
    return made + EXPORTS_KEPT if made else None


def _rows(statement: LiteralString, *arguments: dt.datetime | int) -> int:
    with connections["system"].cursor() as cursor:
        cursor.execute(statement, arguments)
        return int(cursor.rowcount)


def _call(statement: LiteralString, *arguments: dt.datetime | dt.date | int) -> int:
    """Dropping a partition locks its parent: better to try again at the next run than to hold up the traffic."""
    with transaction.atomic(using="system"), connections["system"].cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '500ms'")
        cursor.execute(statement, arguments)
        return int(cursor.fetchone()[0])
