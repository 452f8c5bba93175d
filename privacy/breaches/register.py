"""Writing to the register of incidents: every act is an entry, and an event of the sealed audit log."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from privacy import audit, scanner
from privacy.breaches import clocks, scoping
from privacy.breaches.scoping import Answer, Scope
from privacy.models import AffectedWorkspace, Incident, IncidentEntry

DATABASE = "system"  # no workspace's own: the web role does not see the register
Kind, Audience = IncidentEntry.Kind, IncidentEntry.Audience
RISKS_OPEN = {"", Incident.Risk.LOW}


class InTheFuture(ValueError):
    """Nobody can have known of it before now."""


class NothingHarmed(ValueError):
    """Say what was harmed: confidentiality, integrity or availability."""


class NamesSomebody(ValueError):
    """The register outlives the people it is about: no numbers, addresses or keys in its texts."""


class AlreadyClosed(ValueError):
    """The incident is closed."""


class LateNeedsReason(ValueError):
    """The clock ran out; the law asks for the reasons of the delay."""


class NotScoped(ValueError):
    """Nobody can be told before it is computed who is concerned."""


class NotAssessed(ValueError):
    """Assess the risk first: who has to be told depends on it."""


class HighRisk(ValueError):
    """At a high risk the people concerned have to be told."""


class ClocksOpen(ValueError):
    """Somebody still has to be told, or it has to be decided that they need not be."""


class NeedsReason(ValueError):
    """A decision needs its reasons."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known when an incident is opened."""

    title: str
    description: str
    aware_at: dt.datetime
    confidentiality: bool = False
    integrity: bool = False
    availability: bool = False
    drill: bool = False


def open_incident(facts: Facts, *, by: UUID, at: dt.datetime) -> Incident:
    """Start an incident, and its clocks. Raises ``InTheFuture``, ``NothingHarmed`` or ``NamesSomebody``."""
    if facts.aware_at > at:
        raise InTheFuture
    if not (facts.confidentiality or facts.integrity or facts.availability):
        raise NothingHarmed
    _check_texts(facts.title, facts.description)
    with _act(by, at) as record:
        incident = Incident.objects.using(DATABASE).create(
            title=facts.title, description=facts.description, aware_at=facts.aware_at, drill=facts.drill,
            confidentiality=facts.confidentiality, integrity=facts.integrity, availability=facts.availability,
            opened_at=at, owner_id=by,
        )  # fmt: skip
        record(incident, Kind.OPENED)
    return incident


def set_scope(incident: Incident, scope: Scope, *, by: UUID, at: dt.datetime) -> Answer:
    """Compute who is concerned and keep question and answer. Raises as ``scoping.compute``, or ``AlreadyClosed``."""
    answer = scoping.compute(scope, at=at)
    with _act(by, at) as record:
        row = _open(incident)
        row.scope, row.scoped_at, row.rows, row.subjects = scope.stored(), at, dict(answer.rows), answer.subjects
        row.save(using=DATABASE, update_fields=["scope", "scoped_at", "rows", "subjects"])
        AffectedWorkspace.objects.using(DATABASE).filter(incident=row).delete()
        AffectedWorkspace.objects.using(DATABASE).bulk_create(
            AffectedWorkspace(incident=row, workspace_id=workspace, rows=found.rows, subjects=found.subjects)
            for workspace, found in answer.workspaces.items()
        )
        record(row, Kind.SCOPED, facts={"workspaces": len(answer.workspaces), **answer.subjects})
    return answer


def assess(incident: Incident, *, risk: str, reasons: str, sealed_only: bool, by: UUID, at: dt.datetime) -> None:
    """Say how high the risk for people is, and why. Raises ``NeedsReason``, ``NamesSomebody`` or ``AlreadyClosed``."""
    if not reasons.strip():
        raise NeedsReason
    _check_texts(reasons)
    with _act(by, at) as record:
        row = _open(incident)
        row.risk, row.risk_reasons, row.sealed_only = Incident.Risk(risk), reasons, sealed_only
        row.save(using=DATABASE, update_fields=["risk", "risk_reasons", "sealed_only"])
        record(row, Kind.ASSESSED, text=reasons, facts={"risk": risk, "sealed_only": sealed_only})


def add_measure(incident: Incident, *, text: str, by: UUID, at: dt.datetime) -> None:
    """Keep what was done. Raises ``NeedsReason``, ``NamesSomebody`` or ``AlreadyClosed``."""
    if not text.strip():
        raise NeedsReason
    _check_texts(text)
    with _act(by, at) as record:
        row = _open(incident)
        row.measures = "\n".join(filter(None, [row.measures, text.strip()]))[:4000]
        row.save(using=DATABASE, update_fields=["measures"])
        record(row, Kind.MEASURE, text=text)


def note_revoked(incident: Incident, *, what: str, count: int, by: UUID, at: dt.datetime) -> None:
    """Keep that accesses were taken away; in a drill, how many would have been."""
    with _act(by, at) as record:
        record(_open(incident), Kind.REVOKED, facts={"what": what, "count": count})


