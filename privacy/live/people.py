"""Live checks of what people are owed: answers in time, copies that end, and erasures that stay erased."""

import datetime as dt

from django.db.models import QuerySet

from privacy import tombstones
from privacy.models import Archive, DataRequest
from privacy.models.data_request import Kind
from privacy.promises import Check, Outcome, declare
from privacy.requests import states

QUICK = dt.timedelta(minutes=5)
SLACK = dt.timedelta(minutes=30)  # of the purge


def requests_due(at: dt.datetime) -> Outcome:
    """No request that somebody proved is open past its due date."""
    return _late(_open().exclude(kind=Kind.INQUIRY), at)


def inquiries_due(at: dt.datetime) -> Outcome:
    """No question about privacy is open past its due date."""
    return _late(_open().filter(kind=Kind.INQUIRY), at)


def archives_over(at: dt.datetime) -> Outcome:
    """No copy of somebody's data is left after its time."""
    over = Archive.objects.using("system").filter(expires_at__lt=at - SLACK).exclude(state=Archive.State.GONE).count()
    return Outcome(holds=over == 0, evidence={"over": over})


def erased(at: dt.datetime) -> Outcome:
    """The main database knows of every erasure that the key store knows of: it is no restored dump."""
    return Outcome(holds=not tombstones.behind(), evidence={"known": tombstones.known()})


def _open() -> "QuerySet[DataRequest]":
    rows = DataRequest.objects.using("system").filter(closed_at=None)
    return rows.exclude(state__in=states.UNPROVED)


def _late(rows: "QuerySet[DataRequest]", at: dt.datetime) -> Outcome:
    late = rows.filter(due_at__lt=at).count()
    return Outcome(holds=late == 0, evidence={"open": rows.count(), "late": late})


declare(
    Check(
        name="privacy.requests_due", method="database", run=requests_due,
        what="Requests about personal data that are open past their due date.",
    ),
    Check(
        name="privacy.inquiries_due", method="database", run=inquiries_due,
        what="Questions about privacy that are open past their due date.",
    ),
    Check(
        name="privacy.archives_over", method="database", run=archives_over,
        what="Copies of personal data that are left after their time.",
    ),
    Check(
        name="privacy.tombstones", method="database", run=erased, fresh=QUICK,
        what="Whether this database knows of every erasure.",
    ),
)  # fmt: skip
