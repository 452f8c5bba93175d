"""Queues: how much waits, since when, how fast it goes, and who works on it."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from kombu.exceptions import OperationalError

from accounts.access import staff_page
from messaging import operation
from messaging.operation import Depth, Minute
from smsplatform import charts, status
from smsplatform.celery import QUEUES, app
from smsplatform.lib import clock

MINUTES = 60
ASKED_SECONDS = 0.6  # how long workers have to answer
CACHED_SECONDS = 10
_CACHE = "staff.workers"
LATE = {"due": 60, "submitting": 120, "receipts": 3 * 86400, "webhooks": 60, "exports": 600}


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A stage in words, with whether it is late."""

    name: str
    depth: Depth
    late: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Staffed:
    """A queue of tasks and the workers that take from it; None when nobody could be asked."""

    queue: str
    workers: int | None


@staff_page()
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """As of now, and the last hour by the minute."""
    at = clock.now()
    first = at.replace(second=0, microsecond=0) - dt.timedelta(minutes=MINUTES - 1)
    handed = operation.minutes(since=first)
    context = {
        "stages": [_stage(depth, at) for depth in operation.depths(at=at)],
        "plot": _plot(handed, first),
        "measured": any(each.receipt_seconds is not None for each in handed),
        "receipts": _receipts(handed, first),
        "workers": workers(),
        "parts": status.parts(at=at),
        "total": sum(each.accepted for each in handed),
    }
    return render(request, "staff/queues.html", context)


def workers() -> list[Staffed]:
    """How many workers take from each queue, asked over the broker."""
    counted: Counter[str] | None = cache.get(_CACHE)
    if counted is None:
        try:
            answers = app.control.inspect(timeout=ASKED_SECONDS).active_queues() or {}
        except (OperationalError, OSError):
            return [Staffed(queue=queue, workers=None) for queue in QUEUES]
        counted = Counter(str(queue["name"]) for queues in answers.values() for queue in queues)
        cache.set(_CACHE, counted, CACHED_SECONDS)
    return [Staffed(queue=queue, workers=counted[queue]) for queue in QUEUES]


def _stage(depth: Depth, at: dt.datetime) -> Stage:
    names = {
        "due": _("Waiting to be sent"),
        "later": _("Scheduled, or waiting for another try"),
        "submitting": _("With a carrier, no answer yet"),
        "receipts": _("Sent, waiting for the receipt"),
        "webhooks": _("Webhook deliveries due"),
        "exports": _("Exports being made"),
    }
    allowed = LATE.get(depth.stage)
    age = (at - depth.oldest_at).total_seconds() if depth.oldest_at else 0.0
    return Stage(name=names[depth.stage], depth=depth, late=allowed is not None and age > allowed)


def _plot(handed: list[Minute], first: dt.datetime) -> charts.Plot:
    accepted: Counter[dt.datetime] = Counter()
    refused: Counter[dt.datetime] = Counter()
    for each in handed:
        accepted[each.minute] += each.accepted
        refused[each.minute] += each.refused
    points = [
        charts.Point(label=f"{minute:%H:%M}", values=(float(accepted[minute]), float(refused[minute])), url="#parts")
        for minute in _minutes(first)
    ]
    return charts.bars(
        [charts.Series(name=_("Accepted"), tone="ok"), charts.Series(name=_("Refused"), tone="bad")], points
    )


def _receipts(handed: list[Minute], first: dt.datetime) -> list[charts.Point]:
    """The median time to a receipt, by the minute in which the part was sent."""
    slowest: dict[dt.datetime, float] = {}
    for each in handed:
        if each.receipt_seconds is not None:
            slowest[each.minute] = max(slowest.get(each.minute, 0.0), each.receipt_seconds)
    return [charts.Point(label=f"{minute:%H:%M}", values=(slowest.get(minute, 0.0),)) for minute in _minutes(first)]


def _minutes(first: dt.datetime) -> list[dt.datetime]:
    return [first + dt.timedelta(minutes=number) for number in range(MINUTES)]