def save_draft(incident: Incident, *, audience: str, title: str, text: str, by: UUID, at: dt.datetime) -> None:
    """Keep the words for an audience without sending them. Raises ``NamesSomebody`` or ``AlreadyClosed``."""
    _check_texts(title, text)
    with _act(by, at):
        row = _open(incident)
        row.drafts = {**row.drafts, Audience(audience).value: {"title": title[:120], "text": text[:8000]}}
        row.save(using=DATABASE, update_fields=["drafts"])


def report(
    incident: Incident, *, title: str, text: str, reference: str, late_reason: str, by: UUID, at: dt.datetime
) -> IncidentEntry:
    """Keep that a report went to the authority, with its reference. Phases are numbered. Raises as ``tell``."""
    return _stop(
        incident, Kind.REPORTED, Audience.AUTHORITY, title=title, text=text, late_reason=late_reason, by=by, at=at,
        facts={"reference": reference[:64]},
    )  # fmt: skip


def tell(
    incident: Incident, *, audience: str, title: str, text: str, late_reason: str, by: UUID, at: dt.datetime
) -> IncidentEntry:
    """Decide to tell an audience; ``notices.publish`` does it. A drill is told to nobody.

    Raises ``NotScoped``, ``NotAssessed``, ``LateNeedsReason``, ``NamesSomebody`` or ``AlreadyClosed``.
    """
    if incident.scoped_at is None:
        raise NotScoped
    count = AffectedWorkspace.objects.using(DATABASE).filter(incident=incident).count()
    return _stop(
        incident, Kind.NOTIFIED, Audience(audience), title=title, text=text, late_reason=late_reason, by=by, at=at,
        facts={"workspaces": count},
    )  # fmt: skip


def waive(
    incident: Incident, *, audience: str, reasons: str, late_reason: str, by: UUID, at: dt.datetime
) -> IncidentEntry:
    """Decide that an audience need not be told, and why. Raises ``HighRisk`` besides what ``tell`` raises."""
    if not reasons.strip():
        raise NeedsReason
    if incident.risk == Incident.Risk.HIGH and not incident.sealed_only:
        raise HighRisk
    return _stop(
        incident,
        Kind.DECIDED,
        Audience(audience),
        title="",
        text=reasons,
        late_reason=late_reason,
        by=by,
        at=at,
        facts={},
    )


def close(incident: Incident, *, by: UUID, at: dt.datetime) -> None:
    """End the work on an incident. Raises ``ClocksOpen``, ``NotAssessed`` or ``AlreadyClosed``."""
    with _act(by, at) as record:
        row = _open(incident)
        if not row.risk:
            raise NotAssessed
        if any(clock.is_open for clock in clocks.of(row, row.entries.using(DATABASE).all(), at=at)):
            raise ClocksOpen
        row.closed_at = at
        row.save(using=DATABASE, update_fields=["closed_at"])
        record(row, Kind.CLOSED)


def _stop(
    incident: Incident, kind: str, audience: str, *, title: str, text: str, late_reason: str, by: UUID,
    at: dt.datetime, facts: dict[str, Any],
) -> IncidentEntry:  # fmt: skip
    if not incident.risk:
        raise NotAssessed
    _check_texts(title, text, late_reason)
    with _act(by, at) as record:
        row = _open(incident)
        running = next(
            clock for clock in clocks.of(row, row.entries.using(DATABASE).all(), at=at) if clock.audience == audience
        )
        if running.state == "overdue" and not late_reason.strip():
            raise LateNeedsReason
        number = None if kind == Kind.DECIDED else _next(row, audience)
        entry: IncidentEntry = record(
            row, kind, audience=audience, number=number, title=title[:120], text=text[:8000],
            late_reason=late_reason[:1000], facts=facts, sent_at=at if row.drill and kind == Kind.NOTIFIED else None,
        )  # fmt: skip
    return entry


def _next(incident: Incident, audience: str) -> int:
    used = incident.entries.using(DATABASE).filter(audience=audience).aggregate(last=Max("number"))["last"]
    return int(used or 0) + 1


def _open(incident: Incident) -> Incident:
    """The row, locked, so that numbers and clocks are decided one after the other. Raises ``AlreadyClosed``."""
    row = Incident.objects.using(DATABASE).select_for_update().get(pk=incident.pk)
    if row.closed_at is not None:
        raise AlreadyClosed
    return row


def _check_texts(*texts: str) -> None:
    if any(scanner.patterns_in(text) for text in texts):
        raise NamesSomebody


@contextmanager
def _act(by: UUID, at: dt.datetime) -> Iterator[Any]:
    """One transaction; what it gives writes the entry and the event of the audit log."""

    def record(incident: Incident, kind: str, **fields: Any) -> IncidentEntry:
        entry = IncidentEntry.objects.using(DATABASE).create(incident=incident, kind=kind, actor_id=by, at=at, **fields)
        details = {"incident": str(incident.pk), "drill": str(incident.drill).lower()}
        details |= {"audience": entry.audience} if entry.audience else {}
        audit.record(
            action=f"staff:incident:{kind}", workspace=audit.PLATFORM, actor=by, at=at, details=details, using=DATABASE
        )
        return entry

    with transaction.atomic(using=DATABASE):
        yield record
