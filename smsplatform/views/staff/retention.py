"""How the purge does: what each unit keeps, when it was last cleaned, and what should be gone and is not."""

import datetime as dt
from collections.abc import Sequence

from django.db.models import Sum
from django.db.models.functions import TruncDate
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from accounts.access import staff_page
from privacy import profiles, retention
from privacy.models import PurgeRun
from smsplatform import charts
from smsplatform.lib import clock

DAYS = 30


@staff_page()
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every unit with a calendar; no row of anybody."""
    at = clock.now()
    heart, standings = retention.heartbeat(), retention.standings(at=at)
    context = {
        "heart": heart,
        "late": heart is None or at - heart.started_at > 4 * retention.EVERY,
        "next_at": heart.started_at + retention.EVERY if heart else None,
        "standings": standings,
        "undated": retention.undated(),
        "overdue": sum(standing.overdue for standing in standings),
        "profile": profiles.active(),
        "plot": charts.bars([charts.Series(name=_("removed"), tone="ok")], _days(at), height=120),
    }
    return render(request, "staff/retention.html", context)


def _days(at: dt.datetime) -> Sequence[charts.Point]:
    """What was removed on each of the last days, all units together."""
    runs = PurgeRun.objects.using("system").filter(started_at__gte=at - dt.timedelta(days=DAYS))
    found = runs.filter(unit=PurgeRun.HEARTBEAT).annotate(day=TruncDate("started_at")).values_list("day")
    removed = dict(found.annotate(total=Sum("removed")))
    days = [(at - dt.timedelta(days=DAYS - 1 - number)).date() for number in range(DAYS)]
    return [
        charts.Point(label=formats.date_format(day, pgettext("date format", "j M")), values=(removed.get(day, 0),))
        for day in days
    ]
