"""What the ledger needs from time to time: months to come, and an end to those of seven years ago.

Both are declared in ``personal_data.py`` and run by the schedules of ``privacy/retention.py``.
"""

import datetime as dt
from typing import LiteralString

from django.db import connections

from billing.models import FundingWallet, Transfer
from privacy import profiles, upkeep

MONTHS_AHEAD = 12
YEARS = 7
BATCH = 2000


def extend_partitions(*, at: dt.datetime) -> int:
    """Make the ledger's partitions for the next year; answers how many were missing."""
    return _count("SELECT ledger.ensure_partitions(%s, %s)", at.date(), MONTHS_AHEAD)


def drop_expired(*, at: dt.datetime) -> int:
    """Drop the months whose transfers are all older than seven years; answers how many went."""
    return _count("SELECT ledger.drop_partitions(%s)", at)


def purge_wallets(*, at: dt.datetime) -> int:
    """Forget a batch of the wallets that deposits of more than seven years ago came from."""
    rows = FundingWallet.objects.using("system")
    over = (
        rows.filter(at__lt=at - profiles.duration("retention.ledger"))
        .order_by("at")
        .values_list("pk", flat=True)[:BATCH]
    )
    return rows.filter(pk__in=list(over)).delete()[0]


def wallets_due() -> dt.datetime | None:
    """The end of the oldest wallet."""
    return upkeep.first(FundingWallet.objects.using("system"), "at", profiles.duration("retention.ledger"))


def due() -> dt.datetime | None:
    """The end of the oldest month: seven years after its last day."""
    first = Transfer.objects.using("system").order_by("id").values_list("at", flat=True).first()
    if first is None:
        return None
    after = (first.astimezone(dt.UTC).replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    return after.replace(year=after.year + YEARS, hour=0, minute=0, second=0, microsecond=0)


def _count(query: LiteralString, *arguments: dt.date | int) -> int:
    with connections["system"].cursor() as cursor:
        cursor.execute(query, arguments)
        return int(cursor.fetchone()[0])
