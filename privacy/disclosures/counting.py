"""How often authorities demanded data, by year: for everybody to read.

A demand about which a law makes us be silent is counted when the silence is over, so that no number betrays it.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import ExtractYear

from privacy.disclosures.register import DATABASE, State
from privacy.models import Disclosure


@dataclass(frozen=True, kw_only=True, slots=True)
class Year:
    """One year: by when demands were received."""

    year: int
    received: int
    refused: int
    handed_over: int
    workspaces: int
    told_later: int  # a law forbade to tell the holder first


def by_year(*, at: dt.datetime) -> list[Year]:
    """Newest first; one query."""
    rows = Disclosure.objects.using(DATABASE).exclude(bar_until__gt=at)
    found = (
        rows.annotate(year=ExtractYear("received_at", tzinfo=dt.UTC))
        .values("year")
        .annotate(
            received=Count("id"),
            refused=Count("id", filter=Q(state__in=[State.REFUSED, State.WITHDRAWN])),
            handed_over=Count("id", filter=Q(state=State.HANDED_OVER)),
            workspaces=Count("workspace_id", filter=Q(state=State.HANDED_OVER), distinct=True),
            told_later=Count("id", filter=Q(state=State.HANDED_OVER, bar_until__isnull=False)),
        )
        .order_by("-year")
    )
    return [_year(dict(row)) for row in found]


def _year(row: Mapping[str, Any]) -> Year:
    return Year(
        year=row["year"], received=row["received"], refused=row["refused"], handed_over=row["handed_over"],
        workspaces=row["workspaces"], told_later=row["told_later"],
    )  # fmt: skip
