"""Reading a page of messages: cursors in both directions, and what each row shows."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from messaging import presenting, windows
from messaging.models import Message, Sender
from messaging.models.message import MessageQuerySet, Status
from messaging.windows import Wanted, Window
from smsplatform.lib import clock, ids, phone

PAGE_ROWS = 25
SCANNED_MAX = 20_000
COUNTED_MAX = 10_000


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
    latency: dt.timedelta | None  # from when it was due until the phone had it


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Rows, newest first, with the cursors that lead on; ``mark`` changes when what is shown changes.

    ``searched_to`` is set when the page ends because enough was read, not because there is no more. ``counted``
    is there on the first page.
    """

    rows: list[Row]
    newer: str | None
    older: str | None
    mark: str
    searched_to: dt.datetime | None
    counted: MessageQuerySet | None

    @property
    def count(self) -> int | None:
        """How many messages there are, up to one more than ``COUNTED_MAX``. A query: ask once."""
        return None if self.counted is None else self.counted.order_by()[: COUNTED_MAX + 1].count()


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
    seen = window(workspace=workspace, livemode=livemode, wanted=wanted, cursor=cursor, at=at)
    found = list(seen.rows.with_state().order_by("id" if cursor.after else "-id")[: PAGE_ROWS + 1])
    full = len(found) > PAGE_ROWS
    rows = shown(found[:PAGE_ROWS][::-1] if cursor.after else found[:PAGE_ROWS])
    ends = (rows[0].id, rows[-1].id) if rows else (None, None)
    edge = ids.encode(ids.MESSAGE, seen.edge) if seen.edge else None
    onward = (ends[0] if cursor.after else ends[1]) if full else edge
    back = (ends[1] or cursor.after) if cursor.after else (ends[0] or cursor.before) if cursor.before else None
    return Page(
        rows=rows,
        newer=onward if cursor.after else back,
        older=back if cursor.after else onward,
        mark=_mark(rows, at),
        searched_to=ids.time_of(seen.edge) if seen.edge and not full else None,
        counted=seen.rows if cursor.first else None,
    )


def window(*, workspace: UUID, livemode: bool, wanted: Wanted, cursor: Cursor, at: dt.datetime) -> Window:
    """What to read for a page. Raises ``ids.InvalidId``."""
    rows = _from(windows.indexed(wanted, workspace=workspace, livemode=livemode, at=at), cursor)
    if wanted.by_index:
        return Window(rows=rows, edge=None)
    return windows.opened(rows, wanted, workspace=workspace, read_max=SCANNED_MAX, upwards=bool(cursor.after))


def shown(messages: Iterable[Message]) -> list[Row]:
    """The rows of these messages; one query for all senders."""
    messages = list(messages)
    senders = Sender.objects.in_bulk({message.sender_id for message in messages})
    return [_row(message, senders) for message in messages]


def number_of(message: Message) -> str:
    """The number in full; empty when it was removed."""
    return presenting.number_of(message, at=clock.now()) or ""


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
        latency=latency(message),
    )


def latency(message: Message) -> dt.timedelta | None:
    """How long a delivered message took from the moment it was due; None for every other."""
    if message.status != Status.DELIVERED or message.final_at is None:
        return None
    return max(message.final_at - (message.send_at or message.created_at), dt.timedelta())


def _from(query: MessageQuerySet, cursor: Cursor) -> MessageQuerySet:
    """Messages beyond the cursor."""
    if cursor.after:
        return query.filter(id__gt=ids.decode(ids.MESSAGE, cursor.after))
    return query.filter(id__lt=ids.decode(ids.MESSAGE, cursor.before)) if cursor.before else query


def _mark(rows: list[Row], at: dt.datetime) -> str:
    """Changes with any row or state, and every minute because of the relative times."""
    text = f"{at:%H%M}" + "".join(f"{row.id}{row.state}{row.refunded}{row.number}" for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
