"""Deliveries of webhook events: the list of an endpoint, each with its attempts, and sending again."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages as notices
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import page
from accounts.roles import Scope
from messaging import endpoints, webhooks
from messaging.forms.webhooks import KEPT, ReplayForm
from messaging.models import Delivery, WebhookEndpoint
from smsplatform.lib import clock, ids, lookups

PAGE_ROWS = 25
_OVER = (Delivery.State.DELIVERED, Delivery.State.EXHAUSTED, Delivery.State.DROPPED)
_ERRORS: dict[str, str | Promise] = {
    "http_status": gettext_lazy("The receiver answered, but not with 2xx"),
    "redirect": gettext_lazy("The receiver redirected; redirects are not followed"),
    "timeout": gettext_lazy("No answer within 15 seconds"),
    "dns": gettext_lazy("The name of the host was not found"),
    "tls": gettext_lazy("The certificate or the encryption was not accepted"),
    "connection": gettext_lazy("No connection to the host"),
    "protocol": gettext_lazy("The answer was no HTTP"),
    "forbidden_address": gettext_lazy("The host leads to an address that is not public"),
    "url_forbidden_address": gettext_lazy("The host leads to an address that is not public"),
    "endpoint_off": gettext_lazy("The endpoint was disabled or deleted"),
    "key_gone": gettext_lazy("What it would have said no longer exists"),
    "recipient_restricted": gettext_lazy("It waits: the use of this recipient's data is restricted"),
    "internal_error": gettext_lazy("It failed on our side"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One delivery in a list. ``error`` is in words; ``live`` while it is still being tried."""

    id: str
    delivery: Delivery
    message: str
    error: str

    @property
    def state(self) -> str:
        """The delivery's state, and ``retrying`` between attempts."""
        pending = self.delivery.state == Delivery.State.PENDING
        return "retrying" if pending and self.delivery.attempts else self.delivery.state

    @property
    def live(self) -> bool:
        """Whether it is still being tried."""
        return self.delivery.state not in _OVER


@dataclass(frozen=True, kw_only=True, slots=True)
class Try:
    """One attempt: when it ended, what was answered, and how long that took."""

    at: dt.datetime
    status: int | None
    took_ms: int | None
    error: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Rows, newest first; ``older`` and ``newest`` are queries that lead on, or empty."""

    rows: list[Row]
    older: str
    newest: str
    filtered: bool


def endpoint_of(request: HttpRequest, endpoint_id: str) -> WebhookEndpoint:
    """An endpoint of the workspace, of either mode: a link from a mail works whatever is chosen. Raises ``Http404``."""
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    return lookups.find(WebhookEndpoint.objects.filter(workspace_id=place.id), ids.WEBHOOK, endpoint_id)


def listed(endpoint: WebhookEndpoint, chosen: Mapping[str, str], *, before: str, at: dt.datetime) -> Page:
    """A page of an endpoint's deliveries. Raises ``Http404`` for a cursor that is none."""
    rows = readable(at).filter(workspace_id=endpoint.workspace_id, endpoint_id=endpoint.id, **chosen)
    if before:
        rows = rows.filter(id__lt=lookups.named(ids.DELIVERY, before))
    some = list(rows.order_by("-id")[: PAGE_ROWS + 1])
    found = [_row(delivery) for delivery in some[:PAGE_ROWS]]
    older = urlencode({**chosen, "before": found[-1].id}) if len(some) > PAGE_ROWS else ""
    return Page(rows=found, older=older, newest=urlencode(chosen) if before else "", filtered=bool(chosen))


@page(permission=Scope.WEBHOOKS_READ)
@require_GET
def show(request: HttpRequest, delivery_id: str) -> HttpResponse:
    """The whole page, or for htmx the part that changes while it is being tried."""
    context = _context(request, _found(request, delivery_id))
    if not request.htmx or request.htmx.history_restore_request:  # type: ignore[attr-defined]  # django_htmx
        return render(request, "messaging/delivery.html", context)
    if context["mark"] == request.GET.get("seen"):
        return HttpResponse(status=204)
    return render(request, "messaging/_delivery.html", context)


