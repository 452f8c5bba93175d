"""The activity of a workspace: a page, and the same as a file."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_GET

from accounts import activity
from accounts.access import page
from accounts.activity import Entry
from accounts.forms.activity import ActivityFilter
from accounts.models import User
from accounts.roles import Permission
from privacy import audit
from smsplatform.lib import clock, ids, streams
from smsplatform.lib.tables import csv_lines, json_lines

COLUMNS = ("at", "by", "action", "what", "subject", "id")
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@page(permission=Permission.ACTIVITY_READ)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Newest first."""
    place = _place(request)
    form = ActivityFilter(request.GET, people=activity.actors(place.id))
    try:
        shown = activity.page(workspace=place.id, wanted=form.wanted(), before=request.GET.get("before", ""))
    except ids.InvalidId:
        raise Http404 from None
    filters = {name: str(value) for name, value in form.chosen().items()}
    context = {
        "form": form,
        "list": shown,
        "older": urlencode({**filters, "before": shown.older}) if shown.older else "",
        "filters": urlencode(filters),
        "first": not request.GET.get("before"),
    }
    return render(request, "accounts/activity.html", context)


@page(permission=Permission.ACTIVITY_READ)  # type: ignore[arg-type]  # a stream is no HttpResponse to the stubs
@require_GET
def download(request: HttpRequest, file_format: str) -> HttpResponseBase:
    """The filtered log as a file, written while it is read. Taking it away is recorded too."""
    if file_format not in TYPES:
        raise Http404
    place, at = _place(request), clock.now()
    assert isinstance(request.user, User)
    wanted = ActivityFilter(request.GET, people=activity.actors(place.id)).wanted()
    audit.record(
        action="user:activity:exported", workspace=place.id, actor=request.user.pk, at=at,
        details={"format": file_format},
    )  # fmt: skip
    lines = _spoken(_lines(activity.everything(workspace=place.id, wanted=wanted), file_format))
    content = streams.leaving(request, lines)
    response = StreamingHttpResponse(content, content_type=TYPES[file_format])
    response["Content-Disposition"] = f'attachment; filename="activity-{at:%Y%m%d-%H%M%S}.{file_format}"'
    return response


def _lines(entries: Iterable[Entry], file_format: str) -> Iterator[str]:
    rows = (dict(zip(COLUMNS, _cells(entry), strict=True)) for entry in entries)
    if file_format == "csv":
        return csv_lines(COLUMNS, (list(row.values()) for row in rows))
    return json_lines(rows)


def _cells(entry: Entry) -> tuple[Any, ...]:
    when = entry.at.isoformat(timespec="seconds")
    return (when, entry.actor or "smsplatform", entry.action, str(entry.sentence), entry.subject, entry.id)


def _spoken(lines: Iterator[str]) -> Iterator[str]:
    """The same in the language of the request, which is over before the stream is."""
    language = translation.get_language()

    def spoken() -> Iterator[str]:
        while True:
            with translation.override(language):
                line = next(lines, None)
            if line is None:
                return
            yield line

    return spoken()


def _place(request: HttpRequest) -> Any:
    return request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
