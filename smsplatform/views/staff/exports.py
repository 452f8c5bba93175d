"""Files of a workspace's messages under a grant: asking for one, how far it is, and taking it away."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import looks, seconding
from accounts.access import staff_page
from accounts.forms.grants import words
from accounts.grants import GrantRefused
from accounts.looks import Look, granted, shown
from accounts.models import StaffProposal, User
from messaging import exports, staff_exports
from messaging.forms.staff_export import StaffExportForm
from messaging.models import Export
from messaging.views.exports import TYPES
from smsplatform.lib import clock, ids, lookups, streams
from smsplatform.lib.tenancy import staff
from smsplatform.lib.tenancy.staff import Level
from smsplatform.staff_navigation import WORKERS

SHOWN = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What was asked for, and the file if there is one by now."""

    proposal: StaffProposal
    export: Export | None
    answer: str
    mine: bool
    ready: bool

    @property
    def public_id(self) -> str:
        """Of the file."""
        return ids.encode(ids.EXPORT, self.export.pk) if self.export else ""


@staff_page(*WORKERS)
@granted(Level.METADATA)
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest, workspace: UUID) -> HttpResponse:
    """What was asked for here, and the form that asks for more."""
    look, status = _look(request), 200
    form = StaffExportForm(request.POST or None, level=look.level)
    if request.method == "POST":
        status = 422
        if form.is_valid() and _asked(request, form):
            return redirect("staff_exports", ids.encode(ids.WORKSPACE, workspace))
    rows = _rows(workspace, _me(request).pk, clock.now())
    context = {
        "page": "exports", "rows": rows, "form": form, "minutes": int(exports.STAFF_KEPT.total_seconds() // 60),
        "times": staff_exports.DOWNLOADS_MAX,
    }  # fmt: skip
    return shown(
        request, "staff/exports.html", context, kinds=("workspace_meta",), count=len(rows), status=status
    )  # fmt: skip


@staff_page(*WORKERS)
@granted(Level.METADATA)  # type: ignore[arg-type]  # a stream is no HttpResponse to the stubs
@require_POST
def download(request: HttpRequest, workspace: UUID, export_id: str) -> HttpResponseBase:
    """The file, for who asked for it, under a grant that reaches as far as the file does. Written down before a byte
    of it leaves.
    """
    look, found = _look(request), _found(workspace, export_id)
    level, here = Level(found.level), ids.encode(ids.WORKSPACE, workspace)
    if look.level < level:
        notices.error(request, _("This file shows more than your grant does. Raise it first."), extra_tags="bad")
        return redirect("staff_exports", here)
    try:
        staff_exports.take(found, grant=look.grant, by=_me(request).pk, at=clock.now())
    except exports.NotReady:
        text = _("This file is not there: it is not yours, not finished, or its time or downloads are over.")
        notices.error(request, text, extra_tags="bad")
        return redirect("staff_exports", here)
    looks.record(look, by=_me(request).pk, kinds=staff_exports.SHOWS[level], count=found.rows_done)
    content = streams.leaving(request, staff_exports.lines(found, by=_me(request).pk))
    response = StreamingHttpResponse(content, content_type=TYPES[Export.Format(found.format)])
    response["Content-Disposition"] = f'attachment; filename="{export_id}.{found.format}"'
    return response


def _asked(request: HttpRequest, form: StaffExportForm) -> bool:
    try:
        seconding.ask(
            kind=StaffProposal.Kind.EXPORT, grant=_look(request).grant, by=_me(request), at=clock.now(),
            level=Level(form.cleaned_data["level"]), chosen=form.chosen(),
        )  # fmt: skip
    except GrantRefused as refused:
        form.add_error("level" if refused.field == "level" else None, words(refused))
        return False
    notices.success(request, _("Asked. Another member of the staff decides on the page Access grants."))
    return True


def _rows(workspace: UUID, me: UUID, at: dt.datetime) -> list[Row]:
    """The newest proposals with their files; two queries."""
    files = staff_exports.of_workspace(workspace)
    asked = StaffProposal.objects.using(staff.ALIAS).filter(workspace_id=workspace, kind=StaffProposal.Kind.EXPORT)
    return [_row(proposal, files.get(proposal.pk), me, at) for proposal in asked.order_by("-id")[:SHOWN]]


def _row(proposal: StaffProposal, export: Export | None, me: UUID, at: dt.datetime) -> Row:
    mine = proposal.asked_by == me
    return Row(
        proposal=proposal, export=export, answer=proposal.answer(at=at), mine=mine,
        ready=mine and export is not None and staff_exports.ready(export, at=at),
    )  # fmt: skip


def _found(workspace: UUID, export_id: str) -> Export:
    return lookups.find(Export.objects.filter(workspace_id=workspace, level__gt=0), ids.EXPORT, export_id)


def _look(request: HttpRequest) -> Look:
    look: Look = request.look  # type: ignore[attr-defined]  # set by granted
    return look


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
