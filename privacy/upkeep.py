"""What the purge calls to clean privacy's own tables."""

import datetime as dt
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.models import Q, QuerySet

from privacy import keyring, profiles, tombstones
from privacy.keystore.models import WorkspaceKey
from privacy.models import (
    Archive,
    AuditEvent,
    AuditSeal,
    CheckResult,
    DataRequest,
    DebugWindow,
    IdentityProof,
    PromiseReport,
    PurgeRun,
    RequestTicket,
)

PROOFS_KEPT = dt.timedelta(days=2)  # as long as codes of a day are counted
AUDIT_KEPT = RUNS_KEPT = dt.timedelta(days=90)
DAY = dt.timedelta(days=1)
WINDOWS_KEPT = 90 * DAY
MARKS_MARGIN = 7 * DAY  # a restore takes time
BATCH = 5000
WITH_WORDS = Q(identity_idx__isnull=False) | Q(words__isnull=False) | Q(answer__isnull=False) | Q(value__isnull=False)


def destroy_body_keys(*, at: dt.datetime) -> int:
    """Destroy the keys of bodies whose day is over: from here on nothing opens them, in no copy of the database."""
    return keyring.destroy_body_keys(at.date())


def purge_audit(*, at: dt.datetime) -> int:
    """Delete a batch of audit events past their retention; the table refuses it for younger ones."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT privacy.purge_audit(%s, %s)", [at - profiles.duration("retention.audit"), BATCH])
        return int(cursor.fetchone()[0])


def purge_seals(*, at: dt.datetime) -> int:
    """Delete a batch of seals whose events are all past their retention; the roots of their days stay."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT privacy.purge_seals(%s, %s)", [at - AUDIT_KEPT, BATCH])
        return int(cursor.fetchone()[0])


def purge_sessions(*, at: dt.datetime) -> int:
    """Delete sessions that ran out."""
    sessions = import_module(settings.SESSION_ENGINE).SessionStore.get_model_class()
    return int(sessions.objects.filter(expire_date__lt=at).delete()[0])


def purge_windows(*, at: dt.datetime) -> int:
    """Delete debugging windows that ended long ago; nothing they kept is left by then."""
    return DebugWindow.objects.using("system").filter(opened_at__lt=at - WINDOWS_KEPT).delete()[0]


def purge_runs(*, at: dt.datetime) -> int:
    """Delete records of old purges."""
    return PurgeRun.objects.using("system").filter(started_at__lt=at - RUNS_KEPT).delete()[0]


def clear_requests(*, at: dt.datetime) -> int:
    """Forget who asked, and the words, of requests closed long enough."""
    over = DataRequest.objects.using("system").filter(closed_at__lt=at - profiles.duration("retention.request_words"))
    batch = list(over.filter(WITH_WORDS).values_list("pk", flat=True)[:BATCH])
    gone = DataRequest.objects.using("system").filter(pk__in=batch)
    return gone.update(identity=None, identity_idx=None, words=None, answer=None, value=None)


def purge_requests(*, at: dt.datetime) -> int:
    """Delete a batch of requests past their retention, with their histories."""
    over = DataRequest.objects.using("system").filter(closed_at__lt=at - profiles.duration("retention.requests"))
    return delete(over)


def purge_proofs(*, at: dt.datetime) -> int:
    """Delete a batch of proofs whose day is over."""
    return delete(IdentityProof.objects.using("system").filter(created_at__lt=at - PROOFS_KEPT))


def purge_tickets(*, at: dt.datetime) -> int:
    """Delete a batch of tickets long past their due date."""
    over = RequestTicket.objects.using("system").filter(due_at__lt=at - profiles.duration("retention.tickets"))
    return delete(over)


def purge_check_results(*, at: dt.datetime) -> int:
    """Delete a batch of old results of checks."""
    return delete(CheckResult.objects.using("system").filter(at__lt=at - RUNS_KEPT))


def purge_reports(*, at: dt.datetime) -> int:
    """Delete a batch of old reports; their links in the chain stay."""
    return delete(PromiseReport.objects.using("system").filter(at__lt=at - RUNS_KEPT))


