"""Senders: what a workspace's messages come from, how far each one reaches, and its way to approval."""

import re
import unicodedata
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import page
from accounts.roles import Permission
from messaging import provisioning, sender_rules
from messaging.forms.senders import ReviewForm, SenderForm
from messaging.models import Sender
from smsplatform.lib import clock, ids, lookups

PAGE_ROWS = 50
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9]+")
# As people write these where only plain letters go; other accents are dropped.
_WRITTEN_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ø": "o", "æ": "ae"}
)


@page(permission=Permission.SENDERS_READ)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Senders, newest first, and the rules of countries."""
    found = Sender.objects.exclude(state=Sender.State.WITHDRAWN).order_by("-id")
    if before := request.GET.get("before"):
        found = found.filter(id__lt=lookups.named(ids.SENDER, before))
    some = list(found[: PAGE_ROWS + 1])
    rows = [(ids.encode(ids.SENDER, sender.id), sender) for sender in some[:PAGE_ROWS]]
    older = rows[-1][0] if len(some) > PAGE_ROWS else ""
    context = {"rows": rows, "older": older, "before": before, "reach": sender_rules.reach("alphanumeric")}
    return render(request, "messaging/senders.html", context)


@page(permission=Permission.SENDERS_WRITE)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Show the form; register the sender and go to it."""
    if request.method == "GET":
        return _form(request, SenderForm(initial={"address": request.GET.get("address", "")[:11]}))
    form = SenderForm(request.POST)
    if form.is_valid() and (made := _registered(request, form)):
        return redirect("sender", ids.encode(ids.SENDER, made.id))
    return _form(request, form, status=422)


@page(permission=Permission.SENDERS_READ)
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, sender_id: str) -> HttpResponse:
    """One sender, where it reaches, and the request for its review."""
    sender = _found(sender_id)
    form = ReviewForm(request.POST or None, initial={"purpose": sender.purpose, "example": sender.example})
    status = 200
    if request.method == "POST" and _may_submit(request, sender):
        if form.is_valid() and form.cleaned_data["purpose"]:
            provisioning.submit_sender(sender=sender, **form.cleaned_data, by=request.user.pk, at=clock.now())
            messages.success(request, _("The sender is in review."))
            return redirect("sender", sender_id)
        form.add_error("purpose", _("Say what the sender is for: whoever reviews it decides by that."))
        status = 422
    context = {
        "sender": sender,
        "sender_id": sender_id,
        "form": form,
        "may_submit": _may_submit(request, sender),
        "reach": sender_rules.reach(sender.kind),
    }
    return render(request, "messaging/sender.html", context, status=status)


@page(permission=Permission.SENDERS_WRITE)
@require_POST
def default(request: HttpRequest, sender_id: str) -> HttpResponse:
    """Make it the sender of messages that name none."""
    provisioning.make_default(sender=_found(sender_id), by=request.user.pk, at=clock.now())
    messages.success(request, _("Messages without a sender go out under this one."))
    return redirect("sender", sender_id)


@page(permission=Permission.SENDERS_WRITE)
@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, sender_id: str) -> HttpResponse:
    """Ask once more; use it no longer."""
    sender = _found(sender_id)
    if request.method == "GET":
        return render(request, "messaging/sender_withdraw.html", {"sender": sender, "sender_id": sender_id})
    provisioning.withdraw_sender(sender=sender, by=request.user.pk, at=clock.now())
    messages.success(request, _("%(sender)s is withdrawn.") % {"sender": sender.address})
    return redirect("senders")


def suggestions(name: str) -> list[str]:
    """Names that a workspace might like, from its own."""
    plain = unicodedata.normalize("NFKD", name.translate(_WRITTEN_OUT))
    bare = "".join(character for character in plain if not unicodedata.combining(character))
    words = [word for word in _NOT_PLAIN.split(bare) if word]
    made = ["".join(words)[:11], (words[0] if words else "")[:11], "".join(words).upper()[:11]]
    return [each for each in dict.fromkeys(made) if _is_possible(each)]


def _is_possible(address: str) -> bool:
    try:
        return bool(provisioning.sender_kind(address))
    except provisioning.InvalidSender:
        return False


def _form(request: HttpRequest, form: SenderForm, *, status: int = 200) -> HttpResponse:
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    context: dict[str, Any] = {"form": form, "suggestions": suggestions(place.name)}
    return render(request, "messaging/sender_form.html", context, status=status)


def _registered(request: HttpRequest, form: SenderForm) -> Sender | None:
    """The new sender, or None with the reason on the form."""
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    address = form.cleaned_data["address"]
    if address.startswith(("+", "00")):
        address = "+" + re.sub(r"\D", "", address.removeprefix("00"))
    values = {**form.cleaned_data, "address": address}
    try:
        return provisioning.register_sender(workspace=place.id, **values, by=request.user.pk, at=clock.now())
    except provisioning.InvalidSender:
        text = _("Enter 3 to 11 letters and digits with a letter among them, a number with + and country code, "
                 "or a short code of 3 to 8 digits.")  # fmt: skip
        form.add_error("address", text)
    except provisioning.SenderTaken:
        form.add_error("address", _("The workspace has this sender already. Choose another, or open it in the list."))
    return None


def _may_submit(request: HttpRequest, sender: Sender) -> bool:
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    return place.allows(Permission.SENDERS_WRITE) and sender.state in (Sender.State.DRAFT, Sender.State.REJECTED)


def _found(text: str) -> Sender:
    return lookups.find(Sender.objects.exclude(state=Sender.State.WITHDRAWN), ids.SENDER, text)
