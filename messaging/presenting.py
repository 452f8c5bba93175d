"""A message as JSON: of a draft that was just accepted, and of rows read again later.

Values are plain and ready for ``msgspec.json.encode``; datetimes stay datetimes, which it writes as RFC 3339. The text
is shown until its time is over, whether or not the purge has been. A one-time code is shown only to who sends it.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from django.utils import translation

from messaging import keeping, outcomes
from messaging.drafting import Draft, Source, make_code, unsealed
from messaging.models import Body, Message, Sender, Template
from messaging.models.message import FINAL
from privacy import ciphers, keyring, profiles
from smsplatform.lib import ids
from smsplatform.lib.api.codes import CODES
from smsplatform.lib.api.problems import Problem

Data = dict[str, Any]
UNREADABLE = (keyring.KeyDestroyed, ciphers.CipherError)


def of_draft(draft: Draft, source: Source, *, at: dt.datetime) -> Data:
    """The answer to whoever sent this message just now."""
    plan = draft.plan
    request, sender, code = plan.request, plan.sender.address, draft.code
    data = {
        "id": ids.encode("msg", draft.id),
        "object": "message",
        "status": "scheduled" if plan.send_at else "queued",
        "to": plan.number.e164,
        "from": sender,
        "from_used": sender,
        "route_class": "carrier" if source.livemode else "simulated",
        "encoding": plan.segmented.encoding,
        "parts": plan.segmented.parts,
        "price": price_document(plan.price, plan.quote.currency, 0, final=False),
        "body": plan.text if code is None else None,
        "redact_at": plan.body_expires_at,
        "redacted_at": None,
        "created_at": ids.time_of(draft.id),
        "send_at": plan.send_at,
        "expires_at": plan.expires_at,
        "error": None,
        "reference": request.reference,
        "livemode": source.livemode,
        "metadata": request.metadata,
        "category": request.category,
        "country": plan.number.region,
        "batch_id": None if draft.batch_id is None else ids.encode("bat", draft.batch_id),
    }
    if code is not None:
        data["code"] = code
    return data


def of_batch(
    batch_id: UUID, results: Sequence[Draft | Problem], outcomes: Sequence[str], source: Source, *, at: dt.datetime
) -> Data:
    """The answer to a batch: one entry per message, in order. ``outcomes`` has one word per draft among ``results``."""
    words = iter(outcomes)
    entries = [
        _refusal(result) if isinstance(result, Problem) else _accepted_or_not(result, next(words), source, at)
        for result in results
    ]
    return _batch(ids.encode("bat", batch_id), entries)


def batch_again(
    message_ids: Sequence[UUID | None],
    outcomes: Sequence[str],
    shown: Mapping[UUID, Data],
    results: Sequence[Draft | Problem],
) -> Data:
    """The answer to a batch sent again with its idempotency key: what became of the messages it made.

    ``results`` are those of this time: what cannot be drafted keeps its place among the others. When time has changed
    how many can be drafted, places are lost, and what was stored is told without the rest.
    """
    entries = [
        shown.get(message_id, _refusal(Problem("not_found"))) if message_id else _refusal(Problem(outcome))
        for message_id, outcome in zip(message_ids, outcomes, strict=True)
    ]
    if sum(isinstance(result, Draft) for result in results) == len(entries):
        stored = iter(entries)
        entries = [_refusal(result) if isinstance(result, Problem) else next(stored) for result in results]
    batch_id = next((entry["batch_id"] for entry in entries if entry.get("batch_id")), None)
    return _batch(batch_id, entries)


def _accepted_or_not(draft: Draft, outcome: str, source: Source, at: dt.datetime) -> Data:
    return of_draft(draft, source, at=at) if outcome == "ok" else _refusal(Problem(outcome))


def _batch(batch_id: str | None, entries: list[Data]) -> Data:
    accepted = sum(entry["object"] == "message" for entry in entries)
    return {
        "id": batch_id,
        "object": "batch",
        "accepted": accepted,
        "refused": len(entries) - accepted,
        "results": entries,
    }


def _refusal(problem: Problem) -> Data:
    return {
        "object": "refusal",
        "status": problem.status,
        "code": problem.code,
        "title": problem.title,
        "detail": problem.detail,
        "errors": [error.to_body() for error in problem.errors],
    }


# Rows


def of_row(message: Message, *, at: dt.datetime) -> Data:
    """One message read with ``with_state()``, inside its workspace's scope."""
    return of_rows([message], at=at)[0]


def of_rows(messages: Sequence[Message], *, at: dt.datetime, codes: bool = False) -> list[Data]:
    """Messages read with ``with_state()``; two queries for all of them, a third for one-time codes."""
    senders = _senders(messages)
    bodies = texts(messages, at=at)
    digits = _code_digits(messages) if codes else {}
    shown = []
    for message in messages:
        data = _row(message, senders, bodies.get(message.id), at)
        if (length := digits.get(message.template_id)) and (code := _code(message, length, at)):
            data["code"] = code
        shown.append(data)
    return shown


