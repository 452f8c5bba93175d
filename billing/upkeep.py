"""What the ledger needs from time to time: partitions for the months to come."""

import datetime as dt

from django.db import connections

from smsplatform.lib import clock
from smsplatform.lib.tasks import task

MONTHS_AHEAD = 12


def extend_partitions(*, at: dt.datetime) -> int:
    """Make the ledger's partitions for the next year; answers how many were missing."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT ledger.ensure_partitions(%s, %s)", [at.date(), MONTHS_AHEAD])
        return int(cursor.fetchone()[0])


@task(name="billing.upkeep.partitions", queue="billing")
def partitions() -> None:
    """Scheduled; safe to run twice."""
    extend_partitions(at=clock.now())
