"""Telling those an incident concerns: on their pages, by mail, by the API and by webhook, with proof of each.

An entry that says "tell them" is the order; this carries it out, workspace by workspace, each in one transaction: the
notice, the mails it owes and the webhook deliveries are there together or not at all. What a crash leaves is found by
the sweep. A drill makes no notice.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.dispatch import Signal

from privacy import audit
from privacy.breaches.register import DATABASE
from privacy.models import AffectedWorkspace, IncidentEntry, IncidentNotice
from smsplatform.lib import clock, ids
from smsplatform.lib.tasks import task
from smsplatform.lib.tenancy import scope

SHOWN = dt.timedelta(days=30)  # on every page of the workspace, unless somebody says that they have seen it
FRESH_SECONDS = 15
_TOLD = "incident-notices"

# A workspace is told, inside its scope and transaction; arguments: notice, audience, at. Receivers that owe mails to
# people answer how many.
published = Signal()


def publish(*, at: dt.datetime) -> int:
    """Carry out what was ordered; how many workspaces were told. Safe to repeat and to run twice at once."""
    orders = IncidentEntry.objects.using(DATABASE).filter(kind=IncidentEntry.Kind.NOTIFIED, sent_at=None)
    return sum(_carry_out(entry, at) for entry in orders.filter(incident__drill=False).order_by("id"))


@task(name="privacy.breaches.publish", queue="privacy")
def publish_now() -> None:
    """The sweep; also a wake-up, right after something was ordered."""
    publish(at=clock.now())


def proofs(entries: Sequence[IncidentEntry]) -> list[IncidentNotice]:
    """Every notice that these orders made, with whether it was seen."""
    rows = IncidentNotice.objects.using(DATABASE).filter(entry_id__in=[entry.pk for entry in entries])
    return list(rows.order_by("id"))


def of_workspace(workspace: UUID) -> list[IncidentNotice]:
    """What the workspace was told, newest first; in its open scope."""
    return list(IncidentNotice.objects.filter(workspace_id=workspace).order_by("-id")[:100])


def document(notice: IncidentNotice) -> dict[str, Any]:
    """A notice as the API gives it."""
    return {
        "id": ids.encode(ids.NOTICE, notice.pk),
        "object": "security_notice",
        "incident": ids.encode(ids.INCIDENT, notice.incident_id),
        "title": notice.title,
        "text": notice.text,
        "url": f"{settings.BASE_URL}/security-notices",
        "created_at": notice.at,
        "seen_at": notice.seen_at,
    }


def to_show(workspace: UUID, *, at: dt.datetime) -> list[IncidentNotice]:
    """What the pages of a workspace begin with, in its open scope. Costs a query only where there is something."""
    told: frozenset[UUID] | None = cache.get_or_set(_TOLD, lambda: _told(at), FRESH_SECONDS)
    if workspace not in (told or ()):
        return []
    rows = IncidentNotice.objects.filter(workspace_id=workspace, seen_at=None, at__gt=at - SHOWN)
    return list(rows.order_by("-id")[:3])


def mark_seen(*, workspace: UUID, notice: UUID, by: UUID, at: dt.datetime) -> bool:
    """Keep that somebody of the workspace has read it; whether that was news."""
    rows = IncidentNotice.objects.filter(workspace_id=workspace, pk=notice, seen_at=None)
    if not rows.update(seen_at=at, seen_by=by):
        return False
    details = {"notice": str(notice)}
    audit.record(action="user:incident:seen", workspace=workspace, actor=by, at=at, details=details)
    return True


def _told(at: dt.datetime) -> frozenset[UUID]:
    rows = IncidentNotice.objects.using(DATABASE).filter(seen_at=None, at__gt=at - SHOWN)
    return frozenset(rows.values_list("workspace_id", flat=True).distinct())


def _carry_out(entry: IncidentEntry, at: dt.datetime) -> int:
    done = IncidentNotice.objects.using(DATABASE).filter(entry_id=entry.pk).values("workspace_id")
    owed = AffectedWorkspace.objects.using(DATABASE).filter(incident=entry.incident_id).exclude(workspace_id__in=done)
    workspaces = list(owed.values_list("workspace_id", flat=True))
    for workspace in workspaces:
        _tell(entry, workspace, at)
    IncidentEntry.objects.using(DATABASE).filter(pk=entry.pk).update(sent_at=at)
    cache.delete(_TOLD)
    return len(workspaces)


def _tell(entry: IncidentEntry, workspace: UUID, at: dt.datetime) -> None:
    with scope.workspace(workspace):
        notice, made = IncidentNotice.objects.get_or_create(
            entry_id=entry.pk, workspace_id=workspace,
            defaults={"incident_id": entry.incident_id, "title": entry.title, "text": entry.text, "at": at},
        )  # fmt: skip
        if not made:
            return
        answers = published.send(sender=IncidentNotice, notice=notice, audience=entry.audience, at=at)
        mails = sum(int(answer or 0) for _receiver, answer in answers)
        IncidentNotice.objects.filter(pk=notice.pk).update(mails=mails)
        details = {"incident": str(entry.incident_id), "notice": str(notice.pk)}
        audit.record(action="system:incident:notified", workspace=workspace, actor=None, at=at, details=details)
