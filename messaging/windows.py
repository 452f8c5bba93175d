"""Reading a list of messages so that a page costs the same on a million messages as on ten thousand.

Number, reference, mode and time are in indexes. The other filters are applied to a bounded number of messages at a
time, and a rare combination is searched on by the cursor. Indexes on status would have to be written twice for every
message.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from messaging import searching
from messaging.models.message import MessageQuerySet
from smsplatform.lib import clock, ids


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

    @property
    def by_index(self) -> bool:
        """Whether indexes answer all of it."""
        return not (self.status or self.category or self.country or self.sender or self.batch)


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """The messages that are read at most. ``edge`` is the last of them when there are more."""

    rows: MessageQuerySet
    edge: UUID | None


def indexed(wanted: Wanted, *, workspace: UUID, livemode: bool, at: dt.datetime) -> MessageQuerySet:
    """As much of what is wanted as indexes answer. Raises ``Problem``."""
    rows = searching.indexed(workspace=workspace, livemode=livemode, at=at, to=wanted.to, reference=wanted.reference)
    return _within(rows, wanted.since, wanted.until)


def opened(rows: MessageQuerySet, wanted: Wanted, *, workspace: UUID, read_max: int, upwards: bool = False) -> Window:
    """At most ``read_max`` of ``rows``, from the newest or upwards from the oldest, and of these what is wanted."""
    edge = _edge(rows, read_max, upwards=upwards)
    if edge is not None:
        rows = rows.filter(**{"id__lte" if upwards else "id__gte": edge})
    return Window(rows=searching.narrowed(rows, wanted, workspace=workspace), edge=edge)


def _within(query: MessageQuerySet, since: dt.date | None, until: dt.date | None) -> MessageQuerySet:
    """Messages of these days, both included; ids carry the time."""
    if since:
        query = query.filter(id__gte=ids.floor(clock.midnight(since)))
    return query.filter(id__lt=ids.floor(clock.midnight(until + dt.timedelta(days=1)))) if until else query


def _edge(query: MessageQuerySet, read_max: int, *, upwards: bool) -> UUID | None:
    """The last message that may be read, found in the index alone; None when there are no more than that."""
    found = query.order_by("id" if upwards else "-id").values_list("id", flat=True)[read_max - 1 : read_max + 1]
    return found[0] if len(found) > 1 else None
