"""Cookies: what there are, deciding about them, and the receipt of what was decided.

The forms carry no token against forgery, because a token needs a cookie, and these are on pages that set none. The
browser says where a request comes from instead.
"""

import datetime as dt

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import public
from accounts.views.preferences import back, check_origin
from privacy.consent import choices, cookies, receipts
from privacy.models import ConsentRecord
from privacy.requests import gpc as gpc_requests
from smsplatform.lib import clock

GPC_SINCE = dt.date(2026, 11, 21)  # when this answer last changed
ALL, NONE, SOME = "accept", "decline", "save"


@public
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def cookie_page(request: HttpRequest) -> HttpResponse:
    """Every cookie, and a form to decide; the panel at the bottom of each page is sent here too."""
    refused = False
    if request.method == "POST":
        answer = _decide(request)
        if answer is not None:
            return answer
        refused = True
    said: choices.Choices = request.consent  # type: ignore[attr-defined]  # set by privacy.consent.middleware
    records = receipts.records_of(said.record) if said.record else []
    context = {
        "cookies": cookies.in_use(),
        "said": said,
        "records": records[::-1],
        "consent_page": True,
        "refused": refused,
    }
    return render(request, "public/cookies.html", context, status=422 if refused else 200)


@public
@require_safe
def receipt(request: HttpRequest) -> HttpResponse:
    """The record of this browser's decisions, to keep."""
    said: choices.Choices = request.consent  # type: ignore[attr-defined]  # set by privacy.consent.middleware
    records = receipts.records_of(said.record) if said.record else []
    if not records:
        raise Http404
    response = JsonResponse(receipts.receipt(records), json_dumps_params={"indent": 2})
    response["Content-Disposition"] = 'attachment; filename="consent-receipt.json"'
    response["Cache-Control"] = "private, no-store"
    return response


@public
@require_safe
def gpc(request: HttpRequest) -> HttpResponse:
    """That this site honours Global Privacy Control."""
    return JsonResponse({"gpc": True, "lastUpdate": GPC_SINCE.isoformat()})


def _decide(request: HttpRequest) -> HttpResponse | None:
    """Record the decision; None for a form that holds none. Raises PermissionDenied for another site's."""
    check_origin(request)
    decision, method = request.POST.get("decision"), request.POST.get("method", "")
    if decision not in (ALL, NONE, SOME) or method not in ConsentRecord.Method.values:
        return None
    chosen: dict[str, list[str]] = {ALL: [*cookies.OPTIONAL], NONE: [], SOME: request.POST.getlist("group")}
    after = choices.decide(
        request.consent,  # type: ignore[attr-defined]  # set by privacy.consent.middleware
        functional=cookies.Group.FUNCTIONAL in chosen[decision],
        analytics=cookies.Group.ANALYTICS in chosen[decision],
        language=get_language() or "en",
        method=method,
        at=clock.now(),
    )
    if after.gpc and after.record:
        gpc_requests.of_visitor(consent=after.record, at=clock.now())
    response = redirect(reverse("cookies") if method == ConsentRecord.Method.PAGE else back(request))
    choices.remember(after, response)
    request.consent = after  # type: ignore[attr-defined]  # the middleware withdraws in this very response
    return response
