"""Reading a page of messages: filters, cursors in both directions, and what each row shows."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from messaging import searching
from messaging.drafting import unsealed
from messaging.models import Message, Sender
from messaging.models.message import MessageQuerySet
from smsplatform.lib import ids, phone

PAGE_ROWS = 25


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
class Wanted:
    """What a person asks for; see ``searching.Filter``."""

    status: str | None = None
    category: str | None = None
    country: str | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    to: str | None = None
    reference: str | None = None
    sender: str | None = None
    batch: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """Where to start: before or after a message's public id, or at the newest."""

    before: str = ""
    after: str = ""

    @property
    def first(self) -> bool:
        """Whether this is the first page."""
        return not (self.before or self.after)


def page(*, workspace: UUID, livemode: bool, wanted: Wanted, cursor: Cursor, at: dt.datetime) -> Page:
    """One page of the messages that are ``wanted``. Raises ``ids.InvalidId`` for a cursor that is none."""
    found = searching.matching(wanted, workspace=workspace, livemode=livemode, at=at, to=wanted.to)
    messages, more = _slice(_within(found, wanted.since, wanted.until).with_state(), cursor)
    rows = shown(messages)
    has_newer = more if cursor.after else bool(cursor.before)
    has_older = True if cursor.after else more
    return Page(
        rows=rows,
        newer=rows[0].id if rows and has_newer else None,
        older=rows[-1].id if rows and has_older else None,
        mark=_mark(rows, at),
    )


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


def _within(query: MessageQuerySet, since: dt.date | None, until: dt.date | None) -> MessageQuerySet:
    """Messages of these days, both included; ids carry the time."""
    if since:
        query = query.filter(id__gte=ids.floor(_midnight(since)))
    return query.filter(id__lt=ids.floor(_midnight(until + dt.timedelta(days=1)))) if until else query


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
