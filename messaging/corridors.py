"""Totals by day, carrier and country, which stay when messages go: how well a corridor works, and about nobody.

A total is written only if it stands for enough messages of enough workspaces; the table has no column that could name
one. Days whose messages may still change are made again, and all of that ends before any workspace's metadata does.
"""

import datetime as dt

from django.db import connections

from privacy import profiles
from smsplatform.lib import clock
from smsplatform.lib.tasks import task

SETTLING = range(1, 7)  # days back: after a week a workspace may have its metadata removed


def publish(*, at: dt.datetime) -> int:
    """Make the totals of the days that settle at ``at``; how many cells."""
    return sum(_day((at - dt.timedelta(days=back)).date()) for back in SETTLING)


@task(name="messaging.corridors.publish", queue="default")
def publish_now() -> None:
    """Scheduled; safe to run twice."""
    publish(at=clock.now())


def _day(day: dt.date) -> int:
    least = [profiles.value("stats.messages_min"), profiles.value("stats.workspaces_min")]
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT pipeline.publish_corridors(%s, %s, %s)", [day, *least])
        return int(cursor.fetchone()[0])
