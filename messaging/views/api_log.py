"""The log of API requests: following it, finding one, and what each refusal means."""

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db import connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import page
from accounts.models import ApiKey
from accounts.roles import Permission
from messaging import calls
from messaging.forms.api_log import CallFilterForm
from messaging.models import Call
from messaging.models.call import CallQuerySet
from privacy import audit
from smsplatform.lib import clock, ids, lookups, streams, tables
from smsplatform.lib.api.codes import CODES, CodeInfo
from smsplatform.lib.tenancy import scope

PAGE_ROWS = 50
SCANNED_MAX = 50_000  # a page costs the same whatever is looked for; the cursor searches on
CHUNK = 1000
ERRORS_OF = 10_000  # the newest refusals of a day are summed up
COLUMNS = (
    "at", "request_id", "method", "route", "status", "code", "pointers", "duration_ms", "key", "message", "country",
    "parts",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A request in the list. ``key`` is its name, or the end of its id when the key is gone."""

    id: str
    call: Call
    key: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Rows, newest first. ``older`` is the cursor that leads on; ``mark`` changes when what is shown changes."""

    rows: list[Row]
    older: str
    mark: str
    searched_to: dt.datetime | None  # set when enough was read before the page was full


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A kind of refusal of the last day."""

    code: str
    title: str
    count: int


@page(permission=Permission.LOGS_READ)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Newest first; the first page follows what happens."""
    context = _context(request, before=request.GET.get("before", ""))
    partial = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]  # django_htmx
    if partial:
        return render(request, "messaging/_api_log.html", context)
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    context["faults"] = faults(place.id, livemode=request.livemode, at=clock.now())  # type: ignore[attr-defined]  # accounts.access
    return render(request, "messaging/api_log.html", context)


@page(permission=Permission.LOGS_READ)
@require_GET
def tail(request: HttpRequest) -> HttpResponse:
    """The first page again if it changed since ``seen``, otherwise nothing."""
    context = _context(request, before="")
    if context["list"].mark == request.GET.get("seen"):
        return HttpResponse(status=204)
    return render(request, "messaging/_api_log.html", context)


@page(permission=Permission.LOGS_READ)
@require_GET
def show(request: HttpRequest, call_id: str) -> HttpResponse:
    """One request, with why it was refused and what to do."""
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    readable = Call.objects.readable(at=clock.now()).filter(workspace_id=place.id)
    found = lookups.find(readable, calls.PREFIX, call_id)
    info = CODES.get(found.code or "")
    told = _told(info) if info else {}
    return render(request, "messaging/api_call.html", {"row": _rows([found])[0], **told})


@page(permission=Permission.EXPORTS_CREATE)  # type: ignore[arg-type]  # a stream is no HttpResponse to the stubs
@require_GET
def export(request: HttpRequest) -> StreamingHttpResponse:
    """What the filters choose as CSV or JSON, a thousand rows at a time."""
    rows, _chosen = _wanted(request, _form(request))
    names = dict(_keys())
    workspace = request.workspace.id  # type: ignore[attr-defined]  # set by accounts.middleware
    audit.record(action="user:api_log:exported", workspace=workspace, actor=request.user.pk, at=clock.now(), details={})
    chunks = _chunks(rows, workspace)
    as_json = request.GET.get("format") == "json"
    values = (_values(call, names) for chunk in chunks for call in chunk)
    lines = (
        tables.json_lines(dict(zip(COLUMNS, row, strict=True)) for row in values)
        if as_json
        else tables.csv_lines(COLUMNS, values)
    )
    content = streams.leaving(request, lines)
    kind = "application/json" if as_json else "text/csv; charset=utf-8"
    response = StreamingHttpResponse(content, content_type=kind)
    name = f"api-log-{clock.now():%Y%m%d-%H%M%S}.{'json' if as_json else 'csv'}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# Reading


def _context(request: HttpRequest, *, before: str) -> dict[str, Any]:
    form = _form(request)
    rows, chosen = _wanted(request, form)
    enough = None
    if before:
        rows = rows.filter(id__lt=lookups.named(calls.PREFIX, before))
    if "request_id" not in chosen:
        enough = _enough(request, chosen, before)
    shown = _page(rows.filter(id__gte=enough) if enough else rows, enough)
    filters = {name: str(value) for name, value in chosen.items()}
    return {
        "form": form,
        "list": shown,
        "filters": filters,
        "before": before,
        "live": not before and request.GET.get("live") != "0",
        "links": {
            "older": urlencode({**filters, "before": shown.older}) if shown.older else "",
            "tail": urlencode({**filters, "seen": shown.mark}),
            "pause": urlencode({**filters, "live": "0"}),
            "resume": urlencode(filters),
            "csv": urlencode({**filters, "format": "csv"}),
            "json": urlencode({**filters, "format": "json"}),
        },
    }


def _form(request: HttpRequest) -> CallFilterForm:
    return CallFilterForm(request.GET, keys=_keys())


def _keys() -> list[tuple[str, str]]:
    found = ApiKey.objects.order_by("-id")[:200]
    return [(ids.encode(ids.KEY, key.pk), f"{key.name} …{key.last4}") for key in found]


