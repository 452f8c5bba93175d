"""The auditor's log: over all workspaces, with filters, figures, downloads and proofs.

It shows ids and codes, never customers' data, and reads as ``sp_audit``.
"""

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import oversight
from accounts.access import staff_page
from accounts.forms.oversight import OversightFilter
from accounts.models.grant import Reason
from accounts.models.user import StaffRole
from accounts.oversight import Entry, Looks
from privacy import audit, profiles
from privacy.sealing import proofs, signing, verification
from privacy.sealing.records import Seal, Segment
from privacy.sealing.stored import StoredLog
from smsplatform import charts
from smsplatform.lib import clock, ids, streams
from smsplatform.lib.tables import csv_lines, json_lines
from smsplatform.lib.tenancy.staff import Level

OVERSEERS = (StaffRole.ADMIN, StaffRole.AUDITOR)
COLUMNS = ("id", "at", "actor_id", "actor", "action", "workspace", "details")
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
DAYS_LISTED = 14
LEVELS = {Level.METADATA.name: "ok", Level.IDENTIFIERS.name: "warn", Level.CONTENT.name: "bad"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """One line of a list of figures."""

    name: str
    count: int
    part: float
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealed:
    """How far the log is sealed."""

    last: Seal | None
    segments: list[Segment]

    @property
    def newest(self) -> Segment | None:
        return self.segments[0] if self.segments else None


@staff_page(*OVERSEERS)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Newest first, with figures of the last 30 days above."""
    form = OversightFilter(request.GET)
    try:
        listed = oversight.page(form.wanted(), before=request.GET.get("before", ""))
    except ids.InvalidId:
        raise Http404 from None
    filters = {name: str(value) for name, value in form.chosen().items()}
    context = {
        "form": form,
        "list": listed,
        "older": urlencode({**filters, "before": listed.older}) if listed.older else "",
        "filters": urlencode(filters),
        "first": not request.GET.get("before"),
        "sealed": _sealed(),
        **(_figures(clock.now()) if not request.GET else {}),
    }
    return render(request, "staff/audit.html", context, status=200 if form.is_valid() else 422)


@staff_page(*OVERSEERS)  # type: ignore[arg-type]  # a stream is no HttpResponse to the stubs
@require_GET
def download(request: HttpRequest, file_format: str) -> HttpResponseBase:
    """The filtered log as a file. Taking it away is recorded too."""
    if file_format not in TYPES:
        raise Http404
    wanted, at = OversightFilter(request.GET).wanted(), clock.now()
    _record(request, "exported", {"format": file_format}, at)
    rows = (_cells(entry) for entry in oversight.everything(wanted))
    lines: Iterator[str] = (
        csv_lines(COLUMNS, (list(row.values()) for row in rows)) if file_format == "csv" else json_lines(rows)
    )
    response = StreamingHttpResponse(streams.leaving(request, lines), content_type=TYPES[file_format])
    response["Content-Disposition"] = f'attachment; filename="audit-{at:%Y%m%d-%H%M%S}.{file_format}"'
    return response


@staff_page(*OVERSEERS)
@require_GET
def event(request: HttpRequest, event_id: str) -> HttpResponse:
    """One event, and whether it is what was sealed."""
    entry = _entry(event_id)
    proof, wrong = _proof(entry.event.pk)
    context = {"entry": entry, "proof": proof, "wrong": wrong, "seal": _seal(entry.event.pk)}
    return render(request, "staff/audit_event.html", context)


@staff_page(*OVERSEERS)
@require_GET
def proof(request: HttpRequest, event_id: str) -> HttpResponse:
    """The proof as a file, to be checked by anybody who has the public key."""
    entry = _entry(event_id)
    made, _wrong = _proof(entry.event.pk)
    if made is None:
        raise Http404
    response = JsonResponse(made, json_dumps_params={"indent": 1})
    response["Content-Disposition"] = f'attachment; filename="{entry.id}.proof.json"'
    return response


@staff_page(*OVERSEERS)
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Verify one closed day, or everything: each row against its leaf, each day against the signed tree."""
    sealed = _sealed()
    context: dict[str, Any] = {"sealed": sealed}
    if request.method == "POST":
        chosen = request.POST.get("day", "")
        day = next((each.day for each in sealed.segments if each.day.isoformat() == chosen), None)
        if chosen and day is None:
            return render(request, "staff/audit_verify.html", {**context, "unknown": chosen}, status=422)
        context |= {"report": _verified(request, day), "day": day}
    return render(request, "staff/audit_verify.html", context)


def _verified(request: HttpRequest, day: dt.date | None) -> verification.Report:
    at = clock.now()
    question = verification.Question(
        at=at, kept=profiles.duration("retention.audit"), public=signing.verifier(), keys=signing, day=day
    )
    with connections[oversight.AUDIT].cursor() as cursor:
        report = verification.verify(StoredLog(cursor), question)
    _record(request, "verified", {"day": str(day or "all"), "findings": str(len(report.findings))}, at)
    return report


def _sealed() -> Sealed:
    with connections[oversight.AUDIT].cursor() as cursor:
        log = StoredLog(cursor)
        return Sealed(last=log.last_seal(), segments=log.newest_segments(DAYS_LISTED))


def _proof(event_id: UUID) -> tuple[dict[str, Any] | None, str]:
    """The proof and what is wrong with it; None while the day is not closed."""
    with connections[oversight.AUDIT].cursor() as cursor:
        try:
            made = proofs.of(StoredLog(cursor), event_id)
        except proofs.NotSealed:
            return None, ""
    return made, proofs.check(made, signing.verifier())


def _seal(event_id: UUID) -> Seal | None:
    with connections[oversight.AUDIT].cursor() as cursor:
        return proofs.sealed_in(StoredLog(cursor), event_id)


def _entry(event_id: str) -> Entry:
    try:
        found = oversight.get(ids.decode(oversight.EVENT, event_id))
    except ids.InvalidId:
        found = None
    if found is None:
        raise Http404
    return found


def _cells(entry: Entry) -> dict[str, Any]:
    event = entry.event
    values = (
        entry.id, event.at.isoformat(timespec="seconds"), str(event.actor_id or ""), entry.actor, event.action,
        entry.workspace, json.dumps(event.details, sort_keys=True),
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


# Figures


def _figures(at: dt.datetime) -> dict[str, Any]:
    looks = oversight.looks(at=at)
    if not looks:
        return {}
    total = sum(each.count for each in looks)
    unmasked = sum(each.count for each in looks if each.level != Level.METADATA.name)
    return {
        "plot": _plot(looks, at.date()),
        "reasons": _reasons(looks, total),
        "people": _people(looks, total),
        "looks": total,
        "unmasked": round(100 * unmasked / total),
    }


def _plot(looks: list[Looks], today: dt.date) -> charts.Plot:
    counted: Counter[tuple[dt.date, str]] = Counter()
    for each in looks:
        counted[each.day, each.level] += each.count
    days = [today - dt.timedelta(days=ago) for ago in range(oversight.FIGURES_DAYS - 1, -1, -1)]
    words = dict(zip(LEVELS, (_("Metadata"), _("Identifiers"), _("Content")), strict=True))
    points = [
        charts.Point(
            label=f"{day:%d.%m.}",
            values=tuple(float(counted[day, level]) for level in LEVELS),
            url=f"?since={day}&until={day}",
        )
        for day in days
    ]
    return charts.bars([charts.Series(name=words[level], tone=tone) for level, tone in LEVELS.items()], points)


def _reasons(looks: list[Looks], total: int) -> list[Share]:
    counted: Counter[str] = Counter()
    for each in looks:
        counted[each.category] += each.count
    words = dict(Reason.choices)
    return [
        Share(name=str(words.get(category, category or _("None"))), count=count, part=count / total)
        for category, count in counted.most_common()
    ]


def _people(looks: list[Looks], total: int) -> list[Share]:
    counted: Counter[UUID] = Counter()
    unmasked: Counter[UUID] = Counter()
    for each in looks:
        counted[each.actor] += each.count
        unmasked[each.actor] += each.count if each.level != Level.METADATA.name else 0
    names = oversight.staff_names(set(counted))
    return [
        Share(
            name=oversight.name_of(actor, names),
            count=count,
            part=count / total,
            note=f"{round(100 * unmasked[actor] / count)}\u202f%",
        )
        for actor, count in counted.most_common(10)
    ]


def _record(request: HttpRequest, what: str, details: dict[str, str], at: dt.datetime) -> None:
    audit.record(action=f"staff:audit:{what}", workspace=audit.PLATFORM, actor=request.user.pk, at=at, details=details)
