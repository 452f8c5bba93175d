"""Reading a page of messages: filters, cursors in both directions, and what each row shows."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from messaging.drafting import LABELS, number_index, unsealed
from messaging.models import Message, Outbox, Sender
from messaging.models.message import MessageQuerySet, Status
from privacy import ciphers, keyring
from smsplatform.lib import ids, phone

PAGE_ROWS = 25
_WAITING = {
    Status.QUEUED: Outbox.State.QUEUED,
    Status.SUBMITTING: Outbox.State.LEASED,
    Status.SUBMITTED: Outbox.State.SUBMITTED,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One message in a list. ``number`` is masked already; empty when it was removed."""

    id: str
    number: str
    sender: str
    category: str
    country: str
    parts: int
    price: int
    currency: str
    refunded: bool
    state: str
    created_at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Rows, newest first, with the cursors that lead on; ``mark`` changes when what is shown changes."""

    rows: list[Row]
    newer: str | None
    older: str | None
    mark: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """Where to start: before or after a message's public id, or at the newest."""

    before: str = ""
    after: str = ""

    @property
    def first(self) -> bool:
        """Whether this is the first page."""
        return not (self.before or self.after)


def page(
    *, workspace: UUID, livemode: bool, chosen: Mapping[str, Any], found: Mapping[str, bytes], cursor: Cursor,
    at: dt.datetime,
) -> Page:  # fmt: skip
    """One page of what ``chosen`` (filters) and ``found`` (a blind index) leave. Raises ``ids.InvalidId``."""
    query = _narrowed(workspace, livemode, chosen, at).filter(**found)
    messages, more = _slice(query.with_state(), cursor)
    rows = shown(messages)
    has_newer = more if cursor.after else bool(cursor.before)
    has_older = True if cursor.after else more
    return Page(
        rows=rows,
        newer=rows[0].id if rows and has_newer else None,
        older=rows[-1].id if rows and has_older else None,
        mark=_mark(rows, at),
    )


def indexed(query: str, number: str, *, workspace: UUID, sandbox: bool) -> tuple[str, dict[str, bytes]]:
    """What a person looks for, as ``number`` or ``reference`` and the blind index that finds it.

    ``number`` is how ``query`` reads as a phone number, if it is one.
    """
    index = keyring.key(workspace, keyring.Purpose.INDEX)
    try:
        found = phone.parse(number, sandbox=sandbox)
    except phone.InvalidNumber:
        return "reference", {"reference_idx": ciphers.blind_index(index, LABELS["reference"], query)}
    return "number", {"to_idx": number_index(index, found.e164)}


def shown(messages: Iterable[Message]) -> list[Row]:
    """The rows of these messages; one query for all senders."""
    messages = list(messages)
    senders = Sender.objects.in_bulk({message.sender_id for message in messages})
    return [_row(message, senders) for message in messages]


def number_of(message: Message) -> str:
    """The number in full; empty when it was removed."""
    if message.to_ct is None:
        return ""
    return unsealed("to", bytes(message.to_ct), message.workspace_id, message.id)


def _row(message: Message, senders: Mapping[UUID, Sender]) -> Row:
    number = number_of(message)
    sender = senders.get(message.from_used_id or message.sender_id) or senders.get(message.sender_id)
    return Row(
        id=ids.encode(ids.MESSAGE, message.id),
        number=phone.mask(number) if number else "",
        sender=sender.address if sender else "",
        category=message.category,
        country=message.country,
        parts=message.parts,
        price=message.price,
        currency=message.currency,
        refunded=message.refunded,
        state=message.state,  # type: ignore[attr-defined]  # annotated by with_state()
        created_at=message.created_at,
    )


def _narrowed(workspace: UUID, livemode: bool, chosen: Mapping[str, Any], at: dt.datetime) -> MessageQuerySet:
    query = Message.objects.readable(at=at).filter(workspace_id=workspace, livemode=livemode)
    if status := chosen.get("status"):
        query = query.filter(status=Status.QUEUED if status in _WAITING else status)
        if status in _WAITING:
            query = query.filter(id__in=Outbox.objects.filter(state=_WAITING[status]).values("message_id"))
    for name in ("category", "country"):
        if name in chosen:
            query = query.filter(**{name: chosen[name]})
    if since := chosen.get("since"):
        query = query.filter(id__gte=ids.floor(_midnight(since)))
    if until := chosen.get("until"):
        query = query.filter(id__lt=ids.floor(_midnight(until + dt.timedelta(days=1))))
    return query


def _slice(query: MessageQuerySet, cursor: Cursor) -> tuple[list[Message], bool]:
    """The messages of a page and whether more follow in the direction of reading."""
    if cursor.after:
        rows = list(query.filter(id__gt=ids.decode(ids.MESSAGE, cursor.after)).order_by("id")[: PAGE_ROWS + 1])
        return rows[:PAGE_ROWS][::-1], len(rows) > PAGE_ROWS
    if cursor.before:
        query = query.filter(id__lt=ids.decode(ids.MESSAGE, cursor.before))
    rows = list(query.order_by("-id")[: PAGE_ROWS + 1])
    return rows[:PAGE_ROWS], len(rows) > PAGE_ROWS


def _mark(rows: list[Row], at: dt.datetime) -> str:
    """Changes with any row or state, and every minute because of the relative times."""
    text = f"{at:%H%M}" + "".join(f"{row.id}{row.state}{row.refunded}{row.number}" for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)
