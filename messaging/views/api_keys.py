"""API keys: listing, making, limiting, rotating and revoking them. A secret is in exactly one answer."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import keys
from accounts.access import page
from accounts.models import ApiKey, Workspace
from accounts.reauth import confirmed
from accounts.roles import Permission, Scope, giveable
from messaging.forms.api_keys import CreateForm, LimitsForm, RotateForm, initial_of
from messaging.models import Sender
from smsplatform.lib import clock, ids, lookups

UNUSED_AFTER = dt.timedelta(days=90)
PAGE_ROWS = 50
SALT = "api-key-form"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A key in the list. ``state``: active, expired or revoked. ``hint``: why to look at it, or empty."""

    id: str
    key: ApiKey
    state: str
    scopes: list[str]
    limited: list[str]
    hint: str
    former_until: dt.datetime | None


@page(permission=Permission.KEYS_READ)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Keys, newest first, with what wants attention."""
    at = clock.now()
    found = ApiKey.objects.order_by("-id")
    if before := request.GET.get("before"):
        found = found.filter(id__lt=lookups.named(ids.KEY, before))
    some = list(found[: PAGE_ROWS + 1])
    rows = [_row(key, at) for key in some[:PAGE_ROWS]]
    older = rows[-1].id if len(some) > PAGE_ROWS else ""
    context = {"rows": rows, "older": older, "before": before, "seconds": int(keys.KNOWN_SECONDS)}
    return render(request, "messaging/api_keys.html", context)


@page(permission=Permission.KEYS_WRITE)
@confirmed
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Show the form; make the key and show its secret in the answer, this once."""
    at, senders = clock.now(), _senders()
    options: dict[str, Any] = {"senders": _choices(senders), "allowed": _giveable(request), "at": at}
    if request.method == "GET":
        first = {
            "token": signing.dumps(ids.uuid7().hex, salt=SALT),
            "mode": "live" if request.livemode else "test",  # type: ignore[attr-defined]  # accounts.access
            "scopes": [scope for scope in (Scope.MESSAGES_SEND, Scope.MESSAGES_READ) if scope in options["allowed"]],
        }
        return _form(request, CreateForm(initial=first, **options))
    form = CreateForm(request.POST, **options)
    if not form.is_valid():
        return _form(request, form, status=422)
    return _made(request, form, {text: known for known, text in senders.items()}, at)


@page(permission=Permission.KEYS_WRITE)
@confirmed
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, key_id: str) -> HttpResponse:
    """Name and limits of a key in force."""
    key, at = _found(key_id, in_force=True), clock.now()
    senders = _senders(key.sender_ids)
    options: dict[str, Any] = {"senders": _choices(senders), "allowed": _giveable(request), "at": at}
    texts = {known.id: text for known, text in senders.items()}
    if request.method == "GET":
        return _form(request, LimitsForm(initial=initial_of(key, texts), **options), key)
    form = LimitsForm(request.POST, **options)
    if not form.is_valid():
        return _form(request, form, key, status=422)
    kept = [scope for scope in key.scopes if scope not in options["allowed"]]
    by_text = {text: known.id for known, text in senders.items()}
    keys.change(key=key, name=form.cleaned_data["name"], limits=form.limits(by_text, kept), by=request.user.pk, at=at)
    messages.success(request, _("The key's limits are changed."))
    return redirect("api_keys")


@page(permission=Permission.KEYS_WRITE)
@confirmed
@require_http_methods(["GET", "POST"])
def rotate(request: HttpRequest, key_id: str) -> HttpResponse:
    """Ask for the overlap; replace the secret and show the new one in the answer, this once."""
    key = _found(key_id, in_force=True)
    form = RotateForm(request.POST or None, initial={"last4": key.last4, "overlap": "1"})
    if request.method == "GET" or not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "messaging/api_key_rotate.html", _about(key) | {"form": form}, status=status)
    at = clock.now()
    secret = None
    if form.cleaned_data["last4"] == key.last4:
        secret = keys.rotate(key=key, overlap=form.chosen, by=request.user.pk, at=at)
    if secret is None:
        messages.error(request, _("This key was rotated meanwhile. Rotate it again for a new secret."), "bad")
        return redirect("api_keys")
    return _secret(request, key, secret, former_until=at + form.chosen if form.chosen else None)


@page(permission=Permission.KEYS_WRITE)
@require_http_methods(["GET", "POST"])
def revoke(request: HttpRequest, key_id: str) -> HttpResponse:
    """Ask once more; stop the key."""
    key = _found(key_id)
    if request.method == "GET" and key.revoked_at is None:
        return render(request, "messaging/api_key_revoke.html", _about(key))
    if request.method == "POST":
        keys.revoke(key=key, by=request.user.pk, at=clock.now())
        messages.success(request, _("%(name)s is revoked. Nothing accepts it any more.") % {"name": key.name})
    return redirect("api_keys")


