"""Live checks of what people are owed: answers in time, copies that end, and erasures that stay erased."""

import datetime as dt

from django.db import connections
from django.db.models import Exists, OuterRef, QuerySet

from privacy import tombstones
from privacy.models import Archive, DataRequest, DataRequestStep
from privacy.models.data_request import Kind, State
from privacy.promises import Check, Outcome, declare
from privacy.requests import deadlines, states, watching

QUICK = dt.timedelta(minutes=5)
SLACK = dt.timedelta(minutes=30)  # of the purge, and of the watch over requests
CHECKED_MAX = 5000
_BEHIND = """
    SELECT count(*) FROM privacy_data_request r
    WHERE r.closed_at IS NULL AND r.state NOT IN ('received', 'verifying')
      AND r.reminded < privacy.reminders_due(coalesce(r.extended_at, r.received_at), r.due_at, %s)"""


def requests_due(at: dt.datetime) -> Outcome:
    """No request that somebody proved is open past its due date."""
    return _late(_open().exclude(kind=Kind.INQUIRY), at)


def inquiries_due(at: dt.datetime) -> Outcome:
    """No question about privacy is open past its due date."""
    return _late(_open().filter(kind=Kind.INQUIRY), at)


def requests_clocks(at: dt.datetime) -> Outcome:
    """Every open request is due within what the law of its residence allows, put off at most once and with a reason."""
    rows = list(_open()[:CHECKED_MAX])
    beyond = sum(row.due_at > _longest(row) for row in rows)
    silent = sum(row.extended_at is not None and not row.answer for row in rows)
    holds = not beyond and not silent
    return Outcome(holds=holds, evidence={"open": len(rows), "beyond": beyond, "put_off_unsaid": silent})


def requests_reminded(at: dt.datetime) -> Outcome:
    """Whoever has to answer was reminded of every open request and ticket as often as is due by now."""
    with connections["system"].cursor() as cursor:
        cursor.execute(_BEHIND, [at - SLACK])
        requests = int(cursor.fetchone()[0])
        cursor.execute("SELECT count(*) FROM privacy.tickets_to_remind(%s, %s)", [at - SLACK, CHECKED_MAX])
        tickets = int(cursor.fetchone()[0])
    return Outcome(holds=not requests and not tickets, evidence={"requests": requests, "tickets": tickets})


def requests_lapsed(at: dt.datetime) -> Outcome:
    """No request waits for its proof longer than a week: what nobody proved is ended."""
    waiting = DataRequest.objects.using("system").filter(state__in=states.UNPROVED)
    old = waiting.filter(received_at__lt=at - watching.LAPSE - SLACK).count()
    return Outcome(holds=old == 0, evidence={"waiting": waiting.count(), "older": old})


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
    """Where a workspace is late, the person is told who decides and where to complain: that is our answer."""
    told = DataRequestStep.objects.using("system").filter(request_id=OuterRef("pk"), note="late")
    over = rows.filter(due_at__lt=at)
    with_others = over.filter(Exists(told), state=State.FORWARDED).count()
    late = over.count() - with_others
    return Outcome(holds=late == 0, evidence={"open": rows.count(), "late": late, "with_workspaces": with_others})


def _longest(row: DataRequest) -> dt.datetime:
    """What the law of a residence allows at most; where none is known, what was promised when it came in."""
    law = deadlines.law(row.residence)
    first = row.received_at + law.first
    first = min(first, deadlines.month_after(row.received_at)) if law.month else first
    return first + law.longer if row.extended_at else first


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
        name="privacy.requests_clocks", method="database", run=requests_clocks,
        what="The due dates of open requests against the law of each residence.",
    ),
    Check(
        name="privacy.requests_reminded", method="database", run=requests_reminded,
        what="Open requests and tickets whose reminders did not go out.",
    ),
    Check(
        name="privacy.requests_lapsed", method="database", run=requests_lapsed,
        what="Requests that wait for a proof longer than a week.",
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
