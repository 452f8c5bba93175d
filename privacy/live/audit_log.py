"""Whether the audit log is sealed, kept as long as it says and no longer, and out of everybody's reach."""

import datetime as dt
from typing import Any

from django.db import connections
from django.utils.translation import gettext_noop as _

from privacy import profiles
from privacy.promises import Check, Outcome, declare
from privacy.sealing import signing, verification
from privacy.sealing.stored import StoredLog

SEAL_LATE = dt.timedelta(minutes=2)
SLACK = dt.timedelta(days=1)  # the purge runs every five minutes; a stopped one is found by its own check
CLOSED_BY = dt.timedelta(minutes=10)  # after midnight
DAY = dt.timedelta(days=1)


def sealed(at: dt.datetime) -> Outcome:
    """A seal no older than two minutes."""
    last = _one("SELECT max(at) FROM privacy_audit_seal")
    if last is None:
        return Outcome(holds=None, why="nothing was sealed yet")
    late = (at - last).total_seconds()
    why = "" if late <= SEAL_LATE.total_seconds() else "the sealer is late"
    return Outcome(holds=not why, why=why, evidence={"seconds_since_seal": round(late)})


def closed(at: dt.datetime) -> Outcome:
    """Yesterday has its root and its signed checkpoint."""
    first, newest = _row("SELECT (SELECT min(at) FROM privacy_audit_seal), max(day_on) FROM privacy_audit_segment")
    due = (at - CLOSED_BY).astimezone(dt.UTC).date() - DAY
    if first is None or first.astimezone(dt.UTC).date() > due:
        return Outcome(holds=None, why="the log is younger than a day")
    holds = newest is not None and newest >= due
    return Outcome(
        holds=holds,
        why="" if holds else f"{due} has no segment",
        evidence={"newest_day": newest.isoformat() if newest else "none"},
    )


def verified(at: dt.datetime) -> Outcome:
    """The day that was closed last is what was sealed, row by row, and so is the tree of all days."""
    with connections["system"].cursor() as cursor:
        log = StoredLog(cursor)
        segments = log.segments()
        question = verification.Question(
            at=at,
            kept=profiles.duration("retention.audit"),
            public=signing.verifier(),
            keys=signing,
            day=segments[-1].day if segments else None,
        )
        report = verification.verify(log, question)
    return Outcome(
        holds=report.holds,
        why=str(report.findings[0]) if report.findings else "",
        evidence={"rows": report.rows, "days": report.segments, "findings": len(report.findings)},
    )


def age(at: dt.datetime) -> Outcome:
    """No row is older than its retention."""
    kept = profiles.duration("retention.audit")
    oldest = _one("SELECT min(at) FROM privacy_audit_event")
    days = (at - oldest) / DAY if oldest else 0.0
    holds = days <= (kept + SLACK) / DAY
    return Outcome(
        holds=holds, why="" if holds else "a row outlived its retention", evidence={"oldest_days": round(days, 1)}
    )


_RIGHTS = """
    SELECT c.relname || ' ' || (acl).grantee::regrole || ' ' || (acl).privilege_type
    FROM (SELECT c.relname, c.relowner, aclexplode(c.relacl) AS acl FROM pg_class c
          WHERE c.relname IN ('privacy_audit_event', 'privacy_audit_seal', 'privacy_audit_segment')) c
    WHERE (acl).grantee <> c.relowner AND (acl).privilege_type NOT IN ('SELECT', 'INSERT')
      AND NOT ((acl).grantee = 'sp_definer'::regrole AND (acl).privilege_type = 'DELETE'
               AND c.relname <> 'privacy_audit_segment')
    UNION ALL
    SELECT t || ' has no guard' FROM unnest(ARRAY['event', 'seal', 'segment']) AS t
    WHERE 2 > (SELECT count(*) FROM pg_trigger g WHERE g.tgrelid = ('privacy_audit_' || t)::regclass
               AND g.tgname IN ('refuse_change', 'refuse_truncate') AND g.tgenabled IN ('O', 'A'))
"""


def insert_only(_at: dt.datetime) -> Outcome:
    """Nobody may change or truncate the log, and the triggers that refuse it to the owner are on."""
    with connections["system"].cursor() as cursor:
        cursor.execute(_RIGHTS)
        offenders = [str(found[0]) for found in cursor.fetchall()]
    return Outcome(holds=not offenders, why=", ".join(offenders), evidence={"offenders": len(offenders)})


def _one(query: str) -> Any:
    return _row(query)[0]


def _row(query: str) -> Any:
    with connections["system"].cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()


declare(
    Check(
        name="privacy.audit_sealed",
        method="database",
        run=sealed,
        what=_("The audit log was sealed within the last two minutes."),
    ),
    Check(
        name="privacy.audit_closed",
        method="database",
        run=closed,
        what=_("Yesterday's log has its root and its signed checkpoint."),
    ),
    Check(
        name="privacy.audit_verified",
        method="database",
        run=verified,
        what=_("Every row of the last closed day is what was sealed."),
    ),
    Check(
        name="privacy.audit_age", method="database", run=age, what=_("No row of the audit log outlived its retention.")
    ),
    Check(name="privacy.audit_rights", method="database", run=insert_only, what=_("No role may change the audit log.")),
)
