"""The list of messages and the search in it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import page
from accounts.roles import Scope
from messaging.forms.filters import FilterForm
from messaging.forms.send import plain_number
from messaging.views import listing
from messaging.views.listing import Cursor, Wanted
from smsplatform.lib import clock, ids, phone

QUERY_MAX = 128


@page()
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The start page is the list of messages, for those who may read it."""
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    return redirect("messages" if place and place.allows(Scope.MESSAGES_READ) else "no_workspace")


@page(permission=Scope.MESSAGES_READ)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Newest first; the first page follows what happens."""
    form = FilterForm(request.GET)
    cursor = Cursor(before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    context = _context(request, form, cursor)
    partial = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]  # django_htmx
    return render(request, "messaging/_messages.html" if partial else "messaging/messages.html", context)


@page(permission=Scope.MESSAGES_READ)
@require_GET
def tail(request: HttpRequest) -> HttpResponse:
    """The first page again if it changed since ``seen``, otherwise nothing."""
    context = _context(request, FilterForm(request.GET), Cursor())
    if context["list"].mark == request.GET.get("seen"):
        return HttpResponse(status=204)
    return render(request, "messaging/_messages.html", context)


@page(permission=Scope.MESSAGES_READ)
@require_http_methods(["GET", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """Messages to a number or with a reference. Only by POST: neither may end up in an address or a log."""
    query = request.POST.get("q", "").strip()[:QUERY_MAX]
    if not query:
        return redirect("messages")
    if _is_message_id(query):
        return redirect("message", query)
    number = plain_number(query)
    kind = "number" if _is_number(number, sandbox=not request.livemode) else "reference"  # type: ignore[attr-defined]  # set by accounts.access
    wanted = Wanted(to=number) if kind == "number" else Wanted(reference=query)
    cursor = Cursor(before=request.POST.get("before", ""), after=request.POST.get("after", ""))
    context = _context(request, FilterForm({}), cursor, wanted) | {"query": query, "kind": kind}
    return render(request, "messaging/search.html", context)


def _context(request: HttpRequest, form: FilterForm, cursor: Cursor, wanted: Wanted | None = None) -> dict[str, Any]:
    chosen = form.chosen()
    live = cursor.first and wanted is None and request.GET.get("live") != "0"
    try:
        shown = listing.page(
            workspace=request.workspace.id,  # type: ignore[attr-defined]  # set by accounts.middleware
            livemode=request.livemode,  # type: ignore[attr-defined]  # set by accounts.access
            wanted=wanted or Wanted(**chosen),
            cursor=cursor,
            at=clock.now(),
        )
    except ids.InvalidId:
        raise Http404 from None
    filters = {name: str(value) for name, value in chosen.items()}
    return {
        "form": form,
        "list": shown,
        "live": live,
        "cursor": cursor,
        "filters": filters,
        "links": _links(filters, shown),
    }


def _links(filters: Mapping[str, str], shown: listing.Page) -> dict[str, str]:
    """Queries of the addresses this page leads to; made of filters and message ids only."""
    return {
        "newer": urlencode({**filters, "after": shown.newer}) if shown.newer else "",
        "older": urlencode({**filters, "before": shown.older}) if shown.older else "",
        "tail": urlencode({**filters, "seen": shown.mark}),
        "pause": urlencode({**filters, "live": "0"}),
        "resume": urlencode(filters),
    }


def _is_number(text: str, *, sandbox: bool) -> bool:
    try:
        phone.parse(text, sandbox=sandbox)
    except phone.InvalidNumber:
        return False
    return True


def _is_message_id(text: str) -> bool:
    try:
        ids.decode(ids.MESSAGE, text)
    except ids.InvalidId:
        return False
    return True
