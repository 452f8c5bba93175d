"""Who had the workspace's messages in hand, and in which countries: counts over the retention time, and as a file."""

from collections import Counter
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import page
from accounts.roles import Permission
from messaging import processors
from messaging.processors import Handed
from privacy import registry
from smsplatform.lib import clock, tables

COLUMNS = ("processor", "country", "simulated", "messages", "first_hour", "last_hour")
FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@page(permission=Permission.SETTINGS_READ)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Carriers and countries, the most messages first; who else processes is on the public list."""
    at = clock.now()
    rows = processors.read(workspace=_workspace(request), at=at)
    if (wanted := request.GET.get("format", "")) in FORMATS:
        return _file(rows, wanted)
    countries: Counter[str] = Counter()
    for row in rows:
        if not row.simulated:
            countries[row.country] += row.messages
    context: dict[str, Any] = {
        "rows": rows,
        "countries": countries.most_common(),
        "since": processors.since(at),
        "others": len(registry.recipients()),
    }
    return render(request, "messaging/processors.html", context)


def _file(rows: list[Handed], wanted: str) -> HttpResponse:
    values = [
        (row.name or _("A carrier no longer used"), row.country, row.simulated, row.messages, row.first_at.isoformat(),
         row.last_at.isoformat())
        for row in rows
    ]  # fmt: skip
    lines = (
        tables.json_lines(dict(zip(COLUMNS, row, strict=True)) for row in values)
        if wanted == "json"
        else tables.csv_lines(COLUMNS, values)
    )
    response = HttpResponse("".join(lines), content_type=FORMATS[wanted])
    response["Content-Disposition"] = f'attachment; filename="processors-{clock.now():%Y%m%d}.{wanted}"'
    return response


def _workspace(request: HttpRequest) -> UUID:
    workspace: UUID = request.workspace.id  # type: ignore[attr-defined]  # set by accounts.middleware
    return workspace
