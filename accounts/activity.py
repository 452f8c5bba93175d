"""Who did what in a workspace: the audit log, read in pages and put into words.

Rows hold ids and short codes. People are named by what their account says today; a person whose account is gone, and
staff at any time, are shown by a pseudonym: the same one in every row of this workspace and in no other.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import ApiKey, User
from accounts.roles import Role
from accounts.sentences import SENTENCES
from privacy import ciphers, keyring, profiles
from privacy.models import AuditEvent
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope

EVENT = "evt"
PAGE_ROWS = 50
EXPORT_ROWS = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a person asks for; empty narrows nothing. Days are those of the time zone in force, both included."""

    actor: UUID | None = None
    group: str = ""
    since: dt.date | None = None
    until: dt.date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One event in words. ``actor`` is empty for the platform itself; ``person`` is whom it was done to, if anybody."""

    id: str
    at: dt.datetime
    actor: str
    action: str
    sentence: str | Promise
    subject: str
    person: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Entries, newest first, and the cursor that leads to older ones."""

    entries: list[Entry]
    older: str


def page(*, workspace: UUID, wanted: Wanted, before: str) -> Page:
    """One page in the open scope. Raises ``ids.InvalidId`` for a cursor that is none."""
    rows = list(matching(workspace, wanted, ids.decode(EVENT, before) if before else None)[: PAGE_ROWS + 1])
    entries = shown(rows[:PAGE_ROWS])
    return Page(entries=entries, older=entries[-1].id if len(rows) > PAGE_ROWS else "")


def everything(*, workspace: UUID, wanted: Wanted) -> Iterator[Entry]:
    """All of it, oldest pages last, each read in a scope of its own: a download outlives its request."""
    last: UUID | None = None
    while True:
        with scope.workspace(workspace):
            rows = list(matching(workspace, wanted, last)[:EXPORT_ROWS])
            entries = shown(rows)
        yield from entries
        if len(rows) < EXPORT_ROWS:
            return
        last = rows[-1].pk


def shown(rows: Iterable[AuditEvent]) -> list[Entry]:
    """Events in words, in the open scope; two more queries, however many there are."""
    rows = list(rows)
    people = {person for row in rows for person in (row.actor_id, _person_of(row)) if person}
    names = named(people, rows[0].workspace_id if rows else None)
    return [_entry(row, names) for row in rows]


def actors(workspace: UUID) -> list[tuple[UUID, str]]:
    """The people who are in the workspace now, by name, for the filter."""
    users = User.objects.filter(memberships__workspace_id=workspace).order_by("pk")
    return sorted(((user.pk, user.name or user.email) for user in users), key=lambda pair: pair[1].casefold())


def subject_of(details: Mapping[str, str]) -> str:
    """What an event was about, as an id that can be looked for; empty when it says none."""
    for name, prefix in _SUBJECTS.items():
        if value := details.get(name):
            return _public(prefix, value)
    return ""


_SUBJECTS = {
    "message": ids.MESSAGE, "key": ids.KEY, "endpoint": ids.WEBHOOK, "delivery": ids.DELIVERY, "sender": ids.SENDER,
    "template": ids.TEMPLATE, "suppression": "sup", "export": "exp", "invitation": "inv", "request": "jnr",
    "user": ids.USER, "ticket": "",
}  # fmt: skip


def _public(prefix: str, value: str) -> str:
    try:
        return ids.encode(prefix, UUID(value))
    except ValueError:
        return value


def matching(workspace: UUID, wanted: Wanted, before: UUID | None) -> "QuerySet[AuditEvent]":
    """Events within retention, newest first, even when the purge is late."""
    oldest = ids.floor(clock.now() - profiles.duration("retention.audit"))
    rows = AuditEvent.objects.filter(workspace_id=workspace, id__gte=oldest).told(clock.now()).order_by("-id")
    if wanted.actor:
        rows = rows.filter(actor_id=wanted.actor)
    if wanted.group:
        rows = rows.filter(action__regex=f"^[a-z]+:{wanted.group}:")
    if wanted.since:
        rows = rows.filter(id__gte=ids.floor(clock.midnight(wanted.since)))
    if wanted.until:
        rows = rows.filter(id__lt=ids.floor(clock.midnight(wanted.until + dt.timedelta(days=1))))
    return rows.filter(id__lt=before) if before else rows


def named(actor_ids: set[UUID], workspace: UUID | None) -> dict[UUID, str]:
    """What these people are called in the pages of a workspace; two queries."""
    if workspace is None:
        return {}
    users = User.objects.in_bulk(actor_ids)
    keys = ApiKey.objects.filter(pk__in=actor_ids - users.keys()).only("name")
    named = {user.pk: user.name or user.email for user in users.values() if not user.is_staff}
    named |= {key.pk: _("API key %(name)s") % {"name": key.name} for key in keys}
    staff = {user.pk for user in users.values() if user.is_staff}
    for actor in actor_ids - named.keys():
        word = _("Staff %(code)s") if actor in staff else _("Former member %(code)s")
        named[actor] = word % {"code": _pseudonym(workspace, actor)}
    return named


def _pseudonym(workspace: UUID, actor: UUID) -> str:
    """Six letters and digits that stand for somebody in this workspace only."""
    key = keyring.key(workspace, keyring.Purpose.INDEX)
    return ciphers.blind_index(key, "accounts.activity.actor", str(actor)).hex()[:6].upper()


def _entry(row: AuditEvent, names: Mapping[UUID, str]) -> Entry:
    person = _person_of(row)
    return Entry(
        id=ids.encode(EVENT, row.pk),
        at=row.at,
        actor=names[row.actor_id] if row.actor_id else "",
        action=row.action,
        sentence=SENTENCES.get(row.action.partition(":")[2], row.action),
        subject=subject_of(row.details),
        person=names[person] + _roles(row.details) if person and person != row.actor_id else "",
    )


def _person_of(row: AuditEvent) -> UUID | None:
    """Whom an event is about."""
    try:
        return UUID(row.details["user"])
    except (KeyError, ValueError):
        return None


def _roles(details: Mapping[str, str]) -> str:
    """The roles an event leads from and to, in words; empty when it is about none."""
    words = dict(Role.choices)
    told = [str(words[details[name]]) for name in ("from", "to") if details.get(name) in words]
    return f" ({' → '.join(told)})" if told else ""
