"""Webhook endpoints: listing, making, changing, testing and removing them. A secret is in exactly one answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages as notices
from django.core import signing
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import page
from accounts.roles import Scope
from messaging import endpoints, webhooks
from messaging.endpoints import Health
from messaging.forms.webhooks import DeliveryFilterForm, EndpointForm, NewEndpointForm, RotateForm
from messaging.models import WebhookEndpoint
from messaging.models.webhook import DEFAULT_TYPES, EVENT_TYPES
from messaging.views import deliveries
from messaging.views.deliveries import endpoint_of
from smsplatform.lib import clock, ids
from smsplatform.lib.api.codes import CODES
from smsplatform.lib.api.problems import FieldError, Problem

SALT = "webhook-endpoint-form"
NEVER = Health(tried=0, failed=0, succeeded_at=None)
RECEIVER = """\
from http.server import BaseHTTPRequestHandler, HTTPServer
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            event = Webhook("whsec_YOUR_SECRET").verify(body, dict(self.headers))
        except WebhookVerificationError:
            return self.send_error(401)
        print(event["type"], event["data"]["id"])
        self.send_response(204)
        self.end_headers()

HTTPServer(("", 8080), Receiver).serve_forever()
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """An endpoint in the list. ``events`` says which it hears, ``overlaps`` whether its former secret signs along."""

    id: str
    endpoint: WebhookEndpoint
    events: str
    health: Health
    overlaps: bool

    @property
    def is_callback(self) -> bool:
        """Whether a message named it, and nobody made it here."""
        return self.endpoint.callback_idx is not None


@page(permission=Scope.WEBHOOKS_READ)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Those of the mode, oldest first; what a workspace may have fits on one page."""
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    found = WebhookEndpoint.objects.filter(workspace_id=place.id, livemode=request.livemode).order_by("id")  # type: ignore[attr-defined]  # accounts.access
    told = endpoints.health(workspace=place.id, at=clock.now())
    rows = [_row(endpoint, told) for endpoint in found]
    return render(request, "messaging/webhooks.html", {"rows": rows, "receiver": RECEIVER})


@page(permission=Scope.WEBHOOKS_WRITE)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Show the form; make the endpoint and show its secret in the answer, this once."""
    if request.method == "GET":
        return _form(request, NewEndpointForm(initial={"token": signing.dumps(ids.uuid7().hex, salt=SALT)}))
    form = NewEndpointForm(request.POST)
    if not form.is_valid():
        return _form(request, form, status=422)
    try:
        made = _made(request, form)
    except Problem as problem:
        _explain(form, problem)
        return _form(request, form, status=422)
    except (IntegrityError, signing.BadSignature):
        text = _("This endpoint exists already, and its secret was shown then. Rotate the secret if it was lost.")
        notices.error(request, text, "bad")
        return redirect("webhooks")
    return _secret(request, made)