def delete(rows: QuerySet[Any]) -> int:
    """Delete a batch of the rows, the oldest keys first; how many."""
    return int(rows.filter(pk__in=list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])).delete()[0])


def forget_tombstones(*, at: dt.datetime) -> int:
    """Delete a batch of marks of erasures that no backup needs any more."""
    return tombstones.forget(before=at - _marks_kept(), keep=keyring.ERASED, limit=BATCH)


def _marks_kept() -> dt.timedelta:
    kept: dt.timedelta = profiles.duration("retention.backups") + MARKS_MARGIN
    return kept


# When the oldest of each is due


def first(
    rows: QuerySet[Any], anchor: str, kept: dt.timedelta = dt.timedelta(), *, order: str = ""
) -> dt.datetime | None:
    """When the oldest of some rows is over: ``kept`` after its ``anchor``.

    It is found by ``order``, a column with an index that grows with the anchor; without one, by the anchor itself.
    """
    found: dt.datetime | None = rows.order_by(order or anchor).values_list(anchor, flat=True).first()
    return found + kept if found else None


def tombstones_due() -> dt.datetime | None:
    """The end of the oldest mark."""
    oldest = tombstones.oldest(keep=keyring.ERASED)
    return oldest + _marks_kept() if oldest else None


def seals_due() -> dt.datetime | None:
    """The end of the oldest seal: a day after its events, when its own day is closed."""
    return first(AuditSeal.objects.using("system"), "at", AUDIT_KEPT + 2 * DAY)


def windows_due() -> dt.datetime | None:
    """The end of the oldest debugging window."""
    return first(DebugWindow.objects.using("system"), "opened_at", WINDOWS_KEPT)


def archives_due() -> dt.datetime | None:
    """The end of the copy that ends first."""
    return first(Archive.objects.using("system").exclude(state=Archive.State.GONE), "expires_at")


def check_results_due() -> dt.datetime | None:
    """The end of the oldest result."""
    return first(CheckResult.objects.using("system"), "at", RUNS_KEPT, order="pk")


def reports_due() -> dt.datetime | None:
    """The end of the oldest report."""
    return first(PromiseReport.objects.using("system"), "at", RUNS_KEPT, order="pk")


def words_due() -> dt.datetime | None:
    """The end of the oldest words of a request that is closed."""
    closed = DataRequest.objects.using("system").filter(closed_at__isnull=False)
    some = closed.filter(WITH_WORDS)
    return first(some, "closed_at", profiles.duration("retention.request_words"))


def requests_due() -> dt.datetime | None:
    """The end of the request that was closed first."""
    closed = DataRequest.objects.using("system").filter(closed_at__isnull=False)
    return first(closed, "closed_at", profiles.duration("retention.requests"))


def proofs_due() -> dt.datetime | None:
    """The end of the oldest proof."""
    return first(IdentityProof.objects.using("system"), "created_at", PROOFS_KEPT, order="pk")


def tickets_due() -> dt.datetime | None:
    """The end of the ticket that was due first."""
    return first(RequestTicket.objects.using("system"), "due_at", profiles.duration("retention.tickets"))


def body_keys_due() -> dt.datetime | None:
    """The end of the earliest day that still has a key."""
    kept = WorkspaceKey.objects.filter(bucket_on__isnull=False).order_by("bucket_on")
    day = kept.values_list("bucket_on", flat=True).first()
    return dt.datetime.combine(day, dt.time(), dt.UTC) + DAY if day else None


def audit_due() -> dt.datetime | None:
    """The end of the earliest event."""
    return first(AuditEvent.objects.using("system"), "at", profiles.duration("retention.audit"), order="pk")


def sessions_due() -> dt.datetime | None:
    """The end of the session that ends first."""
    sessions = import_module(settings.SESSION_ENGINE).SessionStore.get_model_class()
    return first(sessions.objects.all(), "expire_date")


def runs_due() -> dt.datetime | None:
    """The end of the earliest record of a purge."""
    return first(PurgeRun.objects.using("system"), "started_at", RUNS_KEPT, order="pk")
