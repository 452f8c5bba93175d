"""One message: what it was, what happened to it, and taking it back."""

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages as notices
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import page
from accounts.roles import Scope
from messaging import recall
from messaging.drafting import unsealed
from messaging.models import Body, Message
from messaging.models.message import FINAL, Status
from messaging.views import listing, timeline
from privacy.keyring import KeyDestroyed
from smsplatform.lib import clock, ids
from smsplatform.lib.api.problems import Problem


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """The text of a message as of now: ``kept`` with its words, ``removed``, or ``code`` (never stored)."""

    state: str
    words: str = ""
    until: dt.datetime | None = None


@page(permission=Scope.MESSAGES_READ)
@require_GET
def show(request: HttpRequest, message_id: str) -> HttpResponse:
    """The whole page, or for htmx the part that changes while the message is on its way."""
    context = _context(request, message_id)
    if not request.htmx or request.htmx.history_restore_request:  # type: ignore[attr-defined]  # django_htmx
        return render(request, "messaging/message.html", context)
    if context["mark"] == request.GET.get("seen"):
        return HttpResponse(status=204)
    return render(request, "messaging/_message.html", context)


@page(permission=Scope.MESSAGES_SEND)
@require_POST
def cancel(request: HttpRequest, message_id: str) -> HttpResponse:
    """Stop it if no carrier has it."""
    return _take_back(request, message_id, recall.cancel, _("Canceled. The price was returned."))


@page(permission=Scope.MESSAGES_ERASE)
@require_POST
def redact(request: HttpRequest, message_id: str) -> HttpResponse:
    """Remove what it said and to whom."""
    return _take_back(request, message_id, recall.redact, _("Text, number and reference were removed."))


def _take_back(request: HttpRequest, message_id: str, verb: Callable[..., None], done: str) -> HttpResponse:
    workspace = request.workspace.id  # type: ignore[attr-defined]  # set by accounts.middleware
    try:
        verb(workspace=workspace, message=_decoded(message_id), by=request.user.pk, at=clock.now())
    except Problem as problem:
        if problem.status == 404:
            raise Http404 from None
        notices.error(request, f"{_(problem.title)}. {_(problem.detail)}", extra_tags="bad")
    else:
        notices.success(request, done, extra_tags="ok")
    return redirect("message", message_id)


def _context(request: HttpRequest, message_id: str) -> dict[str, Any]:
    at, place = clock.now(), request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    message = (
        Message.objects.readable(at=at).with_state().filter(workspace_id=place.id, id=_decoded(message_id)).first()
    )
    if message is None:
        raise Http404
    row = listing.shown([message])[0]
    entries = timeline.of(message)
    final = message.status in FINAL
    return {
        "message": message,
        "row": row,
        "number": listing.number_of(message),
        "reference": _reference(message),
        "text": text_of(message, at=at),
        "timeline": entries,
        "final": final,
        "reason": timeline.reason(message.error) if message.error else "",
        "mark": hashlib.sha256(f"{row.state}{len(entries)}{message.refunded}".encode()).hexdigest()[:16],
        "can_cancel": row.state in (Status.SCHEDULED, Status.QUEUED) and place.allows(Scope.MESSAGES_SEND),
        "can_redact": final and message.to_ct is not None and place.allows(Scope.MESSAGES_ERASE),
    }


def text_of(message: Message, *, at: dt.datetime) -> Text:
    """The text while it may be read. Past its time it is not shown even if the purge is late."""
    if message.redacted_at:
        return Text(state="removed", until=message.redacted_at)
    if message.body_expires_at <= at:
        return Text(state="removed", until=message.body_expires_at)
    body = Body.objects.filter(expires_on=message.body_expires_at.date(), message_id=message.id).first()
    if body is None:
        return Text(state="code", until=message.body_expires_at)
    try:
        words = unsealed("text", bytes(body.text_ct), message.workspace_id, message.id)
    except KeyDestroyed:
        return Text(state="removed", until=message.body_expires_at)
    return Text(state="kept", words=words, until=message.body_expires_at)


def _reference(message: Message) -> str:
    if message.reference_ct is None:
        return ""
    return unsealed("reference", bytes(message.reference_ct), message.workspace_id, message.id)


def _decoded(message_id: str) -> UUID:
    try:
        return ids.decode(ids.MESSAGE, message_id)
    except ids.InvalidId:
        raise Http404 from None
