"""The start page of a workspace: how its messages are doing, and what to do next."""

from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.access import page
from accounts.roles import Permission, Scope
from billing import ledger
from messaging import figures, first_steps
from messaging.forms.send import SendForm
from messaging.models import Sender
from messaging.views import listing, overview_cards
from messaging.views.listing import Cursor
from messaging.windows import Wanted
from smsplatform.lib import clock

PERIODS = (7, 30, 90)
PERIOD = 30
ROWS = 10


@page(permission=Permission.STATS_READ)
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Figures of the last days in the mode one works in, the newest messages, a form to send one."""
    at, place = clock.now(), request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    livemode: bool = request.livemode  # type: ignore[attr-defined]  # set by accounts.access
    days = _days(request)
    read = figures.read(workspace=place.id, livemode=livemode, days=days, zone=ZoneInfo(place.time_zone), at=at)
    progress = first_steps.progress(workspace=place.id, person=request.user.pk)  # type: ignore[arg-type]  # has signed in
    balance = None
    if place.allows(Scope.BILLING_READ):
        balance = ledger.balance(workspace=place.id, currency=progress.currency, livemode=livemode)
    context: dict[str, Any] = {
        "days": days,
        "periods": PERIODS,
        "cards": overview_cards.cards(read, balance, livemode=livemode),
        "plot": overview_cards.plot(read),
        "corridors": overview_cards.corridors(read, days=days),
        "steps": overview_cards.steps(progress, request.user, place),
        "form": _form() if place.allows(Scope.MESSAGES_SEND) else None,
        "demo": settings.DEMO,
        **_recent(request),
    }
    context["steps_done"] = sum(step.done for step in context["steps"])
    context["fresh"] = not context["rows"] and not read.now.messages
    return render(request, "messaging/overview.html", context)


@page(permission=Scope.MESSAGES_READ)
@require_GET
def recent(request: HttpRequest) -> HttpResponse:
    """The newest messages again if they changed since ``seen``, otherwise nothing."""
    context = _recent(request)
    if context["mark"] == request.GET.get("seen"):
        return HttpResponse(status=204)
    return render(request, "messaging/_recent.html", context)


@page(permission=Permission.STATS_READ)
@require_POST
def hide_steps(request: HttpRequest) -> HttpResponse:
    """The first steps are not shown to this person here again."""
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    first_steps.hide(workspace=place.id, person=request.user.pk, at=clock.now())  # type: ignore[arg-type]  # has signed in
    return redirect("overview")


def _days(request: HttpRequest) -> int:
    wanted = request.GET.get("days", "")
    return next((days for days in PERIODS if str(days) == wanted), PERIOD)


def _recent(request: HttpRequest) -> dict[str, Any]:
    """The newest messages of the mode, for those who may read them."""
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    if not place.allows(Scope.MESSAGES_READ):
        return {"rows": [], "mark": ""}
    livemode: bool = request.livemode  # type: ignore[attr-defined]  # set by accounts.access
    shown = listing.page(workspace=place.id, livemode=livemode, wanted=Wanted(), cursor=Cursor(), at=clock.now())
    return {"rows": shown.rows[:ROWS], "mark": shown.mark}


def _form() -> SendForm:
    """The form of the send page, which also answers it."""
    senders = list(Sender.objects.filter(state=Sender.State.APPROVED).order_by("-is_default", "id"))
    return SendForm(senders=[sender.address for sender in senders], initial={"token": uuid4()})