@page(permission=Scope.WEBHOOKS_WRITE)
@require_POST
def replay(request: HttpRequest, delivery_id: str) -> HttpResponse:
    """Make one delivery again, with its event id."""
    delivery = _found(request, delivery_id)
    by, at = request.user.pk, clock.now()
    if endpoints.replay(workspace=delivery.workspace_id, delivery=delivery.id, by=by, at=at):
        transaction.on_commit(webhooks.wake)
        notices.success(request, _("It is sent again."), "ok")
    else:
        notices.error(request, _("It is just being tried, or its endpoint is disabled."), "bad")
    return redirect("webhook_delivery", delivery_id)


@page(permission=Scope.WEBHOOKS_WRITE)
@require_http_methods(["GET", "POST"])
def replay_window(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    """Count what a window holds, then make it again."""
    endpoint = endpoint_of(request, endpoint_id)
    at = clock.now()
    given = request.POST if request.method == "POST" else request.GET
    first = {"since": at - dt.timedelta(days=1), "until": at, "failed_only": True}
    form = ReplayForm(given) if given else ReplayForm(initial=first)
    context: dict[str, Any] = {"endpoint": endpoint, "id": endpoint_id, "form": form, "most": endpoints.REPLAY_MAX}
    if not (form.is_bound and form.is_valid()):
        return render(request, "messaging/webhook_replay.html", context, status=422 if form.is_bound else 200)
    values = form.cleaned_data
    window = {name: values[name] for name in ("since", "until", "failed_only")}
    context["count"] = count = endpoints.replayable(endpoint=endpoint, at=at, **window)
    context["too_many"] = count > endpoints.REPLAY_MAX
    if request.method == "GET" or context["too_many"] or not endpoint.enabled:
        return render(request, "messaging/webhook_replay.html", context, status=200 if request.method == "GET" else 422)
    by = request.user.pk
    done = endpoints.replay(workspace=endpoint.workspace_id, endpoint=endpoint.id, by=by, at=at, **window)
    transaction.on_commit(webhooks.wake)
    notices.success(request, _("%(count)d events are sent again.") % {"count": done}, "ok")
    return redirect("webhook", endpoint_id)


def _context(request: HttpRequest, delivery: Delivery) -> dict[str, Any]:
    row = _row(delivery)
    endpoint = WebhookEndpoint.objects.filter(workspace_id=delivery.workspace_id, id=delivery.endpoint_id).first()
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    waits = endpoints.waits(delivery, clock.now())
    told = f"{delivery.state}{delivery.attempts}{len(delivery.tries)}{delivery.due_at}"
    return {
        "row": row,
        "endpoint": endpoint,
        "endpoint_id": ids.encode(ids.WEBHOOK, delivery.endpoint_id),
        "event": ids.encode(ids.EVENT, delivery.event_id),
        "tries": [_try(*entry) for entry in delivery.tries][::-1],
        "mark": hashlib.sha256(told.encode()).hexdigest()[:16],
        "can_replay": (waits or not row.live) and endpoint and endpoint.enabled and place.allows(Scope.WEBHOOKS_WRITE),
        "waits": waits,
    }


def _row(delivery: Delivery) -> Row:
    return Row(
        id=ids.encode(ids.DELIVERY, delivery.id),
        delivery=delivery,
        message=ids.encode(ids.MESSAGE, delivery.message_id) if delivery.message_id else "",
        error=_words(delivery.last_error),
    )


def _try(at: str, status: int | None, took_ms: int | None, error: str | None) -> Try:
    return Try(at=dt.datetime.fromisoformat(at), status=status, took_ms=took_ms, error=_words(error))


def _words(error: str | None) -> str:
    return str(_ERRORS.get(error, error)) if error else ""


def readable(at: dt.datetime) -> QuerySet[Delivery]:
    """Deliveries within retention, even when the purge is late."""
    return Delivery.objects.filter(id__gte=ids.floor(at - KEPT))


def _found(request: HttpRequest, delivery_id: str) -> Delivery:
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    return lookups.find(readable(clock.now()).filter(workspace_id=place.id), ids.DELIVERY, delivery_id)