@page(permission=Scope.WEBHOOKS_READ)
@require_GET
def show(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    """An endpoint, how it does, and its deliveries."""
    endpoint = endpoint_of(request, endpoint_id)
    form = DeliveryFilterForm(request.GET)
    shown = deliveries.listed(endpoint, form.chosen(), before=request.GET.get("before", ""), at=clock.now())
    row = _row(endpoint, endpoints.health(workspace=endpoint.workspace_id, at=clock.now()))
    return render(request, "messaging/webhook.html", {"row": row, "form": form, "list": shown})


@page(permission=Scope.WEBHOOKS_WRITE)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    """Address, events, content and description."""
    endpoint = endpoint_of(request, endpoint_id)
    if request.method == "GET":
        names = ("url", "description", "types", "content")
        return _form(request, EndpointForm(initial={name: getattr(endpoint, name) for name in names}), endpoint)
    form = EndpointForm(request.POST)
    if form.is_valid():
        try:
            endpoints.change(endpoint=endpoint, values=form.values, by=request.user.pk, at=clock.now())
        except Problem as problem:
            _explain(form, problem)
        else:
            notices.success(request, _("The endpoint is changed."), "ok")
            return redirect("webhook", endpoint_id)
    return _form(request, form, endpoint, status=422)


@page(permission=Scope.WEBHOOKS_WRITE)
@require_POST
def switch(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    """Enable or disable."""
    endpoint, enabled = endpoint_of(request, endpoint_id), request.POST.get("enabled") == "1"
    endpoints.change(endpoint=endpoint, values={"enabled": enabled}, by=request.user.pk, at=clock.now())
    notices.success(request, _("Events are sent again.") if enabled else _("Nothing is sent there any more."), "ok")
    return redirect("webhook", endpoint_id)


@page(permission=Scope.WEBHOOKS_WRITE)
@require_http_methods(["GET", "POST"])
def rotate(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    """Ask once more; replace the secret and show the new one in the answer, this once."""
    endpoint = endpoint_of(request, endpoint_id)
    present = endpoint.previous_until.isoformat() if endpoint.previous_until else "first"
    if request.method == "GET":
        return _rotation(request, endpoint, RotateForm(initial={"present": present, "signature": endpoint.signature}))
    form = RotateForm(request.POST)
    if not form.is_valid():
        return _rotation(request, endpoint, form, status=422)
    if form.cleaned_data["present"] != present:  # a form sent twice would take back the secret that is in use
        notices.error(request, _("The secret was rotated meanwhile. Rotate it again for a new one."), "bad")
        return redirect("webhook", endpoint_id)
    signature = form.cleaned_data["signature"]
    endpoints.rotate_secret(endpoint=endpoint, signature=signature, by=request.user.pk, at=clock.now())
    return _secret(request, endpoint)


@page(permission=Scope.WEBHOOKS_WRITE)
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    """Ask once more; remove the endpoint."""
    endpoint = endpoint_of(request, endpoint_id)
    if request.method == "GET":
        return render(request, "messaging/webhook_delete.html", _about(endpoint))
    endpoints.delete(endpoint=endpoint, by=request.user.pk, at=clock.now())
    notices.success(request, _("The endpoint is deleted."), "ok")
    return redirect("webhooks")


@page(permission=Scope.WEBHOOKS_WRITE)
@require_POST
def test(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    """Send a test event and go to its delivery, or show it in the page."""
    endpoint = endpoint_of(request, endpoint_id)
    try:
        made = endpoints.test(endpoint=endpoint, by=request.user.pk, at=clock.now())
    except Problem as problem:
        notices.error(request, f"{_(problem.title)}. {_(problem.detail)}", "bad")
        return redirect("webhook", endpoint_id)
    transaction.on_commit(webhooks.wake)
    return redirect("webhook_delivery", ids.encode(ids.DELIVERY, made))


def _made(request: HttpRequest, form: EndpointForm) -> WebhookEndpoint:
    wanted = UUID(signing.loads(form.cleaned_data["token"], salt=SALT))
    with transaction.atomic():
        return endpoints.create(
            workspace=request.workspace.id,  # type: ignore[attr-defined]  # set by accounts.middleware
            livemode=request.livemode,  # type: ignore[attr-defined]  # set by accounts.access
            values=form.values,
            by=request.user.pk,
            at=clock.now(),
            id=wanted,
        )


def _row(endpoint: WebhookEndpoint, told: Mapping[UUID, Health]) -> Row:
    return Row(
        id=ids.encode(ids.WEBHOOK, endpoint.id),
        endpoint=endpoint,
        events=_events(endpoint.types),
        health=told.get(endpoint.id, NEVER),
        overlaps=_overlaps(endpoint),
    )


def _overlaps(endpoint: WebhookEndpoint) -> bool:
    return endpoint.previous_until is not None and endpoint.previous_until > clock.now()


def _events(types: Sequence[str]) -> str:
    if set(types) == set(EVENT_TYPES):
        return _("All events")
    if set(types) == set(DEFAULT_TYPES):
        return _("Final states")
    return ", ".join(name.removeprefix("message.") for name in types) or _("Named by messages")


def _about(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {"endpoint": endpoint, "id": ids.encode(ids.WEBHOOK, endpoint.id)}


def _secret(request: HttpRequest, endpoint: WebhookEndpoint) -> HttpResponse:
    """What the receiver needs. A public key is on the endpoint's page, now as later."""
    if endpoint.shared_secret is None:
        notices.success(request, _("Events are signed by Ed25519. Give your receiver the public key below."), "ok")
        return redirect("webhook", ids.encode(ids.WEBHOOK, endpoint.id))
    context = _about(endpoint) | {"secret": endpoint.shared_secret, "receiver": RECEIVER}
    return render(request, "messaging/webhook_secret.html", context)


def _rotation(request: HttpRequest, endpoint: WebhookEndpoint, form: RotateForm, *, status: int = 200) -> HttpResponse:
    context = _about(endpoint) | {"form": form, "overlaps": _overlaps(endpoint)}
    return render(request, "messaging/webhook_rotate.html", context, status=status)


def _form(
    request: HttpRequest, form: EndpointForm, endpoint: WebhookEndpoint | None = None, *, status: int = 200
) -> HttpResponse:
    context = {"form": form} | (_about(endpoint) if endpoint else {})
    return render(request, "messaging/webhook_form.html", context, status=status)


def _explain(form: EndpointForm, problem: Problem) -> None:
    """Put each reason at its field, in the reader's language."""
    for error in problem.errors or [FieldError(pointer="", code=problem.code)]:
        name = error.pointer.removeprefix("#/").partition("/")[0]
        info = CODES[error.code]
        form.add_error(name if name in form.fields else None, f"{_(info.cause)} {_(info.fix)}")
