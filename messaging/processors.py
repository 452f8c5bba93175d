"""Who had a workspace's messages in hand, and where: the list of a message's page, rolled up over the retention.

Read from counts by the hour, never from the messages. The last hours are made again every few minutes, others a few
times a day if anything in them changed.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db import connections
from django.db.models import Max, Min, Sum

from messaging.models import Carrier, ProcessorDue, ProcessorHour
from privacy import profiles
from smsplatform.lib import clock
from smsplatform.lib.tasks import task

HOUR = dt.timedelta(hours=1)
RECENT = 2  # hours before the present one
NOTED_MAX = 24 * 31  # in one run


@dataclass(frozen=True, kw_only=True, slots=True)
class Handed:
    """A carrier and a country it processed in; how many messages it was handed, and of which time."""

    name: str  # empty for one that is not set up any more
    country: str
    simulated: bool
    messages: int
    first_at: dt.datetime
    last_at: dt.datetime


def since(at: dt.datetime) -> dt.datetime:
    """From when counts are readable: as long as the facts of a delivery are kept."""
    return at - profiles.duration("retention.delivery_meta")


def read(*, workspace: UUID, at: dt.datetime) -> list[Handed]:
    """The counts of the open scope's workspace, the most messages first. Two queries."""
    kept = ProcessorHour.objects.filter(workspace_id=workspace, hour__gte=since(at))
    counted = kept.values("carrier_id", "country").annotate(
        handed=Sum("messages"), first=Min("hour"), last=Max("hour")
    )  # fmt: skip
    rows = list(counted.order_by("-handed", "country"))
    carriers = Carrier.objects.filter(pk__in={row["carrier_id"] for row in rows})
    known = {row.pk: row for row in carriers.only("id", "name", "sandbox")}  # more the web role may not read
    found = [(row, known.get(row["carrier_id"])) for row in rows]
    return [
        Handed(
            name=carrier.name if carrier else "", country=row["country"], simulated=bool(carrier and carrier.sandbox),
            messages=row["handed"], first_at=row["first"], last_at=row["last"],
        )
        for row, carrier in found
    ]  # fmt: skip


def roll_up(*, start: dt.datetime, end: dt.datetime) -> int:
    """Make the counts of whole hours again; how many rows. Safe to repeat."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT pipeline.roll_up_processors(%s, %s)", [start, end])
        return int(cursor.fetchone()[0])


def roll_up_noted(*, at: dt.datetime) -> int:
    """Make the hours again in which anything changed, as far as their attempts are kept; how many hours."""
    due = ProcessorDue.objects.using("system").filter(hour__gt=since(at)).order_by("-hour")
    hours = list(due.values_list("hour", flat=True)[:NOTED_MAX])
    for hour in hours:
        roll_up(start=hour, end=hour + HOUR)
    return len(hours)


@task(name="messaging.processors.recent", queue="default")
def recent() -> None:
    """Scheduled; safe to run twice."""
    begun = clock.now().replace(minute=0, second=0, microsecond=0)
    roll_up(start=begun - RECENT * HOUR, end=begun + HOUR)


@task(name="messaging.processors.noted", queue="default")
def noted() -> None:
    """Scheduled a few times a day; safe to run twice."""
    roll_up_noted(at=clock.now())
