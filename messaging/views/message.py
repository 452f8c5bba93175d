"""One message: what it was, what happened to it, and taking it back."""

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
from django.contrib import messages as notices
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import page
from accounts.roles import Scope
from messaging import keeping, outcomes, presenting, recall
from messaging.api import timelines
from messaging.drafting import unsealed
from messaging.models import Body, Message, Sender
from messaging.models.message import FINAL, Status
from messaging.views import drawing, equivalent, listing, timeline
from privacy import debugging, profiles
from privacy.keyring import KeyDestroyed
from smsplatform.lib import clock, ids, lookups, segments
from smsplatform.lib.api.codes import CODES
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
        verb(workspace=workspace, message=lookups.named(ids.MESSAGE, message_id), by=request.user.pk, at=clock.now())
    except Problem as problem:
        if problem.status == 404:
            raise Http404 from None
        notices.error(request, f"{_(problem.title)}. {_(problem.detail)}", extra_tags="bad")
    else:
        notices.success(request, done, extra_tags="ok")
    return redirect("message", message_id)


def _context(request: HttpRequest, message_id: str) -> dict[str, Any]:
    at, place = clock.now(), request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    readable = Message.objects.readable(at=at).with_state().filter(workspace_id=place.id)
    message = lookups.find(readable, ids.MESSAGE, message_id)
    row = listing.shown([message])[0]
    story, text, final = timeline.of(message), text_of(message, at=at), message.status in FINAL
    number, reference = listing.number_of(message), _reference(message)
    return {
        "message": message,
        "row": row,
        "number": number,
        "sender": _sender(message),
        "reference": reference,
        "text": text,
        "segments": _segments(message, text),
        "timeline": story.entries,
        "processors": story.processors,
        "final": final,
        "reason": timeline.reason(message.error) if message.error else "",
        "advice": told.advice if (told := outcomes.meaning(message.error or "")) else "",
        "explained": message.error if message.error in CODES else "",
        "forgotten_at": message.created_at + profiles.duration("retention.delivery_meta"),
        "mark": hashlib.sha256(f"{row.state}{len(story.entries)}{message.refunded}".encode()).hexdigest()[:16],
        "can_send": place.allows(Scope.MESSAGES_SEND),
        "can_cancel": row.state in (Status.SCHEDULED, Status.QUEUED) and place.allows(Scope.MESSAGES_SEND),
        "can_redact": final and message.to_ct is not None and place.allows(Scope.MESSAGES_ERASE),
        "curl": _curl(message, row, number, reference, text),
        "read": equivalent.curl(f"/v1/messages/{row.id}", livemode=message.livemode),
        "document": partial(_document, message, at),  # made only when the page is, not for every poll
    }


def _sender(message: Message) -> str:
    """The sender that was asked for; the row shows the one that was used."""
    found = Sender.objects.filter(pk=message.sender_id).first()
    return found.address if found else ""


def _segments(message: Message, text: Text) -> list[drawing.Segment]:
    encoding: segments.Encoding = "ucs2" if message.encoding == "ucs2" else "gsm7"
    return drawing.segments_of(text.words, encoding) if text.words else []


def _curl(message: Message, row: listing.Row, number: str, reference: str, text: Text) -> str:
    body = {
        "to": number or "…",
        "from": row.sender,
        "body": text.words or "…",
        "category": message.category,
        "reference": reference,
    }
    return equivalent.curl("/v1/messages", livemode=message.livemode, body=body)


def _document(message: Message, at: dt.datetime) -> str:
    """What GET /v1/messages/{id} answers."""
    shown = {**presenting.of_row(message, at=at), "timeline": timelines.of(message)}
    return msgspec.json.format(msgspec.json.encode(shown), indent=2).decode()


def text_of(message: Message, *, at: dt.datetime) -> Text:
    """The text while it may be read. Past its time it is not shown even if the purge is late."""
    if message.redacted_at:
        return Text(state="removed", until=message.redacted_at)
    if message.body_until <= at:
        return _kept_longer(message, at)
    body = Body.objects.filter(expires_on=message.body_expires_at.date(), message_id=message.id).first()
    if body is None:
        return Text(state="code", until=message.body_until)
    try:
        words = unsealed("text", bytes(body.text_ct), message.workspace_id, message.id)
    except KeyDestroyed:
        return Text(state="removed", until=message.body_until)
    return Text(state="kept", words=words, until=message.body_until)


def _kept_longer(message: Message, at: dt.datetime) -> Text:
    """Past its time: shown while a debugging window of the workspace keeps it."""
    window = debugging.standing(workspace=message.workspace_id, at=at)
    texts = keeping.window_texts(workspace=message.workspace_id, messages=[message.id], at=at) if window else {}
    if window and (words := texts.get(message.id)):
        return Text(state="kept", words=words, until=window.ends_at)
    return Text(state="removed", until=message.body_until)


def _reference(message: Message) -> str:
    if message.reference_ct is None:
        return ""
    return unsealed("reference", bytes(message.reference_ct), message.workspace_id, message.id)