def _made(request: HttpRequest, form: CreateForm, senders: dict[str, Sender], at: dt.datetime) -> HttpResponse:
    data = form.cleaned_data
    try:
        wanted = UUID(signing.loads(data["token"], salt=SALT))
        with transaction.atomic():
            key, secret = keys.create(
                workspace=Workspace.objects.get(), name=data["name"], livemode=data["mode"] == "live", id=wanted,
                limits=form.limits({text: known.id for text, known in senders.items()}), by=request.user.pk, at=at,
            )  # fmt: skip
    except (IntegrityError, signing.BadSignature):
        text = _("This key exists already, and its secret was shown then. Create another if it was lost.")
        messages.error(request, text, "bad")
        return redirect("api_keys")
    return _secret(request, key, secret)


def _form(request: HttpRequest, form: LimitsForm, key: ApiKey | None = None, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "currency": Workspace.objects.values_list("currency", flat=True).get()}
    return render(request, "messaging/api_key_form.html", context | (_about(key) if key else {}), status=status)


def _secret(request: HttpRequest, key: ApiKey, secret: str, *, former_until: dt.datetime | None = None) -> HttpResponse:
    """The one answer that holds the secret: never a redirect, which would have to keep it somewhere."""
    curl = f"curl {settings.BASE_URL}/v1/messages -H 'Authorization: Bearer {secret}'"
    if Scope.MESSAGES_SEND in key.scopes:
        to = "YOUR-NUMBER" if key.livemode else "+15005550001"
        curl += f""" -H 'Content-Type: application/json' -d '{{"to": "{to}", "body": "Hello"}}'"""
    context = _about(key) | {"secret": secret, "curl": curl, "former_until": former_until}
    return render(request, "messaging/api_key_secret.html", context)


def _about(key: ApiKey) -> dict[str, Any]:
    return {"key": key, "key_id": ids.encode(ids.KEY, key.id)}


def _row(key: ApiKey, at: dt.datetime) -> Row:
    state = "revoked" if key.revoked_at else "expired" if key.expires_at and key.expires_at <= at else "active"
    until = key.former_expires_at
    return Row(
        id=ids.encode(ids.KEY, key.id),
        key=key,
        state=state,
        scopes=[str(Scope(scope).label) for scope in key.scopes if scope in Scope],
        limited=_limited(key),
        hint=_hint(key, at) if state == "active" else "",
        former_until=until if state == "active" and until and until > at else None,
    )


def _limited(key: ApiKey) -> list[str]:
    """Which kinds of limit the key has, in words."""
    kinds = {
        _("addresses"): key.ip_ranges,
        _("senders"): key.sender_ids,
        _("countries"): key.countries,
        _("per second"): key.rate_max < keys.RATE_MAX,
        _("per day"): key.day_max,
        _("money"): key.money_max,
    }
    return [word for word, present in kinds.items() if present]


def _hint(key: ApiKey, at: dt.datetime) -> str:
    if key.last_used_at is None:
        return _("Never used") if key.created_at <= at - dt.timedelta(days=1) else ""
    return _("Unused for 90 days: revoke it?") if key.last_used_at <= at - UNUSED_AFTER else ""


def _senders(named: Sequence[UUID] = ()) -> dict[Sender, str]:
    """Senders to choose from, and those the key has already: one that was withdrawn must not leave it unlimited."""
    found = Sender.objects.filter(~Q(state=Sender.State.WITHDRAWN) | Q(id__in=named)).order_by("id")
    return {sender: ids.encode(ids.SENDER, sender.id) for sender in found}


def _choices(senders: dict[Sender, str]) -> list[tuple[str, str]]:
    return sorted(((text, _label(sender)) for sender, text in senders.items()), key=lambda pair: pair[1])


def _label(sender: Sender) -> str:
    withdrawn = sender.state == Sender.State.WITHDRAWN
    return f"{sender.address} ({_('Withdrawn')})" if withdrawn else sender.address


def _giveable(request: HttpRequest) -> frozenset[str]:
    return giveable(request.workspace.role)  # type: ignore[attr-defined]  # set by accounts.middleware


def _found(text: str, *, in_force: bool = False) -> ApiKey:
    keys_there = ApiKey.objects.filter(revoked_at=None) if in_force else ApiKey.objects.all()
    return lookups.find(keys_there, ids.KEY, text)
