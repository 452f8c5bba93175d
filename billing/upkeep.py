"""What the ledger needs from time to time: months to come, and an end to those of seven years ago.

Both are declared in ``personal_data.py`` and run by the schedules of ``privacy/retention.py``.
"""

import datetime as dt
from typing import LiteralString

from django.db import connections

from billing.models import Cap, FundingWallet, Hold, Transfer
from privacy import profiles, upkeep
from smsplatform.lib import clock

MONTHS_AHEAD = 12
YEARS = 7
BATCH = 2000
CAPS_KEPT = dt.timedelta(days=7)  # past their day, for those who ask why something was refused


def extend_partitions(*, at: dt.datetime) -> int:
    """Make the ledger's partitions for the next year; answers how many were missing."""
    return _count("SELECT ledger.ensure_partitions(%s, %s)", at.date(), MONTHS_AHEAD)


def drop_expired(*, at: dt.datetime) -> int:
    """Drop the months whose transfers are all older than seven years; answers how many went."""
    return _count("SELECT ledger.drop_partitions(%s)", at)


def purge_wallets(*, at: dt.datetime) -> int:
    """Forget a batch of the wallets that deposits of more than seven years ago came from."""
    over = FundingWallet.objects.using("system").filter(at__lt=at - profiles.duration("retention.ledger"))
    return upkeep.delete(over)


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


def drop_holds(*, at: dt.datetime) -> int:
    """Delete holds that ended with books that are gone; answers how many went."""
    return _count("SELECT ledger.drop_holds(%s)", at)


def holds_due() -> dt.datetime | None:
    """The end of the hold that ended first."""
    ended = Hold.objects.using("system").filter(ended_at__isnull=False)
    return upkeep.first(ended, "ended_at", profiles.duration("retention.ledger"))


def drop_caps(*, at: dt.datetime) -> int:
    """Delete the caps of days that are over for a week; answers how many went."""
    return _count("SELECT ledger.drop_caps(%s)", (at - CAPS_KEPT).astimezone(dt.UTC).date())


def caps_due() -> dt.datetime | None:
    """The end of the oldest cap: a week after its day."""
    oldest = Cap.objects.using("system").order_by("day").values_list("day", flat=True).first()
    return clock.midnight(oldest + dt.timedelta(days=1)) + CAPS_KEPT if oldest else None


def _count(query: LiteralString, *arguments: dt.date | int) -> int:
    with connections["system"].cursor() as cursor:
        cursor.execute(query, arguments)
        return int(cursor.fetchone()[0])
