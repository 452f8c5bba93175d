"""When staff are expected to work: what they look at outside of it stands out (``accounts.flags``)."""

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings

HOURS = re.compile(r"(\d{2}:\d{2})-(\d{2}:\d{2})")


class InvalidOffice(ValueError):
    """The settings name no hours: ``name`` is the setting."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, kw_only=True, slots=True)
class Office:
    """Days are ISO weekdays, 1 is Monday. A night shift closes on the next day: ``closes`` is before ``opens``."""

    zone: str
    opens: dt.time
    closes: dt.time
    days: frozenset[int]


def hours() -> Office:
    """Those of ``STAFF_TIME_ZONE``, ``STAFF_HOURS`` and ``STAFF_DAYS``. Raises ``InvalidOffice``."""
    opens, closes = _hours()
    return Office(zone=_zone(), opens=opens, closes=closes, days=_days())


def _zone() -> str:
    try:
        return ZoneInfo(settings.STAFF_TIME_ZONE).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidOffice("STAFF_TIME_ZONE") from None


def _hours() -> tuple[dt.time, dt.time]:
    found = HOURS.fullmatch(settings.STAFF_HOURS)
    try:
        opens, closes = (dt.time.fromisoformat(part) for part in found.groups()) if found else (dt.time(), dt.time())
    except ValueError:
        raise InvalidOffice("STAFF_HOURS") from None
    if opens == closes:
        raise InvalidOffice("STAFF_HOURS")
    return opens, closes


def _days() -> frozenset[int]:
    days = frozenset(settings.STAFF_DAYS)
    if not days or not days <= set(range(1, 8)):
        raise InvalidOffice("STAFF_DAYS")
    return days
