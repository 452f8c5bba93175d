"""What stands out in how staff looked at customers' data: rules over the audit log and the grants.

A flag accuses nobody. It asks an auditor to look, and to sign off what they found (``privacy.models.AuditReview``).
Each has a key that stays the same as long as it is about the same thing, so that a review is not asked for twice.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from django.db import connections, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import oversight
from accounts.models import User
from accounts.models.grant import REVIEW_WITHIN
from accounts.office import hours
from privacy import audit
from privacy.models import AuditReview
from smsplatform.lib import ids

LOOKED_BACK = dt.timedelta(days=30)
WORKSPACES_MAX = 8  # in an hour
REASONS_MAX = 3  # grants with the same text
CLOSED_SLACK = dt.timedelta(minutes=5)
LOOKS_MIN, UNMASKED_MAX = 10, 0.5

KINDS: dict[str, tuple[str | Promise, str | Promise]] = {
    "many_workspaces": (
        _("Many workspaces in an hour"),
        _("Looked into more workspaces within an hour than support work needs."),
    ),
    "content_first": (
        _("Content without identifiers first"),
        _("Opened content under a grant without having looked at who it is about."),
    ),
    "outside_hours": (_("Outside office hours"), _("Looked outside the hours and days on which staff work.")),
    "ticket_elsewhere": (
        _("One ticket for several workspaces"),
        _("The same ticket was the reason for grants in different workspaces."),
    ),
    "closed_ticket": (
        _("Closed ticket"),
        _("Looked under a grant whose support case had been resolved before."),
    ),
    "repeated_text": (_("Repeated reason"), _("The same words were the reason for several grants.")),
    "mostly_unmasked": (
        _("Mostly unmasked"),
        _("More than half of the looks showed identifiers or content."),
    ),
    "break_glass": (_("Break-glass without review"), _("Opened in an emergency; a second person has to look into it.")),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Flag:
    """One thing that stands out. ``count`` is how many looks, workspaces or grants, as the kind says."""

    kind: str
    actor: UUID
    subject: str  # codes and ids: what of this actor
    at: dt.datetime
    count: int
    overdue: bool = False

    @property
    def key(self) -> str:
        """What reviews know it by."""
        return f"{self.kind}:{self.actor.hex}:{self.subject}"[:100]

    @property
    def title(self) -> str | Promise:
        return KINDS[self.kind][0]

    @property
    def meaning(self) -> str | Promise:
        return KINDS[self.kind][1]


class ReviewRefused(ValueError):
    """This cannot be signed off so: ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def found(*, at: dt.datetime) -> list[Flag]:
    """Everything that stands out, the newest first; one query per rule."""
    since = at - LOOKED_BACK
    flags = [flag for rule in RULES for flag in rule(since, at)]
    return sorted(flags, key=lambda flag: flag.at, reverse=True)


def reviews(keys: list[str]) -> dict[str, list[AuditReview]]:
    """Who signed off what."""
    signed: dict[str, list[AuditReview]] = {}
    for review in AuditReview.objects.using(oversight.AUDIT).filter(flag__in=keys).order_by("at"):
        signed.setdefault(review.flag, []).append(review)
    return signed


def sign_off(*, flag: Flag, verdict: str, note: str, by: User, at: dt.datetime) -> AuditReview:
    """Write down that somebody looked into it. Raises ``ReviewRefused`` for whom it is about, and the second time."""
    if flag.actor == by.pk:
        raise ReviewRefused("self")
    with transaction.atomic():
        made, created = AuditReview.objects.get_or_create(
            flag=flag.key, by_id=by.pk, defaults={"verdict": verdict, "note": note, "at": at}
        )
        if not created:
            raise ReviewRefused("again")
        audit.record(
            action="staff:review:signed", workspace=audit.PLATFORM, actor=by.pk, at=at,
            details={"kind": flag.kind, "review": str(made.pk), "verdict": verdict},
        )  # fmt: skip
    return made


# Rules


def _many_workspaces(since: dt.datetime, _at: dt.datetime) -> Iterator[Flag]:
    rows = _asked(
        "SELECT actor_id, date_trunc('hour', at), count(DISTINCT workspace_id) FROM privacy_audit_event "
        "WHERE id >= %s AND action = %s AND actor_id IS NOT NULL "
        "GROUP BY 1, 2 HAVING count(DISTINCT workspace_id) > %s",
        [ids.floor(since), oversight.LOOKED, WORKSPACES_MAX],
    )
    for actor, hour, count in rows:
        yield Flag(kind="many_workspaces", actor=actor, subject=f"{hour:%Y%m%dT%H}", at=hour, count=count)


def _content_first(since: dt.datetime, _at: dt.datetime) -> Iterator[Flag]:
    rows = _asked(
        "SELECT actor_id, details->>'grant', min(at) FILTER (WHERE details->>'level' = 'CONTENT') AS content, "
        "count(*) FILTER (WHERE details->>'level' = 'CONTENT') FROM privacy_audit_event "
        "WHERE id >= %s AND action = %s AND actor_id IS NOT NULL GROUP BY 1, 2 "
        "HAVING min(id::text) FILTER (WHERE details->>'level' = 'CONTENT') < "
        "coalesce(min(id::text) FILTER (WHERE details->>'level' = 'IDENTIFIERS'), 'z')",
        [ids.floor(since), oversight.LOOKED],
    )
    for actor, grant, first, count in rows:
        yield Flag(kind="content_first", actor=actor, subject=grant or "", at=first, count=count)


