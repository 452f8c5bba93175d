"""What became of a request: for its person, and for nobody else."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.access import outside, public
from privacy.models import DataRequest, RequestTicket
from privacy.requests import authorities, desk, fulfilling, states, tickets
from smsplatform.lib import clock
from smsplatform.views.requests import forms, outcome, visitor

LISTED_MAX = 50


@public
@outside
@never_cache
@require_GET
def track(request: HttpRequest, data_request_id: str) -> HttpResponse:
    """State, date, history, who decides, and where to complain."""
    at = clock.now()
    row = visitor.own(request, data_request_id, at=at)
    context: dict[str, Any] = {
        "row": row,
        "steps": list(row.steps.order_by("id")),
        "decisions": tickets.decisions(row),
        "plan": outcome.plan_of(row),
        "held": fulfilling.held_by(row),
        "correction": forms.correction(row),
        "copies": outcome.copies_of(row),
        "authority": authorities.of(row.residence),
        "authorities": sorted(authorities.AUTHORITIES.values(), key=lambda one: one.name),
        "withdrawable": states.may(row.state, "withdrawn"),
        "overdue": row.closed_at is None and row.due_at <= at,
        "phone": row.proof == "phone",
        "now": at,
        "refused": RequestTicket.State.REFUSED,
    }
    return render(request, "requests/track.html", context)


@public
@outside
@require_POST
def withdraw(request: HttpRequest, data_request_id: str) -> HttpResponse:
    """Take it back, as long as nothing has been done."""
    at = clock.now()
    row = visitor.own(request, data_request_id, at=at)
    try:
        fulfilling.withdraw(row, at=at)
    except desk.NotAllowed:
        messages.warning(request, _("This request cannot be withdrawn any more."))
    else:
        messages.success(request, _("The request is withdrawn."))
    return redirect("privacy_request", str(row))


@public
@outside
@never_cache
@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """Everything somebody asked, once they have shown who they are."""
    proof = visitor.proof(request, at=clock.now())
    if proof is None:
        return redirect("privacy_find")
    rows: list[DataRequest] = list(desk.mine(proof=proof, user=None)[:LISTED_MAX])
    return render(request, "requests/mine.html", {"rows": rows, "phone": proof.kind == "phone"})
