"""What the purge calls to clean the tables of accounts."""

import datetime as dt

from django.db import connections

ASKED_KEPT = dt.timedelta(days=30)
BATCH = 2000


def purge_asked(*, at: dt.datetime) -> int:
    """Delete a batch of invitations and requests to join that were settled or ran out long enough ago."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT access.purge_asked(%s, %s)", [at - ASKED_KEPT, BATCH])
        return int(cursor.fetchone()[0])
