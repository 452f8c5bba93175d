"""The state of the platform over time: measured every minute by a worker, summed up for the public status page.

What cannot be measured leaves no row. A gap is shown as a gap and never as good.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db import DatabaseError, connections

from messaging.models import BindLease, Carrier
from privacy.upkeep import first
from smsplatform import health
from smsplatform.lib import clock
from smsplatform.lib.tasks import task
from smsplatform.models import Probe

PARTS = ("database", "carriers", "submission", "webhooks")
KEPT = dt.timedelta(days=7)
HOURS = 24
STALE = dt.timedelta(minutes=3)
GOOD, FAIR = 0.99, 0.8  # of an hour's measurements
LATE_SECONDS = 60.0  # sweeps run every second
BATCH = 5000


@dataclass(frozen=True, kw_only=True, slots=True)
class Hour:
    """One hour of a part; ``good`` is None when nothing was measured."""

    began_at: dt.datetime
    good: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """An hour as it is drawn."""

    x: float
    width: float
    tone: str
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One part of the platform: as of now, and in the last 24 hours, oldest first."""

    key: str
    ok: bool | None  # None: not measured lately
    value: float | None
    measured_at: dt.datetime | None
    hours: tuple[Hour, ...]

    @property
    def cells(self) -> tuple["Cell", ...]:
        """The hours as a strip: places in percent."""
        width = 100 / len(self.hours)
        return tuple(
            Cell(x=number * width, width=width * 0.8, tone=_tone(hour.good), title=f"{hour.began_at:%H:%M}")
            for number, hour in enumerate(self.hours)
        )

    @property
    def percent(self) -> str:
        """The value as a share."""
        return _percent(self.value)

    @property
    def good_percent(self) -> str:
        """The share of good measurements; empty when there are none."""
        return _percent(self.good)

    @property
    def good(self) -> float | None:
        """The share of good measurements in all hours; None without any."""
        known = [hour.good for hour in self.hours if hour.good is not None]
        return sum(known) / len(known) if known else None

    @property
    def gaps(self) -> int:
        """Hours without a measurement."""
        return sum(hour.good is None for hour in self.hours)


def due() -> dt.datetime | None:
    """The end of the oldest measurement."""
    return first(Probe.objects.using("system"), "at", KEPT)


def measure(*, at: dt.datetime) -> list[Probe]:
    """Ask every part once."""
    late = health.backlog(at=at)
    answers = [health.database(alias).ok for alias in ("default", "system", "keystore")]
    found = [Probe(at=at, part="database", ok=all(answers))]
    found += [
        Probe(at=at, part=name, ok=late.get(name, 0) <= LATE_SECONDS, value=round(late.get(name, 0.0), 1))
        for name in ("submission", "webhooks")
    ]
    return [*found, *_carriers(at)]


def _carriers(at: dt.datetime) -> Iterator[Probe]:
    """The part of enabled carriers that hold an open session; nothing when there are none."""
    enabled = set(Carrier.objects.using("system").filter(enabled=True).values_list("id", flat=True))
    held = BindLease.objects.using("system").filter(bound=True, until__gt=at).values_list("carrier_id", flat=True)
    if enabled:
        share = len(enabled & set(held)) / len(enabled)
        yield Probe(at=at, part="carriers", ok=share == 1, value=share)


def parts(*, at: dt.datetime) -> list[Part]:
    """Every part of the platform. Two queries. Raises ``DatabaseError``."""
    first = at.replace(minute=0, second=0, microsecond=0) - dt.timedelta(hours=HOURS - 1)
    good, latest = _good(first), _latest(at - STALE)
    return [_part(key, [first + dt.timedelta(hours=number) for number in range(HOURS)], good, latest) for key in PARTS]


def _part(
    key: str, hours: list[dt.datetime], good: Mapping[tuple[str, dt.datetime], float], latest: Mapping[str, Probe]
) -> Part:
    now = latest.get(key)
    return Part(
        key=key,
        ok=now.ok if now else None,
        value=now.value if now else None,
        measured_at=now.at if now else None,
        hours=tuple(Hour(began_at=hour, good=good.get((key, hour))) for hour in hours),
    )


def _good(since: dt.datetime) -> dict[tuple[str, dt.datetime], float]:
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT part, date_trunc('hour', at, 'UTC') AS hour, avg(ok::int)::float8 FROM smsplatform_probe "
            "WHERE at >= %s GROUP BY part, hour",
            [since],
        )
        return {(part, hour): share for part, hour, share in cursor.fetchall()}


def _latest(since: dt.datetime) -> dict[str, Probe]:
    return {probe.part: probe for probe in Probe.objects.filter(at__gte=since).order_by("at")}


def _tone(good: float | None) -> str:
    if good is None:
        return "idle"
    return "ok" if good >= GOOD else "warn" if good >= FAIR else "bad"


def _percent(share: float | None) -> str:
    """Rounded down: what was disturbed once is not a hundred."""
    return "" if share is None else f"{int(share * 1000) / 10:g}\u202f%"


def purge(*, at: dt.datetime) -> int:
    """Remove a batch of old measurements."""
    old = Probe.objects.using("system").filter(at__lt=at - KEPT).order_by("at").values_list("id", flat=True)[:BATCH]
    return Probe.objects.using("system").filter(id__in=list(old)).delete()[0]


@task(name="smsplatform.status.probe", queue="default")
def probe() -> None:
    """Scheduled. When the database is away there is nothing to write to, and the gap says so."""
    try:
        Probe.objects.using("system").bulk_create(measure(at=clock.now()))
    except DatabaseError:
        return
