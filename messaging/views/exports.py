"""Exports: asking for one from a filtered list, how far each is, and taking a finished file away."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages as notices
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import page
from accounts.models import Membership
from accounts.roles import Permission
from messaging import exporting, exports
from messaging.exporting import KINDS
from messaging.forms.filters import FilterForm
from messaging.forms.send import plain_number
from messaging.models import Export
from messaging.views.messages import QUERY_MAX, form_of, livemode_of, looked_for, wanted_of
from smsplatform.lib import clock, ids, lookups, phone, streams

SHOWN_MAX = 50
TYPES = {
    Export.Format.CSV: "text/csv; charset=utf-8",
    Export.Format.JSON: "application/json",
    Export.Format.JSONL: "application/jsonl",
}
TONES = {Export.State.DONE: "ok", Export.State.FAILED: "bad", Export.State.RUNNING: "info"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """An export in the list; ``asked`` is its filter in words, with a number masked."""

    id: str
    export: Export
    state: str
    label: str
    tone: str
    asked: list[str]
    by: str

    @property
    def active(self) -> bool:
        """Whether it is still being made."""
        return self.state in exports.ACTIVE


@page(permission=Permission.EXPORTS_CREATE)
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The exports of the workspace; for htmx only the list. A POST asks for one more."""
    if request.method == "POST":
        return _start(request)
    rows = shown(request.workspace.id, at=clock.now())  # type: ignore[attr-defined]  # set by accounts.middleware
    context = {"rows": rows, "active": any(row.active for row in rows), "kept": exports.KEPT}
    partial = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]  # django_htmx
    return render(request, "messaging/_exports.html" if partial else "messaging/exports.html", context)


def _start(request: HttpRequest) -> HttpResponse:
    _check(request, Export.Kind.MESSAGES)
    form = form_of(request.POST)
    chosen = form.chosen()
    livemode = livemode_of(request, chosen)
    query = request.POST.get("q", "").strip()[:QUERY_MAX]
    wanted = wanted_of(chosen, looked_for(query, livemode=livemode) if query else None)
    file_format = request.POST.get("format", Export.Format.CSV)
    if file_format not in Export.Format.values:
        notices.error(request, _("Choose CSV, JSON or JSON lines."), extra_tags="bad")
        return redirect("messages")
    try:
        exports.start(
            workspace=request.workspace.id,  # type: ignore[attr-defined]  # set by accounts.middleware
            by=_person(request),
            kind=Export.Kind.MESSAGES,
            chosen=exporting.selection(livemode=livemode, wanted=wanted),
            file_format=file_format,
            at=clock.now(),
        )
    except exports.TooMany:
        text = _("%(count)d exports are being made already. Wait for one to finish, or remove one.")
        notices.error(request, text % {"count": exports.ACTIVE_MAX}, extra_tags="bad")
    return redirect("exports")


@page(permission=Permission.EXPORTS_CREATE)  # type: ignore[arg-type]  # a stream is no HttpResponse to the stubs
@require_GET
def download(request: HttpRequest, export_id: str) -> HttpResponseBase:
    """The finished file, opened piece by piece as it leaves."""
    found, at = _found(request, export_id), clock.now()
    try:
        exports.downloaded(found, by=_person(request), at=at)
    except exports.NotReady:
        notices.error(request, _("This file is not there: it is not finished, or its time is over."), extra_tags="bad")
        return redirect("exports")
    pieces = exports.lines(workspace=found.workspace_id, export=found.id, at=at)
    content = streams.leaving(request, pieces)
    response = StreamingHttpResponse(content, content_type=TYPES[Export.Format(found.format)])
    name = f"{found.kind}-{found.created_at:%Y%m%d-%H%M%S}.{found.format}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@page(permission=Permission.EXPORTS_CREATE)
@require_POST
def retry(request: HttpRequest, export_id: str) -> HttpResponse:
    """Go on with one that failed."""
    try:
        exports.retry(_found(request, export_id), by=_person(request), at=clock.now())
    except exports.NotReady:
        notices.error(request, _("Only a failed export can be tried again."), extra_tags="bad")
    return redirect("exports")


@page(permission=Permission.EXPORTS_CREATE)
@require_POST
def remove(request: HttpRequest, export_id: str) -> HttpResponse:
    """Delete a file before its time, or stop making it."""
    exports.remove(_found(request, export_id), by=_person(request), at=clock.now())
    notices.success(request, _("The export was removed."), extra_tags="ok")
    return redirect("exports")


def shown(workspace: UUID, *, at: dt.datetime) -> list[Row]:
    """The newest exports. Two queries, however many there are."""
    found = list(Export.objects.filter(workspace_id=workspace, level=0).order_by("-id")[:SHOWN_MAX])
    members = Membership.objects.filter(user_id__in={export.requested_by for export in found}).select_related("user")
    names = {member.user_id: member.user.name or member.user.email for member in members}
    return [_row(export, names.get(export.requested_by, ""), at) for export in found]


def _row(export: Export, by: str, at: dt.datetime) -> Row:
    over = export.expires_at <= at
    state = Export.State.EXPIRED if over else Export.State(export.state)
    return Row(
        id=ids.encode(ids.EXPORT, export.id),
        export=export,
        state=state,
        label=str(_STATES[state]),
        tone=TONES.get(state, ""),
        asked=[] if over else _asked(export),
        by=by,
    )


_STATES = {
    Export.State.QUEUED: gettext_lazy("Waiting"),
    Export.State.RUNNING: gettext_lazy("In progress"),
    Export.State.DONE: pgettext_lazy("export", "Ready"),
    Export.State.FAILED: pgettext_lazy("export", "Failed"),
    Export.State.EXPIRED: pgettext_lazy("export", "Deleted"),
}


def _asked(export: Export) -> list[str]:
    """The filter in words; a number is masked, a reference is not told."""
    chosen = exports.selection_of(export)
    if chosen is None:
        return []
    fields = {name: value for name, value in chosen.wanted.items() if name not in ("to", "reference", "sender")}
    words = [chip.value for chip in FilterForm(fields).chips()]
    words += [phone.mask(plain_number(chosen.wanted["to"]))] if "to" in chosen.wanted else []
    words += [_("one reference")] if "reference" in chosen.wanted else []
    words += [_("one sender")] if "sender" in chosen.wanted else []
    return [_("Live") if chosen.livemode else _("Test"), *words]


def _found(request: HttpRequest, export_id: str) -> Export:
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    found = lookups.find(Export.objects.filter(workspace_id=place.id, level=0), ids.EXPORT, export_id)
    _check(request, found.kind)
    return found


def _check(request: HttpRequest, kind: str) -> None:
    """What is in the file must be open to the person too."""
    if not request.workspace.allows(KINDS[kind].permission):  # type: ignore[attr-defined]  # set by accounts.middleware
        raise PermissionDenied


def _person(request: HttpRequest) -> UUID:
    assert request.user.pk is not None
    return request.user.pk
