"""Copies of one's data, and of a whole workspace for its owners: asking, watching, taking away."""

import datetime as dt
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts import evidence
from accounts.access import page
from accounts.models import User
from accounts.reauth import confirmed
from accounts.roles import Permission
from privacy import archives, audit, holdings
from privacy.archives import State
from privacy.people import Person
from smsplatform.lib import clock, ids, lookups, streams
from smsplatform.lib.tenancy import scope

SHOWN_MAX = 20
LABELS = {
    "queued": gettext_lazy("Waiting"),
    "running": gettext_lazy("In progress"),
    "ready": pgettext_lazy("export", "Ready"),
    "failed": pgettext_lazy("export", "Failed"),
    "gone": pgettext_lazy("export", "Deleted"),
}
TONES = {"ready": "ok", "failed": "bad", "running": "info"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A copy in the list."""

    id: str
    state: State
    size: int
    created_at: dt.datetime

    @property
    def label(self) -> str:
        """Its state in a word."""
        return str(LABELS[self.state.code])

    @property
    def tone(self) -> str:
        """How the word is coloured."""
        return TONES.get(self.state.code, "")

    @property
    def active(self) -> bool:
        """Whether it is still being made."""
        return self.state.code in ("queued", "running")

    @property
    def percent(self) -> int:
        """How far it is."""
        return round(self.state.progress * 100)


@page(outside=True)
@confirmed
@require_http_methods(["GET", "POST"])
def mine(request: HttpRequest) -> HttpResponse:
    """Copies of what is held about the person who signed in."""
    return _index(request, _me(request), here="account_copies", take="account_copy")


@page(outside=True)
@confirmed  # type: ignore[arg-type]  # a stream is no HttpResponse to the stubs
@require_POST
def take_mine(request: HttpRequest, archive_id: str) -> HttpResponseBase:
    """One download of one's own copy."""
    return _take(request, _me(request), archive_id, here="account_copies")


@page(permission=Permission.WORKSPACE_EXPORT, outside=True)
@confirmed
@require_http_methods(["GET", "POST"])
def everything(request: HttpRequest) -> HttpResponse:
    """Copies of everything in the workspace, for its owners."""
    return _index(request, _place(request), here="workspace_copies", take="workspace_copy")


@page(permission=Permission.WORKSPACE_EXPORT, outside=True)
@confirmed  # type: ignore[arg-type]  # as above
@require_POST
def take_everything(request: HttpRequest, workspace_archive_id: str) -> HttpResponseBase:
    """One download of the workspace's copy."""
    return _take(request, _place(request), workspace_archive_id, here="workspace_copies")


def _index(request: HttpRequest, person: Person, *, here: str, take: str) -> HttpResponse:
    at = clock.now()
    rows = _rows(person, at)
    if request.method == "POST":
        if any(row.active for row in rows):
            messages.error(request, _("A copy is being made already. Wait until it is ready."), extra_tags="bad")
        else:
            archives.request(person, request_id=ids.uuid7(), at=at)
            _record(request, person, "requested", at)
        return redirect(here)
    context = {
        "rows": rows, "active": any(row.active for row in rows), "here": here, "take": take,
        "whole": person.subject == holdings.WORKSPACE, "downloads": archives.DOWNLOADS_MAX, "days": archives.KEPT.days,
    }  # fmt: skip
    partial = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]  # django_htmx
    return render(request, "accounts/_copies.html" if partial else "accounts/copies.html", context)


def _take(request: HttpRequest, person: Person, archive_id: str, *, here: str) -> HttpResponseBase:
    wanted, at = lookups.named(ids.ARCHIVE, archive_id), clock.now()
    if not archives.listed(person).filter(pk=wanted).exists():
        raise Http404
    try:
        pieces = archives.stream(wanted, at=at)
    except archives.Gone:
        messages.error(request, _("This copy is not there: it is not ready, or its time is over."), extra_tags="bad")
        return redirect(here)
    _record(request, person, "downloaded", at)
    content = streams.leaving(request, pieces)
    response = StreamingHttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="data-{at:%Y%m%d}.zip"'
    return response


def _rows(person: Person, at: dt.datetime) -> list[Row]:
    return [
        Row(
            id=ids.encode(ids.ARCHIVE, row.pk),
            state=archives.state_of(row, at=at),
            size=row.size,
            created_at=row.created_at,
        )
        for row in archives.listed(person).order_by("-id")[:SHOWN_MAX]
    ]


def _record(request: HttpRequest, person: Person, what: str, at: dt.datetime) -> None:
    """Who took a workspace's data away is for the workspace to know; of their own data, for all of theirs."""
    user, action = _user(request), f"user:archive:{what}"
    if person.workspace is None:
        evidence.record(user=user.pk, action=action, at=at)
        return
    with scope.workspace(person.workspace):
        audit.record(action=action, workspace=person.workspace, actor=user.pk, at=at, details={})


def _me(request: HttpRequest) -> Person:
    return Person(subject="account_holder", user=_user(request).pk)


def _place(request: HttpRequest) -> Person:
    return Person(subject=holdings.WORKSPACE, workspace=request.workspace.id)  # type: ignore[attr-defined]  # set by accounts.middleware


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
