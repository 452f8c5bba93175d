"""The audit log as an auditor reads it: over all workspaces, by the role that may read it and nothing else.

Rows hold ids and codes. Staff are shown by name, everybody else by the end of their id: an auditor oversees staff.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import connections
from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.sentences import SENTENCES
from privacy.audit import PLATFORM
from privacy.models import AuditEvent
from smsplatform.lib import ids

AUDIT = "audit"  # the database alias: sp_audit, in sessions that only read
EVENT = "evt"
LOOKED = "staff:data:viewed"  # what accounts.looks writes down
PAGE_ROWS = 50
EXPORT_ROWS = 500
FIGURES_DAYS = 30
SHORT = 30  # shorter than a UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What an auditor asks for; empty narrows nothing. ``since`` and ``until`` are days in UTC, both included."""

    workspace: UUID | None = None
    actor: UUID | None = None
    action: str = ""  # the beginning of one
    category: str = ""
    level: str = ""
    since: dt.date | None = None
    until: dt.date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One event with the names of staff."""

    event: AuditEvent
    actor: str

    @property
    def id(self) -> str:
        return ids.encode(EVENT, self.event.pk)

    @property
    def workspace(self) -> str:
        """Its public id; empty for what happened in none."""
        return "" if self.event.workspace_id == PLATFORM else ids.encode(ids.WORKSPACE, self.event.workspace_id)

    @property
    def sentence(self) -> object:
        """The action in words, or its code."""
        return SENTENCES.get(self.event.action.partition(":")[2], self.event.action)

    @property
    def told(self) -> list[tuple[str, str]]:
        """What of the details a list shows: codes and counts; ids are on the event's own page."""
        return [(name, value) for name, value in self.details if len(value) <= SHORT]

    @property
    def details(self) -> list[tuple[str, str]]:
        """Names and values, by name."""
        return sorted(self.event.details.items())


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Entries, newest first, and the cursor that leads to older ones."""

    entries: list[Entry]
    older: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Looks:
    """How often one staff member looked on one day, for one reason, at one level."""

    day: dt.date
    category: str
    level: str
    actor: UUID
    count: int


def page(wanted: Wanted, *, before: str) -> Page:
    """One page. Raises ``ids.InvalidId`` for a cursor that is none. Two queries."""
    rows = list(_matching(wanted, ids.decode(EVENT, before) if before else None)[: PAGE_ROWS + 1])
    entries = named(rows[:PAGE_ROWS])
    return Page(entries=entries, older=entries[-1].id if len(rows) > PAGE_ROWS else "")


def everything(wanted: Wanted) -> Iterator[Entry]:
    """All of it, newest first, page by page."""
    last: UUID | None = None
    while True:
        rows = list(_matching(wanted, last)[:EXPORT_ROWS])
        yield from named(rows)
        if len(rows) < EXPORT_ROWS:
            return
        last = rows[-1].pk


def get(event_id: UUID) -> Entry | None:
    """One event."""
    found = AuditEvent.objects.using(AUDIT).filter(pk=event_id).first()
    return named([found])[0] if found else None


def named(rows: Iterable[AuditEvent]) -> list[Entry]:
    """Events with the names of the staff in them; one more query."""
    rows = list(rows)
    names = staff_names({row.actor_id for row in rows if row.actor_id})
    return [Entry(event=row, actor=name_of(row.actor_id, names)) for row in rows]


def staff_names(people: set[UUID]) -> dict[UUID, str]:
    """Of those who work here."""
    staff = User.objects.filter(pk__in=people).exclude(staff_role="")
    return {user.pk: user.name or user.email for user in staff}


def name_of(actor: UUID | None, names: Mapping[UUID, str]) -> str:
    """A name, or the end of an id; empty for the platform itself."""
    if actor is None:
        return ""
    return names.get(actor) or f"…{actor.hex[-6:]}"


def looks(*, at: dt.datetime) -> list[Looks]:
    """How staff looked at customers' data in the last 30 days; one query."""
    with connections[AUDIT].cursor() as cursor:
        cursor.execute(
            "SELECT (at AT TIME ZONE 'UTC')::date AS day, coalesce(details->>'category', ''), "
            "coalesce(details->>'level', ''), actor_id, count(*) FROM privacy_audit_event "
            "WHERE id >= %s AND action = %s AND actor_id IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY 1",
            [ids.floor(at - dt.timedelta(days=FIGURES_DAYS)), LOOKED],
        )
        return [
            Looks(day=day, category=category, level=level, actor=actor, count=count)
            for day, category, level, actor, count in cursor.fetchall()
        ]


def _matching(wanted: Wanted, before: UUID | None) -> "QuerySet[AuditEvent]":
    where = Q()
    if wanted.workspace is not None:
        where &= Q(workspace_id=wanted.workspace)
    if wanted.actor:
        where &= Q(actor_id=wanted.actor)
    if wanted.action:
        where &= Q(action__startswith=wanted.action)
    for name in ("category", "level"):
        if chosen := getattr(wanted, name):
            where &= Q(**{f"details__{name}": chosen})
    if wanted.since:
        where &= Q(id__gte=ids.floor(_midnight(wanted.since)))
    if wanted.until:
        where &= Q(id__lt=ids.floor(_midnight(wanted.until + dt.timedelta(days=1))))
    if before:
        where &= Q(id__lt=before)
    return AuditEvent.objects.using(AUDIT).filter(where).order_by("-id")


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)
