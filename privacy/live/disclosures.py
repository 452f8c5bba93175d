"""Live checks of disclosures to authorities, and of reports of unwanted texts."""

import datetime as dt

from django.db import connections
from django.db.models import F, Q

from privacy import profiles
from privacy.abuse import cases
from privacy.disclosures import telling
from privacy.models import AbuseCase, Disclosure
from privacy.promises import Check, Outcome, declare

SLACK = dt.timedelta(minutes=30)  # of the sweep
RULES = (
    "disclosure_second_person", "disclosure_told_or_barred", "disclosure_assessed", "disclosure_waited",
    "disclosure_silence_has_a_law", "bar_longer_is_named", "bar_longer_by_two", "bar_within_a_year",
)  # fmt: skip


def decided_by_two(at: dt.datetime) -> Outcome:
    """Every disclosure was assessed by one person and approved by another; the table refuses anything else."""
    done = Disclosure.objects.using("system").filter(state__in=["approved", "handed_over"])
    alone = Q(approved_by=None) | Q(approved_by=F("assessed_by")) | Q(approved_by=F("opened_by"))
    unsound = Q(authentic=False) | Q(effective=False) | Q(narrow=False)
    bad, missing = done.filter(alone | unsound).count(), _missing()
    return Outcome(holds=bad == 0 and not missing, why=", ".join(missing), evidence={"done": done.count(), "bad": bad})


def holders_told(at: dt.datetime) -> Outcome:
    """Nothing was handed over of which the holder was not told, unless a law named in the case still forbids it."""
    handed = Disclosure.objects.using("system").filter(state="handed_over")
    silent = handed.filter(noticed_at=None).exclude(bar_law__isnull=False, bar_until__gt=at - SLACK).count()
    late = sum(_since(case, at) > SLACK for case in telling.owed(at=at))
    return Outcome(holds=not (silent or late), evidence={"handed_over": handed.count(), "untold": silent, "late": late})


def reports_read(at: dt.datetime) -> Outcome:
    """No report of an unwanted text waits unread for longer than a question to us may wait."""
    new = cases.waiting().filter(state=AbuseCase.State.NEW)
    late = new.filter(reported_at__lt=at - profiles.duration("sla.inquiry")).count()
    return Outcome(holds=late == 0, evidence={"new": new.count(), "late": late})


def _since(case: Disclosure, at: dt.datetime) -> dt.timedelta:
    """How long its notice could have been sent."""
    assert case.notice_ordered_at is not None
    return at - max(case.notice_ordered_at, case.bar_until or case.notice_ordered_at)


def _missing() -> list[str]:
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint WHERE conname = ANY (%s) AND convalidated", [list(RULES)])
        return sorted(set(RULES) - {name for (name,) in cursor.fetchall()})


declare(
    Check(
        name="privacy.disclosures_decided", method="database", run=decided_by_two,
        what="Disclosures that were not assessed by one person and approved by another, and the table's own rules.",
    ),
    Check(
        name="privacy.disclosures_told", method="database", run=holders_told,
        what="Disclosures of which the holder was not told though nothing forbids it.",
    ),
    Check(
        name="privacy.abuse_read", method="database", run=reports_read,
        what="Reports of unwanted texts that nobody has looked at in time.",
    ),
)  # fmt: skip