def _outside_hours(since: dt.datetime, _at: dt.datetime) -> Iterator[Flag]:
    """By the clock on the operator's wall; a night shift belongs to the day it began on."""
    office = hours()
    night = office.closes < office.opens
    rows = _asked(
        "SELECT actor_id, local::date, max(at), count(*) FROM ("
        "  SELECT actor_id, at, at AT TIME ZONE %(zone)s AS local, "
        "    (at AT TIME ZONE %(zone)s) - CASE WHEN %(night)s AND (at AT TIME ZONE %(zone)s)::time < %(closes)s "
        "       THEN interval '1 day' ELSE interval '0' END AS shift "
        "  FROM privacy_audit_event WHERE id >= %(since)s AND action = %(action)s AND actor_id IS NOT NULL) looks "
        "WHERE extract(isodow FROM shift) <> ALL (%(days)s) OR CASE WHEN %(night)s "
        "  THEN local::time >= %(closes)s AND local::time < %(opens)s "
        "  ELSE local::time < %(opens)s OR local::time >= %(closes)s END GROUP BY 1, 2",
        {
            "zone": office.zone, "night": night, "opens": office.opens, "closes": office.closes,
            "days": sorted(office.days), "since": ids.floor(since), "action": oversight.LOOKED,
        },
    )  # fmt: skip
    for actor, day, last, count in rows:
        yield Flag(kind="outside_hours", actor=actor, subject=f"{day:%Y%m%d}", at=last, count=count)


def _ticket_elsewhere(since: dt.datetime, _at: dt.datetime) -> Iterator[Flag]:
    rows = _asked(
        "SELECT staff_id, ticket, max(created_at), count(DISTINCT workspace_id) FROM accounts_staff_grant "
        "WHERE created_at >= %s GROUP BY 1, 2 HAVING count(DISTINCT workspace_id) > 1",
        [since],
    )
    for actor, ticket, last, count in rows:
        yield Flag(kind="ticket_elsewhere", actor=actor, subject=ticket, at=last, count=count)


def _closed_ticket(since: dt.datetime, _at: dt.datetime) -> Iterator[Flag]:
    """Of our own tickets; a look at what was just being answered is none."""
    rows = _asked(
        "SELECT e.actor_id, t.number, max(e.at), count(*) FROM privacy_audit_event e "
        "JOIN accounts_support_thread t ON t.number = e.details->>'ticket' AND t.workspace_id = e.workspace_id "
        "WHERE e.id >= %s AND e.action = %s AND e.actor_id IS NOT NULL AND e.at > t.resolved_at + %s GROUP BY 1, 2",
        [ids.floor(since), oversight.LOOKED, CLOSED_SLACK],
    )
    for actor, ticket, last, count in rows:
        yield Flag(kind="closed_ticket", actor=actor, subject=ticket, at=last, count=count)


def _repeated_text(since: dt.datetime, _at: dt.datetime) -> Iterator[Flag]:
    rows = _asked(
        "SELECT staff_id, md5(lower(btrim(reason))), max(created_at), count(*) FROM accounts_staff_grant "
        "WHERE created_at >= %s GROUP BY 1, 2 HAVING count(*) >= %s",
        [since, REASONS_MAX],
    )
    for actor, text, last, count in rows:
        yield Flag(kind="repeated_text", actor=actor, subject=text, at=last, count=count)


def _mostly_unmasked(since: dt.datetime, _at: dt.datetime) -> Iterator[Flag]:
    rows = _asked(
        "SELECT actor_id, max(at), count(*) FROM privacy_audit_event "
        "WHERE id >= %s AND action = %s AND actor_id IS NOT NULL GROUP BY 1 HAVING count(*) >= %s AND "
        "avg((details->>'level' IN ('IDENTIFIERS', 'CONTENT'))::int) > %s",
        [ids.floor(since), oversight.LOOKED, LOOKS_MIN, UNMASKED_MAX],
    )
    for actor, last, count in rows:
        yield Flag(kind="mostly_unmasked", actor=actor, subject=f"{last:%Y%m}", at=last, count=count)


def _break_glass(since: dt.datetime, at: dt.datetime) -> Iterator[Flag]:
    rows = _asked(
        "SELECT staff_id, id, created_at FROM accounts_staff_grant "
        "WHERE break_glass AND reviewed_at IS NULL AND created_at >= %s",
        [since],
    )
    for actor, grant, opened in rows:
        overdue = at > opened + REVIEW_WITHIN
        yield Flag(kind="break_glass", actor=actor, subject=str(grant), at=opened, count=1, overdue=overdue)


RULES: tuple[Callable[[dt.datetime, dt.datetime], Iterator[Flag]], ...] = (
    _many_workspaces, _content_first, _outside_hours, _ticket_elsewhere, _closed_ticket, _repeated_text,
    _mostly_unmasked, _break_glass,
)  # fmt: skip


def _asked(query: LiteralString, arguments: list[Any] | dict[str, Any]) -> list[Any]:
    with connections[oversight.AUDIT].cursor() as cursor:
        cursor.execute(query, arguments)
        return list(cursor.fetchall())
