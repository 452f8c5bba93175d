"""Noticing a stolen key: one that is bound to networks and is used from another. It is refused; its people are told."""

import datetime as dt

from django.db import connections

from smsplatform.lib import clock
from smsplatform.lib.tasks import task

LOOKED_BACK = dt.timedelta(hours=1)
AGAIN = dt.timedelta(days=1)  # of the same key, as long as it goes on


def tell(*, at: dt.datetime) -> int:
    """Write the notifications that are due; of how many keys."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT pipeline.tell_keys_elsewhere(%s, %s, %s)", [at, at - LOOKED_BACK, at - AGAIN])
        return int(cursor.fetchone()[0])


def untold(*, since: dt.datetime, until: dt.datetime) -> int:
    """How many keys were refused elsewhere in this time without anybody having been told."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pipeline.keys_elsewhere(%s, %s, %s)", [since, until, since - AGAIN])
        return int(cursor.fetchone()[0])


@task(name="messaging.key_watch.tell", queue="default")
def tell_now() -> None:
    """Scheduled; safe to run twice."""
    tell(at=clock.now())
