"""Carriers and routes, for those who operate the platform: how they do, and whether they are used."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import staff_page
from messaging import operation
from messaging.models import Carrier, Route
from smsplatform.forms import ActForm
from smsplatform.lib import clock, ids
from smsplatform.views.staff.operators import OPERATORS, operates


@staff_page()
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Every carrier with its sessions, its routes and its last five minutes."""
    context = {"carriers": operation.carriers(at=clock.now()), "may_change": operates(request)}
    return render(request, "staff/carriers.html", context)


@staff_page(*OPERATORS)
@require_http_methods(["GET", "POST"])
def switch(request: HttpRequest, subject: str, onoff: str) -> HttpResponse:
    """Enable or disable a carrier or a route, with a reason."""
    what, enabled = _what(subject), onoff == "on"
    if onoff not in ("on", "off"):
        raise Http404
    form = ActForm(request.POST or None)
    if not form.is_valid():
        return render(request, "staff/act.html", _asked(what, enabled, form), status=422 if form.is_bound else 200)
    assert request.user.pk is not None
    act = form.act(request.user.pk)
    if isinstance(what, Carrier):
        operation.switch_carrier(carrier=what.pk, enabled=enabled, act=act)
    else:
        operation.switch_route(route=what.pk, enabled=enabled, act=act)
    done = _("Enabled. Workers notice within seconds.") if enabled else _("Disabled. Workers notice within seconds.")
    messages.info(request, done)
    return redirect("staff_carriers")


def _asked(what: Carrier | Route, enabled: bool, form: ActForm) -> dict[str, Any]:
    if isinstance(what, Carrier):
        title = _("Enable %(name)s") if enabled else _("Disable %(name)s")
        says = _("Messages for its numbers go to the next carrier of their route; without one they wait.")
    else:
        title = _("Enable the route %(name)s") if enabled else _("Disable the route %(name)s")
        says = _("Numbers that begin so go to the next carrier of the route; without one they are refused.")
    return {
        "title": title % {"name": what}, "says": "" if enabled else says, "form": form, "danger": not enabled,
        "back": "staff_carriers", "back_label": _("Carriers"),
    }  # fmt: skip


def _what(subject: str) -> Carrier | Route:
    """Raises Http404."""
    try:
        if subject.startswith(f"{ids.CARRIER}_"):
            found: Carrier | Route = Carrier.objects.only("id", "name").get(pk=ids.decode(ids.CARRIER, subject))
        else:
            found = Route.objects.get(pk=ids.decode(ids.ROUTE, subject))
    except (ids.InvalidId, Carrier.DoesNotExist, Route.DoesNotExist):
        raise Http404 from None
    return found