def _wanted(request: HttpRequest, form: CallFilterForm) -> tuple[CallQuerySet, Mapping[str, Any]]:
    """The requests of the mode that the form chooses."""
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    chosen = form.chosen()
    rows = Call.objects.readable(at=clock.now()).filter(workspace_id=place.id)
    rows = rows.filter(livemode=request.livemode)  # type: ignore[attr-defined]  # set by accounts.access
    rows = _of_status(rows, str(chosen.get("status", "")))
    plain = {"code": "code", "method": "method", "request_id": "request_id", "route": "route__startswith"}
    rows = rows.filter(**{lookup: chosen[name] for name, lookup in plain.items() if name in chosen})
    if "key" in chosen:
        rows = rows.filter(key_id=ids.decode(ids.KEY, str(chosen["key"])))
    for name, lookup, later in (("since", "id__gte", 0), ("until", "id__lt", 1)):
        day = chosen.get(name)
        if isinstance(day, dt.date):
            midnight = clock.midnight(day + dt.timedelta(days=later))
            rows = rows.filter(**{lookup: ids.floor(midnight)})
    return rows, chosen


def _enough(request: HttpRequest, chosen: Mapping[str, Any], before: str) -> UUID | None:
    """The last request that one page reads when it looks for what is rare; None when there are not so many."""
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    rows = Call.objects.readable(at=clock.now()).filter(workspace_id=place.id)
    if chosen.get("status") in ("error", "4", "5"):
        rows = rows.filter(status__gte=400)  # these have an index of their own
    if before:
        rows = rows.filter(id__lt=lookups.named(calls.PREFIX, before))
    return rows.order_by("-id").values_list("id", flat=True)[SCANNED_MAX - 1 : SCANNED_MAX].first()


def _of_status(rows: CallQuerySet, wanted: str) -> CallQuerySet:
    if wanted == "error":
        return rows.filter(status__gte=400)
    if wanted:
        first = int(wanted) * 100
        return rows.filter(status__gte=first, status__lt=first + 100)
    return rows


def _page(rows: CallQuerySet, searched_to: UUID | None) -> Page:
    found = list(rows.order_by("-id")[: PAGE_ROWS + 1])
    shown = _rows(found[:PAGE_ROWS])
    text = f"{clock.now():%H%M}" + "".join(row.id for row in shown)
    more = len(found) > PAGE_ROWS
    last = found[PAGE_ROWS - 1].id if more else searched_to
    return Page(
        rows=shown,
        older=ids.encode(calls.PREFIX, last) if last else "",
        mark=hashlib.sha256(text.encode()).hexdigest()[:16],
        searched_to=ids.time_of(last) if last and not more else None,
    )


def _rows(found: list[Call]) -> list[Row]:
    """With the names of keys; one query for all."""
    keys = ApiKey.objects.in_bulk({call.key_id for call in found})
    return [
        Row(
            id=ids.encode(calls.PREFIX, call.id),
            call=call,
            key=f"{keys[call.key_id].name} …{keys[call.key_id].last4}" if call.key_id in keys else "",
            message=ids.encode(ids.MESSAGE, call.message_id) if call.message_id else "",
        )
        for call in found
    ]


_FAULTS = """
SELECT code, count(*) FROM (
    SELECT code FROM messaging_call WHERE workspace_id = %s AND livemode = %s AND id >= %s AND status >= 400
    ORDER BY id DESC LIMIT %s) AS recent
WHERE code IS NOT NULL GROUP BY code ORDER BY count(*) DESC, code LIMIT 6
"""


def faults(workspace: UUID, *, livemode: bool, at: dt.datetime) -> list[Fault]:
    """The most frequent refusals of the last 24 hours."""
    with connections["default"].cursor() as cursor:
        cursor.execute(_FAULTS, [workspace, livemode, ids.floor(at - dt.timedelta(days=1)), ERRORS_OF])
        found = cursor.fetchall()
    return [
        Fault(code=code, title=_(CODES[code].title) if code in CODES else code, count=count) for code, count in found
    ]


def _told(info: CodeInfo) -> dict[str, str]:
    return {"title": _(info.title), "cause": _(info.cause), "fix": _(info.fix)}


# Exporting


def _chunks(rows: CallQuerySet, workspace: UUID) -> Iterator[list[Call]]:
    """The rows, each chunk read in a scope of its own: the request's is over when the answer is being sent."""
    last: UUID | None = None
    while True:
        following = rows if last is None else rows.filter(id__lt=last)
        with scope.workspace(workspace):
            chunk = list(following.order_by("-id")[:CHUNK])
        yield chunk
        if len(chunk) < CHUNK:
            return
        last = chunk[-1].id


def _values(call: Call, names: Mapping[str, str]) -> list[Any]:
    """In the order of ``COLUMNS``."""
    key = ids.encode(ids.KEY, call.key_id)
    return [
        call.at.isoformat(timespec="milliseconds"),
        call.request_id,
        call.method,
        call.route,
        call.status,
        call.code,
        " ".join(call.pointers),
        call.duration_ms,
        names.get(key, key),
        ids.encode(ids.MESSAGE, call.message_id) if call.message_id else None,
        call.country,
        call.parts,
    ]
