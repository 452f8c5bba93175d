"""What the purge calls to clean privacy's own tables."""

import datetime as dt
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.models import QuerySet

from privacy import keyring, profiles
from privacy.models import CheckResult, DataRequest, IdentityProof, PromiseReport, PurgeRun, RequestTicket

PROOFS_KEPT = dt.timedelta(days=2)  # as long as codes of a day are counted
AUDIT_KEPT = RUNS_KEPT = dt.timedelta(days=90)
BATCH = 5000


def destroy_body_keys(*, at: dt.datetime) -> int:
    """Destroy the keys of bodies whose day is over: from here on nothing opens them, in no copy of the database."""
    return keyring.destroy_body_keys(at.date())


def purge_audit(*, at: dt.datetime) -> int:
    """Delete a batch of audit events past their retention; the table refuses it for younger ones."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT privacy.purge_audit(%s, %s)", [at - AUDIT_KEPT, BATCH])
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


def purge_runs(*, at: dt.datetime) -> int:
    """Delete records of old purges."""
    return PurgeRun.objects.using("system").filter(started_at__lt=at - RUNS_KEPT).delete()[0]


def clear_requests(*, at: dt.datetime) -> int:
    """Forget who asked, and the words, of requests closed long enough."""
    over = DataRequest.objects.using("system").filter(closed_at__lt=at - profiles.duration("retention.request_words"))
    some = (
        over.filter(identity_idx__isnull=False) | over.filter(words__isnull=False) | over.filter(answer__isnull=False)
    )
    batch = list(some.values_list("pk", flat=True)[:BATCH])
    gone = DataRequest.objects.using("system").filter(pk__in=batch)
    return gone.update(identity=None, identity_idx=None, words=None, answer=None)


def purge_requests(*, at: dt.datetime) -> int:
    """Delete a batch of requests past their retention, with their histories."""
    over = DataRequest.objects.using("system").filter(closed_at__lt=at - profiles.duration("retention.requests"))
    return over.filter(pk__in=list(over.values_list("pk", flat=True)[:BATCH])).delete()[0]


def purge_proofs(*, at: dt.datetime) -> int:
    """Delete a batch of proofs whose day is over."""
    over = IdentityProof.objects.using("system").filter(created_at__lt=at - PROOFS_KEPT)
    return over.filter(pk__in=list(over.values_list("pk", flat=True)[:BATCH])).delete()[0]


def purge_tickets(*, at: dt.datetime) -> int:
    """Delete a batch of tickets long past their due date."""
    over = RequestTicket.objects.using("system").filter(due_at__lt=at - profiles.duration("retention.tickets"))
    return over.filter(pk__in=list(over.values_list("pk", flat=True)[:BATCH])).delete()[0]


def purge_check_results(*, at: dt.datetime) -> int:
    """Delete a batch of old results of checks."""
    return _delete(CheckResult.objects.using("system").filter(at__lt=at - RUNS_KEPT))


def purge_reports(*, at: dt.datetime) -> int:
    """Delete a batch of old reports; their links in the chain stay."""
    return _delete(PromiseReport.objects.using("system").filter(at__lt=at - RUNS_KEPT))


def _delete(rows: QuerySet[Any]) -> int:
    return int(rows.filter(pk__in=list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])).delete()[0])
