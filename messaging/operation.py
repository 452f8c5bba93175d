"""What operators see of the pipeline, and what they may do to it: counts, ages and ids, nothing of customers.

Everything that changes something says why: a short code and a ticket, written to the audit log of the platform.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from django.db import connections, models, transaction
from django.utils.translation import gettext_lazy as _

from messaging import exports, submission, webhooks
from messaging.models import BindLease, Carrier, Route, UnheardDay
from privacy import audit
from smsplatform.lib import ids

SYSTEM = "system"
DEPTH_MAX = 100_000  # counted no further
RECENT = dt.timedelta(minutes=5)
UNHEARD_SHOWN = dt.timedelta(days=30)
LISTED_BACK = dt.timedelta(days=7)
LISTED_MAX = 100
STUCK_AFTER = dt.timedelta(minutes=15)  # sweeps run each second
RETRY_MAX = 10_000


class Why(models.TextChoices):
    """Why an operator changed something. Values are stored in the audit log."""

    FAULT = "fault", _("Fault")
    MAINTENANCE = "maintenance", _("Maintenance")
    QUALITY = "quality", _("Poor delivery")
    FRAUD = "fraud", _("Fraud or abuse")
    COMMERCIAL = "commercial", _("Contract or price")
    REPAIRED = "repaired", _("Repaired")
    TEST = "test", _("Test")


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """Who does something, when, and why."""

    by: UUID
    at: dt.datetime
    why: str
    ticket: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Depth:
    """How much stands in a stage, and since when the oldest of it does."""

    stage: str
    depth: int
    oldest_at: dt.datetime | None

    @property
    def is_capped(self) -> bool:
        """Whether there is more than was counted."""
        return self.depth >= DEPTH_MAX


@dataclass(frozen=True, kw_only=True, slots=True)
class Minute:
    """What one carrier took in one minute."""

    carrier: UUID
    minute: dt.datetime
    accepted: int
    refused: int
    receipt_seconds: float | None  # the median of those whose receipt came


@dataclass(frozen=True, kw_only=True, slots=True)
class CarrierState:
    """A carrier as it is now."""

    id: UUID
    name: str
    host: str
    country: str
    enabled: bool
    sandbox: bool
    binds_max: int
    bound: int
    throughput_max: int
    accepted: int  # parts in the last five minutes
    refused: int
    receipt_seconds: float | None
    unheard: int  # texts from phones in the last thirty days that were acknowledged and not kept
    routes: list[Route]

    @property
    def public_id(self) -> str:
        return ids.encode(ids.CARRIER, self.id)

    @property
    def per_second(self) -> float:
        """Parts that it took, on the average of the last five minutes."""
        return self.accepted / RECENT.total_seconds()


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenUp:
    """Deliveries to one endpoint that were tried until the end."""

    workspace: UUID
    endpoint: UUID
    deliveries: int
    newest_at: dt.datetime | None
    last_status: int | None
    last_error: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedExport:
    """A file that was not finished."""

    id: UUID
    workspace: UUID
    error: str
    finished_at: dt.datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Stuck:
    """Messages for one carrier that nobody moves."""

    carrier: UUID
    messages: int
    oldest_at: dt.datetime


# Looking


def depths(*, at: dt.datetime) -> list[Depth]:
    """Every stage."""
    rows = _asked("SELECT stage, depth, oldest_at FROM pipeline.queue_depths(%s, %s)", [at, DEPTH_MAX])
    return [Depth(stage=stage, depth=depth, oldest_at=oldest_at) for stage, depth, oldest_at in rows]


def minutes(*, since: dt.datetime) -> list[Minute]:
    """Handed over since then, by carrier and minute."""
    rows = _asked(
        "SELECT carrier_id, minute, accepted, refused, receipt_seconds FROM pipeline.submissions(%s)", [since]
    )
    return [
        Minute(carrier=carrier, minute=minute, accepted=accepted, refused=refused, receipt_seconds=seconds)
        for carrier, minute, accepted, refused, seconds in rows
    ]


def carriers(*, at: dt.datetime) -> list[CarrierState]:
    """Every carrier by name. Five queries."""
    routes: defaultdict[UUID, list[Route]] = defaultdict(list)
    for route in Route.objects.using(SYSTEM).order_by("-livemode", "prefix", "position"):
        routes[route.carrier_id].append(route)
    held = BindLease.objects.using(SYSTEM).filter(bound=True, until__gt=at).values_list("carrier_id", flat=True)
    bound, recent, dropped = Counter(held), _recent(at), unheard(since=at - UNHEARD_SHOWN)
    columns = ("id", "name", "host", "country", "enabled", "sandbox", "binds_max", "throughput_max")
    return [
        CarrierState(
            **row,
            bound=bound[row["id"]],
            routes=routes[row["id"]],
            unheard=dropped.get(row["id"], 0),
            **recent(row["id"]),
        )
        for row in Carrier.objects.using(SYSTEM).order_by("name").values(*columns)
    ]


def unheard(*, since: dt.datetime | None = None) -> dict[UUID, int]:
    """Texts from phones that were acknowledged and not kept, by carrier."""
    rows = UnheardDay.objects.using(SYSTEM).all()
    if since is not None:
        rows = rows.filter(day__gte=since.astimezone(dt.UTC).date())
    return dict(rows.values_list("carrier_id").annotate(texts=models.Sum("texts")))


def given_up(*, at: dt.datetime) -> list[GivenUp]:
    """Deliveries of the last week that were given up, by endpoint."""
    rows = _asked("SELECT * FROM pipeline.exhausted_deliveries(%s, %s)", [at - LISTED_BACK, LISTED_MAX])
    return [
        GivenUp(
            workspace=workspace, endpoint=endpoint, deliveries=deliveries, newest_at=newest_at,
            last_status=last_status, last_error=last_error,
        )
        for workspace, endpoint, deliveries, newest_at, last_status, last_error in rows
    ]  # fmt: skip


def failed_exports(*, at: dt.datetime) -> list[FailedExport]:
    """Files that were not finished and can be."""
    rows = _asked("SELECT * FROM pipeline.failed_exports(%s, %s)", [at, LISTED_MAX])
    return [
        FailedExport(id=id, workspace=workspace, error=error, finished_at=finished_at)
        for id, workspace, error, finished_at in rows
    ]


def stuck(*, at: dt.datetime) -> list[Stuck]:
    """Messages that have been due for long, by carrier."""
    rows = _asked("SELECT * FROM pipeline.stuck_messages(%s)", [at - STUCK_AFTER])
    return [Stuck(carrier=carrier, messages=count, oldest_at=oldest_at) for carrier, count, oldest_at in rows]


# Acting


def switch_carrier(*, carrier: UUID, enabled: bool, act: Act) -> bool:
    """Let a carrier take messages, or no longer; whether there is one. Workers notice within seconds."""
    return _switch(Carrier.objects.using(SYSTEM).filter(pk=carrier), "carrier", carrier, enabled, act)


def switch_route(*, route: UUID, enabled: bool, act: Act) -> bool:
    """Use a route, or leave it out; whether there is one."""
    return _switch(Route.objects.using(SYSTEM).filter(pk=route), "route", route, enabled, act)


def retry_deliveries(*, endpoint: UUID, act: Act) -> int:
    """Try the deliveries again that were given up; how many."""
    with transaction.atomic(using=SYSTEM):
        (row,) = _asked(
            "SELECT pipeline.retry_exhausted(%s, %s, %s, %s)", [endpoint, act.at - LISTED_BACK, act.at, RETRY_MAX]
        )
        _record("delivery:retried", act, {"endpoint": str(endpoint), "count": str(row[0])})
    webhooks.wake()
    return int(row[0])


def retry_export(*, export: UUID, act: Act) -> bool:
    """Go on with a failed file; whether there is such a one."""
    with transaction.atomic(using=SYSTEM):
        (row,) = _asked("SELECT pipeline.retry_export(%s, %s)", [export, act.at])
        if row[0] is None:
            return False
        _record("export:retried", act, {"export": str(export)})
    exports.publish(str(row[0]), str(export))
    return True


def push(*, carrier: UUID, act: Act) -> None:
    """Wake the workers of a carrier, and take back what a worker died with."""
    _record("queue:pushed", act, {"carrier": str(carrier)})
    submission.wake(carrier)


def _switch(rows: "models.QuerySet[Any]", name: str, row_id: UUID, enabled: bool, act: Act) -> bool:
    with transaction.atomic(using=SYSTEM):
        if not rows.update(enabled=enabled):
            return False
        _record(f"{name}:{'enabled' if enabled else 'disabled'}", act, {name: str(row_id)})
    return True


def _record(what: str, act: Act, details: dict[str, str]) -> None:
    audit.record(
        action=f"staff:{what}", workspace=audit.PLATFORM, actor=act.by, at=act.at,
        details={**details, "why": act.why, "ticket": act.ticket}, using=SYSTEM,
    )  # fmt: skip


def _recent(at: dt.datetime) -> Any:
    by_carrier: defaultdict[UUID, list[Minute]] = defaultdict(list)
    for each in minutes(since=at - RECENT):
        by_carrier[each.carrier].append(each)

    def of(carrier: UUID) -> dict[str, Any]:
        mine = by_carrier[carrier]
        return {
            "accepted": sum(each.accepted for each in mine),
            "refused": sum(each.refused for each in mine),
            "receipt_seconds": _middle(each.receipt_seconds for each in mine),
        }

    return of


def _middle(values: Iterator[float | None]) -> float | None:
    known = sorted(value for value in values if value is not None)
    return known[len(known) // 2] if known else None


def _asked(query: LiteralString, arguments: list[Any]) -> list[Any]:
    with connections[SYSTEM].cursor() as cursor:
        cursor.execute(query, arguments)
        return list(cursor.fetchall())
