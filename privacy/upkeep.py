"""What the purge calls to clean privacy's own tables."""

import datetime as dt
from importlib import import_module

from django.conf import settings
from django.db import connections

from privacy import keyring
from privacy.models import PurgeRun

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
