"""Telling the people who pay, in time, that the money will not last."""

import datetime as dt

from django.db import connections

from smsplatform.lib import clock
from smsplatform.lib.tasks import task

DAYS = 3  # fewer than this left, at the pace of the last week: told, as the card of Overview warns
AGAIN = dt.timedelta(days=3)


def tell(*, at: dt.datetime) -> int:
    """Write the notifications that are due; how many workspaces are told."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT pipeline.tell_running_low(%s, %s, %s)", [at, DAYS, at - AGAIN])
        return int(cursor.fetchone()[0])


@task(name="messaging.running_low.tell", queue="default")
def tell_now() -> None:
    """Scheduled; safe to run twice."""
    tell(at=clock.now())
