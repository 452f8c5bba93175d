"""Sending one text from a page, and saying beforehand what it will be and cost."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid4

from django.contrib import messages as notices
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import page
from accounts.roles import Scope
from messaging import sources, submission
from messaging.acceptance import REPLAY, Idempotency, Order, accept_now, replay_of
from messaging.drafting import PARTS_DEFAULT, Draft, SendRequest, Source, plan, seal
from messaging.forms.send import SendForm, plain_number
from messaging.models import Message, Sender
from messaging.sandbox.script import MAGIC_NUMBERS
from messaging.views import drawing, equivalent
from messaging.views.listing import number_of
from messaging.views.message import text_of
from privacy import keyring
from smsplatform.lib import clock, ids, lookups, phone, segments
from smsplatform.lib.api.codes import CODES
from smsplatform.lib.api.problems import FieldError, Problem

log = logging.getLogger(__name__)

_FIELDS = {
    "#/to": "to", "#/from": "sender", "#/body": "text", "#/category": "category", "#/send_at": "send_at",
    "#/ttl": "ttl", "#/reference": "reference",
}  # fmt: skip
_FIELD_OF_REFUSAL = {"sender_not_approved": "sender", "suppressed_recipient": "to"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What the form as filled in amounts to; empty fields where it cannot be told yet.

    ``swaps`` are characters with plain twins; ``plain_parts`` is what the text would need with all of them swapped.
    """

    encoding: str
    units: int
    capacity: int
    parts: int
    offending: list[str]
    segments: list[drawing.Segment]
    swaps: list[drawing.Swap]
    plain_parts: int
    swapped: bool
    region: str
    unit_price: int | None
    price: int | None
    currency: str
    curl: str

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
        like = _like(request, request.GET["like"]) if "like" in request.GET else {}
        form = SendForm(senders=_senders(source), initial={"sender": first, **like, "token": uuid4()})
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
    """What the form amounts to: a part of the page for htmx (``brief``: two lines), the page again without script."""
    source = _source(request)
    if request.htmx:  # type: ignore[attr-defined]  # django_htmx
        part = "messaging/_brief.html" if "brief" in request.GET else "messaging/_preview.html"
        return render(request, part, {"preview": _preview(request.POST.dict(), source)})
    form = SendForm(senders=_senders(source), initial=request.POST.dict())
    return _form(request, form, source, preview=_preview(request.POST.dict(), source))


def _form(
    request: HttpRequest, form: SendForm, source: Source, *, status: int = 200, preview: Preview | None = None
) -> HttpResponse:
    names = ("to", "text", "sender", "category", "smart", "reference")
    shown = preview or _preview({name: form[name].value() or "" for name in names}, source)
    numbers = [] if source.livemode else MAGIC_NUMBERS
    context = {"form": form, "preview": shown, "magic_numbers": numbers, "zone": timezone.get_current_timezone_name()}
    return render(request, "messaging/send.html", context, status=status)


def _like(request: HttpRequest, message_id: str) -> dict[str, str]:
    """What to fill in to send a message again: as much of it as is still kept. Raises Http404."""
    place, at = request.workspace, clock.now()  # type: ignore[attr-defined]  # set by accounts.middleware
    if not place.allows(Scope.MESSAGES_READ):
        raise Http404
    message = lookups.find(Message.objects.readable(at=at).filter(workspace_id=place.id), ids.MESSAGE, message_id)
    text, sender = text_of(message, at=at), Sender.objects.filter(pk=message.sender_id).first()
    if text.state != "kept":
        notices.info(request, _("The text is not kept any more: write it again."))
    kept = {"to": number_of(message), "sender": sender.address if sender else "", "text": text.words}
    return {**kept, "category": message.category}


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
    wanted = SendRequest(
        to=fields["to"], from_=fields["sender"], body=fields["text"], category=fields["category"],
        smart_encoding=fields["smart"], send_at=fields["send_at"], ttl=int(fields["ttl"]) if fields["ttl"] else None,
        reference=fields["reference"] or None,
    )  # fmt: skip
    try:
        made = plan(wanted, source, at=at)
    except Problem as problem:
        _explain(form, problem.errors or [FieldError(pointer="", code=problem.code)])
        return None
    draft = seal(made, source, keyring.body_key(source.workspace_id, made.body_expires_at.date()))
    content = "\n".join(str(fields[name]) for name in sorted(fields) if name != "token").encode()
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


def _preview(values: Mapping[str, str], source: Source) -> Preview:
    number = _number(values.get("to", ""), sandbox=not source.livemode)
    text = values.get("text", "")
    split = _split(text, smart=bool(values.get("smart")))
    twin = _split(text, smart=True)
    quote = source.prices.quote(number.e164) if number else None
    parts = split.parts if split else 0
    return Preview(
        encoding=split.encoding if split else "",
        units=split.units if split else 0,
        capacity=drawing.capacity_of(split.encoding, parts) if split else 0,
        parts=parts,
        offending=[character for character in split.offending if character.isprintable()][:12] if split else [],
        segments=drawing.segments_of(split.text, split.encoding) if split else [],
        swaps=drawing.swaps(split.offending) if split and twin and twin.encoding != split.encoding else [],
        plain_parts=twin.parts if twin else 0,
        swapped=split is not None and split.text != text,
        region=number.region if number else "",
        unit_price=quote.unit_micro if quote else None,
        price=quote.unit_micro * parts if quote and parts else None,
        currency=source.currency,
        curl=_curl(values, source),
    )


def _curl(values: Mapping[str, str], source: Source) -> str:
    body = {
        "to": plain_number(values.get("to", "")) or "+49…",
        "from": values.get("sender", ""),
        "body": values.get("text", "") or "…",
        "category": values.get("category", ""),
        "smart_encoding": bool(values.get("smart")),
        "reference": values.get("reference", ""),
    }
    return equivalent.curl("/v1/messages", livemode=source.livemode, body=body)


def _number(text: str, *, sandbox: bool) -> phone.Number | None:
    try:
        return phone.parse(plain_number(text), sandbox=sandbox)
    except phone.InvalidNumber:
        return None


def _split(text: str, *, smart: bool) -> segments.Segmented | None:
    try:
        return segments.split(text, smart=smart) if text else None
    except segments.SegmentError:
        return None
