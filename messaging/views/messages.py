"""The list of messages and the search in it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import page
from accounts.roles import Scope
from messaging.forms.filters import FilterForm
from messaging.forms.send import plain_number
from messaging.models import Sender
from messaging.views import listing
from messaging.views.listing import Cursor
from messaging.windows import Wanted
from smsplatform.lib import clock, ids, phone

QUERY_MAX = 128


@page(permission=Scope.MESSAGES_READ)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Newest first; the first page follows what happens."""
    context = _context(request, form_of(request.GET), _cursor(request.GET))
    partial = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]  # django_htmx
    return render(request, "messaging/_messages.html" if partial else "messaging/messages.html", context)


@page(permission=Scope.MESSAGES_READ)
@require_GET
def tail(request: HttpRequest) -> HttpResponse:
    """The first page again if it changed since ``seen``, otherwise nothing."""
    context = _context(request, form_of(request.GET), Cursor())
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
    form = form_of(request.POST)
    livemode = livemode_of(request, form.chosen())
    exact = looked_for(query, livemode=livemode)
    context = _context(request, form, _cursor(request.POST), exact)
    kind = "number" if "to" in exact else "reference"
    return render(request, "messaging/search.html", context | {"query": query, "kind": kind})


def looked_for(query: str, *, livemode: bool) -> dict[str, str]:
    """What was typed, as a number if it can be one and else as a reference: fields of ``Wanted``."""
    number = plain_number(query)
    return {"to": number} if _is_number(number, sandbox=not livemode) else {"reference": query}


def livemode_of(request: HttpRequest, chosen: Mapping[str, Any]) -> bool:
    """The mode of the list: the one chosen in the filter, else the one the person works in."""
    return bool(chosen["mode"] == "live" if "mode" in chosen else request.livemode)  # type: ignore[attr-defined]  # accounts.access


def form_of(data: QueryDict) -> FilterForm:
    """The filter as filled in, with the senders of the open workspace."""
    senders = [(ids.encode(ids.SENDER, sender.id), sender.address) for sender in Sender.objects.order_by("id")]
    return FilterForm(data, senders=senders)


def _cursor(data: QueryDict) -> Cursor:
    return Cursor(before=data.get("before", ""), after=data.get("after", ""))


def _context(
    request: HttpRequest, form: FilterForm, cursor: Cursor, exact: Mapping[str, str] | None = None
) -> dict[str, Any]:
    chosen = form.chosen()
    livemode = livemode_of(request, chosen)
    try:
        shown = listing.page(
            workspace=request.workspace.id,  # type: ignore[attr-defined]  # set by accounts.middleware
            livemode=livemode,
            wanted=wanted_of(chosen, exact),
            cursor=cursor,
            at=clock.now(),
        )
    except ids.InvalidId:
        raise Http404 from None
    filters = {name: str(value) for name, value in chosen.items()}
    return {
        "form": form,
        "list": shown,
        "list_livemode": livemode,
        "live": cursor.first and exact is None and request.GET.get("live") != "0",
        "cursor": cursor,
        "filters": filters,
        "chips": [(chip, urlencode(chip.rest)) for chip in form.chips()],
        "links": _links(filters, shown),
        "counted_max": listing.COUNTED_MAX,
    }


def wanted_of(chosen: Mapping[str, Any], exact: Mapping[str, str] | None) -> Wanted:
    """The filter of the form and what was looked for, as one."""
    both: dict[str, Any] = {**chosen, **(exact or {})}
    return Wanted(**{name: value for name, value in both.items() if name != "mode"})


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
