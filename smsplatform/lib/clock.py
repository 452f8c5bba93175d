"""The one place that reads the time. Rules take ``at`` as an argument; only the outermost layer calls ``now``."""

import datetime as dt

from django.utils import timezone


def now() -> dt.datetime:
    """The current moment in UTC, with its zone."""
    return dt.datetime.now(dt.UTC)


def midnight(day: dt.date, zone: dt.tzinfo | None = None) -> dt.datetime:
    """Where a day begins: in ``zone``, else on the clock in force, which on pages and in exports is the workspace's."""
    return dt.datetime.combine(day, dt.time(), tzinfo=zone or timezone.get_current_timezone())
