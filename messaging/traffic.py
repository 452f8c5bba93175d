"""Making the figures of touched hours again: often for the hours of now, now and then for those before.

A message reaches its final state up to days after it was accepted, so an hour long ago may still change. Such an hour
may be large and is touched often; it is made again every few minutes instead of every few seconds.
"""

import datetime as dt
import logging
import time

from django.db import connections

from privacy import profiles
from smsplatform.lib import clock
from smsplatform.lib.tasks import task

BATCH = 100  # hours of a workspace in one transaction
BATCHES_MAX = 50  # in one run; what is left waits for the next
RECENT = dt.timedelta(hours=2)
# Ids are made some time before they are committed; and a first run does not know what the last one saw.
OVERLAP = dt.timedelta(minutes=1)
FIRST = dt.timedelta(hours=1)
SHARE = 19  # a run is followed by so many times its length of rest
LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

logger = logging.getLogger(__name__)


def touch_new(*, since: dt.datetime) -> int:
    """Note the hours of messages accepted since; how many."""
    return _call("SELECT pipeline.touch_new(%s)", since)


def roll_up(*, at: dt.datetime, since: dt.datetime = LONG_AGO) -> int:
    """Make the figures of all touched hours from ``since`` on; how many hours. Safe to repeat and to break off.

    The figures of hours that begin to be purged are not touched any more.
    """
    oldest = at - profiles.duration("retention.delivery_meta") + dt.timedelta(hours=1)
    done = 0
    for _ in range(BATCHES_MAX):
        made = _call("SELECT pipeline.roll_up(%s, %s, %s)", oldest, since, BATCH)
        done += made
        if made < BATCH:  # what was touched meanwhile waits: a busy hour would be made again without end
            return done
    logger.warning("figures_late", extra={"hours": done})
    return done


@task(name="messaging.traffic.recent", queue="default")
def recent() -> None:
    """Scheduled; at most a twentieth of the time goes into it, so a very busy hour is told of less often."""
    global _seen_at, _not_before  # noqa: PLW0603  # where this process was; another one only looks further back
    began = time.monotonic()
    if began < _not_before:
        return
    at = clock.now()
    touch_new(since=_seen_at - OVERLAP if _seen_at else at - FIRST)
    _seen_at = at
    roll_up(at=at, since=at - RECENT)
    ended = time.monotonic()
    _not_before = ended + SHARE * (ended - began)


@task(name="messaging.traffic.late", queue="default")
def late() -> None:
    """Scheduled; hours before the recent ones that changed after all."""
    roll_up(at=clock.now())


_seen_at: dt.datetime | None = None
_not_before = 0.0


def _call(statement: str, *arguments: dt.datetime | int) -> int:
    with connections["system"].cursor() as cursor:
        cursor.execute(statement, arguments)
        return int(cursor.fetchone()[0])
