"""Sending one text from a page, and saying beforehand what it will be and cost."""

import logging
from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import page
from accounts.roles import Scope
from messaging import sources, submission
from messaging.acceptance import REPLAY, Idempotency, Order, accept_now, replay_of
from messaging.drafting import PARTS_DEFAULT, Draft, SendRequest, Source, plan, seal
from messaging.forms.send import SendForm, plain_number
from privacy import keyring
from smsplatform.lib import clock, ids, phone, segments
from smsplatform.lib.api.codes import CODES
from smsplatform.lib.api.problems import FieldError, Problem

log = logging.getLogger(__name__)

_FIELDS = {"#/to": "to", "#/from": "sender", "#/body": "text", "#/category": "category"}
_FIELD_OF_REFUSAL = {"sender_not_approved": "sender", "suppressed_recipient": "to"}
_CAPACITY = {"gsm7": (160, 153), "ucs2": (70, 67)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What the form as filled in amounts to; empty fields where it cannot be told yet."""

    encoding: str
    units: int
    capacity: int
    parts: int
    offending: list[str]
    region: str
    unit_price: int | None
    price: int | None
    currency: str

    @property
    def too_long(self) -> bool:
        """Whether it would be refused for its length."""
        return self.parts > PARTS_DEFAULT


@page(permission=Scope.MESSAGES_SEND)
@require_http_methods(["GET", "POST"])
def send(request: HttpRequest) -> HttpResponse:
    """Show the form; send it and go to the message."""
    source = _source(request)
    if request.method == "GET":
        first = source.default_sender.address if source.default_sender else None
        form = SendForm(senders=_senders(source), initial={"token": uuid4(), "sender": first})
        return _form(request, form, source)
    form = SendForm(request.POST, senders=_senders(source))
    if form.is_valid():
        message = _accept(form, source)
        if message is not None:
            return redirect("message", ids.encode(ids.MESSAGE, message))
    return _form(request, form, source, status=422)


@page(permission=Scope.MESSAGES_SEND)
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """What the form amounts to: a part of the page for htmx, the page again without script."""
    source = _source(request)
    if request.htmx:  # type: ignore[attr-defined]  # django_htmx
        return render(request, "messaging/_preview.html", {"preview": _preview(request.POST.dict(), source)})
    form = SendForm(senders=_senders(source), initial=request.POST.dict())
    return _form(request, form, source, preview=_preview(request.POST.dict(), source))


def _form(
    request: HttpRequest, form: SendForm, source: Source, *, status: int = 200, preview: Preview | None = None
) -> HttpResponse:
    shown = preview or _preview({name: form[name].value() or "" for name in ("to", "text")}, source)
    return render(request, "messaging/send.html", {"form": form, "preview": shown}, status=status)


def _source(request: HttpRequest) -> Source:
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    person = request.user.pk
    assert person is not None
    return sources.for_user(place.id, person, livemode=request.livemode)  # type: ignore[attr-defined]  # accounts.access


def _senders(source: Source) -> list[str]:
    return sorted(address for address, sender in source.senders.items() if sender.approved)


def _accept(form: SendForm, source: Source) -> UUID | None:
    """Charge and store the message; its id, or None with the reasons on the form."""
    at = clock.now()
    fields = form.cleaned_data
    wanted = SendRequest(to=fields["to"], from_=fields["sender"], body=fields["text"], category=fields["category"])
    try:
        made = plan(wanted, source, at=at)
    except Problem as problem:
        _explain(form, problem.errors or [FieldError(pointer="", code=problem.code)])
        return None
    draft = seal(made, source, keyring.body_key(source.workspace_id, made.body_expires_at.date()))
    content = "\n".join((fields["to"], fields["sender"], fields["category"], fields["text"])).encode()
    # The content is part of the key: the same form with another text is another message, not a replay.
    once = Idempotency.of(path="/send", key=f"{fields['token']}{content.hex()}", body=content)
    outcome = accept_now(Order(source=source, drafts=[draft], idempotency=once, at=at))[0]
    return _outcome(form, source, draft, once, outcome)


def _outcome(form: SendForm, source: Source, draft: Draft, once: Idempotency, outcome: str) -> UUID | None:
    if outcome == "ok":
        transaction.on_commit(partial(submission.wake, draft.plan.carrier), robust=True)
        return draft.id
    if outcome == REPLAY and (before := replay_of(source, once)):
        return before.message_ids[0]
    form.add_error(_FIELD_OF_REFUSAL.get(outcome), _sentence(FieldError(pointer="", code=outcome)))
    return None


def _explain(form: SendForm, errors: "list[FieldError] | tuple[FieldError, ...]") -> None:
    for error in errors:
        form.add_error(_FIELDS.get(error.pointer), _sentence(error))


def _sentence(error: FieldError) -> str:
    info = CODES[error.code]
    return f"{_(info.title)}. {_(info.fix)}"


def _preview(values: dict[str, str], source: Source) -> Preview:
    number = _number(values.get("to", ""), sandbox=not source.livemode)
    split = _split(values.get("text", ""))
    quote = source.prices.quote(number.e164) if number else None
    single, joined = _CAPACITY[split.encoding] if split else (0, 0)
    parts = split.parts if split else 0
    return Preview(
        encoding=split.encoding if split else "",
        units=split.units if split else 0,
        capacity=single if parts <= 1 else joined * parts,
        parts=parts,
        offending=[character for character in split.offending if character.isprintable()][:12] if split else [],
        region=number.region if number else "",
        unit_price=quote.unit_micro if quote else None,
        price=quote.unit_micro * parts if quote and parts else None,
        currency=source.currency,
    )


def _number(text: str, *, sandbox: bool) -> phone.Number | None:
    try:
        return phone.parse(plain_number(text), sandbox=sandbox)
    except phone.InvalidNumber:
        return None


def _split(text: str) -> segments.Segmented | None:
    try:
        return segments.split(text) if text else None
    except segments.SegmentError:
        return None
