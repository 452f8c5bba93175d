"""The figures of a workspace for a page: read from the hours, never from the messages themselves."""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, LiteralString, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db import connections

from smsplatform.lib import clock

SHORTEST_SECONDS, STEP = 0.05, math.sqrt(2)  # of the latency classes, as messaging/sql/traffic.sql makes them
LARGE_ROWS, KEPT_SECONDS = 5_000, 20
DELIVERED, CANCELED, OPEN = "delivered", "canceled", "open"

# Both periods in one pass: by day for the charts, by country for the corridors. A day is one of the reader's clock.
QUERY: LiteralString = """
    SELECT current, day, country, outcome, latency, sum(messages)::bigint, sum(price)::bigint
    FROM (
        SELECT hour >= %(since)s AS current, (hour AT TIME ZONE %(zone)s)::date AS day, country, outcome, latency,
               sum(messages)::bigint AS messages, sum(price)::bigint AS price
        FROM messaging_traffic_hour
        WHERE workspace_id = %(workspace)s AND livemode = %(livemode)s
          AND (hour >= %(since)s OR hour >= %(since_before)s AND hour < %(until_before)s)
        GROUP BY 1, 2, 3, 4, 5
    ) AS days
    GROUP BY GROUPING SETS ((current, day, outcome, latency), (current, country, outcome, latency))
"""


class _Row(NamedTuple):
    current: bool
    day: dt.date | None
    country: str | None
    outcome: str
    latency: int
    messages: int
    price: int


@dataclass(slots=True)
class Sum:
    """What became of a number of messages, and what they cost in micro-units."""

    outcomes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    latencies: dict[int, int] = field(default_factory=lambda: defaultdict(int))  # by class
    price: int = 0

    def add(self, row: _Row) -> None:
        """Count a row in."""
        self.outcomes[row.outcome] += row.messages
        self.price += row.price
        if row.latency:
            self.latencies[row.latency] += row.messages

    @property
    def messages(self) -> int:
        """All that were accepted."""
        return sum(self.outcomes.values())

    @property
    def delivered(self) -> int:
        return self.outcomes.get(DELIVERED, 0)

    @property
    def open(self) -> int:
        """Those without a final state yet."""
        return self.outcomes.get(OPEN, 0)

    @property
    def canceled(self) -> int:
        return self.outcomes.get(CANCELED, 0)

    @property
    def failed(self) -> int:
        """Those that ended in any other way."""
        return self.messages - self.delivered - self.open - self.canceled

    @property
    def rate(self) -> float | None:
        """Delivered of those that ended, 0 to 1; what was canceled is not counted. None when nothing ended."""
        ended = self.delivered + self.failed
        return self.delivered / ended if ended else None

    @property
    def median(self) -> float | None:
        """Half of the delivered messages took at most so many seconds."""
        return median(self.latencies)


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """A period of days that ends today, and the same length of time before it."""

    days: Mapping[dt.date, Sum]  # every day of the period, oldest first
    now: Sum
    before: Sum
    countries: Mapping[str, Sum]  # most messages first


def median(classes: Mapping[int, int]) -> float | None:
    """The median of classed latencies in seconds, at most a fifth away from the true one; None without any.

    Within the class that holds the middle, latencies are taken to be spread evenly on the scale of the classes.
    """
    total = sum(classes.values())
    reached = 0.0
    for number, count in sorted(classes.items()):
        if count and (reached + count) * 2 >= total:
            return SHORTEST_SECONDS * math.pow(STEP, number - 1 + (total / 2 - reached) / count)
        reached += count
    return None


def read(*, workspace: UUID, livemode: bool, days: int, zone: ZoneInfo, at: dt.datetime) -> Figures:
    """The last ``days`` days in ``zone``, today included. One query, inside the scope of the workspace.

    Much traffic takes long to add up, so a large answer is kept for as long as its hours are not made again anyway.
    """
    key = f"figures:{workspace}:{livemode}:{days}:{zone.key}"
    known: Figures | None = cache.get(key)
    return known or _read(workspace, livemode, days, zone, at, key)


def _read(workspace: UUID, livemode: bool, days: int, zone: ZoneInfo, at: dt.datetime, key: str) -> Figures:
    today = at.astimezone(zone).date()
    period = [today - dt.timedelta(days=days - 1 - number) for number in range(days)]
    length = dt.timedelta(days=days)
    since = clock.midnight(period[0], zone)
    rows = _rows({
        "workspace": workspace, "livemode": livemode, "zone": zone.key, "since": since,
        "since_before": since - length, "until_before": at - length,
    })  # fmt: skip
    found = _summed(rows, period)
    if len(rows) > LARGE_ROWS:
        cache.set(key, found, KEPT_SECONDS)
    return found


def _summed(rows: Iterable[_Row], period: list[dt.date]) -> Figures:
    days, countries = {day: Sum() for day in period}, defaultdict[str, Sum](Sum)
    now, before = Sum(), Sum()
    for row in rows:
        if row.day is not None:
            (now if row.current else before).add(row)
        if row.current and row.day in days:
            days[row.day].add(row)
        if row.current and row.country is not None:
            countries[row.country].add(row)
    ranked = sorted(countries.items(), key=lambda entry: (-entry[1].messages, entry[0]))
    return Figures(days=days, now=now, before=before, countries=dict(ranked))


def _rows(values: Mapping[str, Any]) -> list[_Row]:
    with connections["default"].cursor() as cursor:
        cursor.execute(QUERY, values)
        return [_Row(*row) for row in cursor.fetchall()]