def _row(message: Message, senders: Mapping[UUID, str], text: str | None, at: dt.datetime) -> Data:
    metadata = field(message, "metadata", message.metadata_ct)
    sender = senders.get(message.sender_id)
    return {
        "id": ids.encode("msg", message.id),
        "object": "message",
        "status": message.state,  # type: ignore[attr-defined]  # annotated by with_state()
        "to": number_of(message, at=at),
        "from": sender,
        "from_used": senders.get(message.from_used_id) if message.from_used_id else sender,
        "route_class": "carrier" if message.livemode else "simulated",
        "encoding": message.encoding,
        "parts": message.parts,
        "price": price_of(message),
        "body": text,
        "redact_at": message.body_until,
        "redacted_at": message.redacted_at,
        "created_at": message.created_at,
        "send_at": message.send_at,
        "expires_at": message.expires_at,
        "error": error_of(message.error),
        "reference": field(message, "reference", message.reference_ct),
        "livemode": message.livemode,
        "metadata": msgspec.json.decode(metadata) if metadata else None,
        "category": message.category,
        "country": message.country,
        "batch_id": ids.encode("bat", message.batch_id) if message.batch_id else None,
    }


def number_of(message: Message, *, at: dt.datetime) -> str | None:
    """The number in full; None when it was removed, or ended with the text as some policies say."""
    if message.body_until <= at and profiles.value("redact.recipient_with_body"):
        return None
    return field(message, "to", message.to_ct)


def field(message: Message, name: str, value: bytes | memoryview | None) -> str | None:
    """A field in plain; None when it was removed or its key is gone."""
    if value is None:
        return None
    try:
        return unsealed(name, bytes(value), message.workspace_id, message.id)
    except UNREADABLE:
        return None


def price_of(message: Message) -> Data:
    """What the message costs, whether that is settled, and how much of it was given back."""
    return price_document(message.price, message.currency, message.given_back, final=message.status in FINAL)


def price_document(price: int, currency: str, given_back: int, *, final: bool) -> Data:
    """The same of plain figures, in micro-units."""
    state = "released" if given_back and given_back == price else "charged" if final else "held"
    return {"amount": amount(price), "currency": currency, "state": state, "returned": amount(given_back)}


def error_of(code: str | None) -> Data | None:
    """Why a message failed, in English."""
    if code is None:
        return None
    told, info = outcomes.meaning(code), CODES.get(code)
    with translation.override("en"):
        return {"code": code, "detail": f"{told.title}. {told.advice}" if told else info.cause if info else None}


@lru_cache(maxsize=4096)
def amount(micro: int) -> str:
    """Micro-units as a decimal: two places, or as many as it takes (``0.071``)."""
    whole, fraction = divmod(abs(micro), 1_000_000)
    places = f"{fraction:06}".rstrip("0").ljust(2, "0")
    return f"{'-' if micro < 0 else ''}{whole}.{places}"


def _senders(messages: Sequence[Message]) -> dict[UUID, str]:
    wanted = {message.sender_id for message in messages} | {m.from_used_id for m in messages if m.from_used_id}
    return {sender.id: sender.address for sender in Sender.objects.filter(id__in=wanted)} if wanted else {}


def texts(messages: Sequence[Message], *, at: dt.datetime) -> dict[UUID, str]:
    """Texts that may be read at ``at``, by message; two queries."""
    return _texts(messages, at) | _kept_longer(messages, at)


def _texts(messages: Sequence[Message], at: dt.datetime) -> dict[UUID, str]:
    """Texts that may still be read."""
    kept = {m.id: m for m in messages if m.body_until > at and m.redacted_at is None}
    if not kept:
        return {}
    days = {message.body_expires_at.astimezone(dt.UTC).date() for message in kept.values()}
    bodies = Body.objects.filter(expires_on__in=days, message_id__in=list(kept))
    return dict(_opened(kept, bodies.values_list("message_id", "text_ct")))


def _kept_longer(messages: Sequence[Message], at: dt.datetime) -> dict[UUID, str]:
    """Texts past their time that a debugging window of the workspace still keeps."""
    oldest = at - profiles.duration("retention.body_extended")
    over = [m for m in messages if m.body_until <= at and m.redacted_at is None and m.created_at >= oldest]
    return keeping.window_texts(workspace=over[0].workspace_id, messages=[m.id for m in over], at=at) if over else {}


def _opened(kept: Mapping[UUID, Message], rows: Any) -> Iterator[tuple[UUID, str]]:
    for message_id, value in rows:
        text = field(kept[message_id], "text", value)
        if text is not None:
            yield message_id, text


def _code_digits(messages: Sequence[Message]) -> dict[UUID | None, int]:
    wanted = {message.template_id for message in messages if message.template_id}
    if not wanted:
        return {}
    return dict(Template.objects.filter(id__in=wanted, code_digits__gt=0).values_list("id", "code_digits"))


def _code(message: Message, digits: int, at: dt.datetime) -> str | None:
    if message.body_until <= at or message.redacted_at is not None:
        return None
    try:
        key = keyring.body_key(message.workspace_id, message.body_expires_at.astimezone(dt.UTC).date())
    except UNREADABLE:
        return None
    return make_code(key, message.id, digits)
