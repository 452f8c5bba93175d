"""Live checks of what people are owed: answers in time, copies that end, and erasures that stay erased."""

import datetime as dt
from collections import defaultdict
from uuid import UUID

from django.apps import apps
from django.db import connections
from django.db.models import Exists, Model, OuterRef, QuerySet

from privacy import holdings, keyring, tombstones
from privacy.erasure import resuming
from privacy.keystore.models import Tombstone, WorkspaceKey
from privacy.models import Archive, ArchivePiece, DataRequest, DataRequestStep, Erasure
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
UNFINISHED_MAX = dt.timedelta(days=1)
SAMPLE = 500


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
    """No copy of somebody's data is left after its time, nor a key or a piece of one that is gone."""
    live = Archive.objects.using("system").exclude(state=Archive.State.GONE)
    over = live.filter(expires_at__lt=at - SLACK).count()
    old = WorkspaceKey.objects.filter(purpose=keyring.Purpose.ARCHIVE, created_at__lt=at - SLACK)
    keys = set(old.values_list("workspace_id", flat=True)) - set(live.values_list("pk", flat=True))
    pieces = ArchivePiece.objects.using("system").filter(
        archive__state=Archive.State.GONE, archive__expires_at__lt=at - SLACK
    )
    left = pieces.count()
    return Outcome(holds=not (over or keys or left), evidence={"over": over, "keys": len(keys), "pieces": left})


def erased(at: dt.datetime) -> Outcome:
    """The main database knows of every erasure that the key store knows of: it is no restored dump."""
    old = tombstones.too_old()
    return Outcome(
        holds=not (old or tombstones.behind()), why="older than the marks" if old else "",
        evidence={"known": tombstones.known()},
    )  # fmt: skip


def erasures(at: dt.datetime) -> Outcome:
    """What was to be erased is: nothing that was marked is back, nothing that a hold stopped waits after its end."""
    back = sum(_back(model, rows) for model, rows in _newest_marks().items())
    begun = Erasure.objects.using("system").filter(finished_at=None, begun_at__lt=at - UNFINISHED_MAX).count()
    stopped = resuming.overdue(since=at - SLACK)
    return Outcome(
        holds=not (back or begun or stopped), evidence={"back": back, "unfinished": begun, "released": stopped}
    )


def _newest_marks() -> dict[str, list[UUID]]:
    """Rows that were deleted lately, by model."""
    found: dict[str, list[UUID]] = defaultdict(list)
    marks = Tombstone.objects.filter(action="delete").order_by("-id")
    for model, row in marks.values_list("model", "row_id")[:SAMPLE]:
        found[model].append(row)
    return found


def _back(label: str, rows: list[UUID]) -> int:
    model: type[Model] = apps.get_model(label)
    if not holdings.may("SELECT", model, using="system"):
        return 0
    return int(model._default_manager.using("system").filter(pk__in=rows).count())  # noqa: SLF001  # how Django names it


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
    Check(
        name="privacy.erasures", method="database", run=erasures,
        what="Rows that were erased and are back, erasures not finished after a day, and those that a hold stopped.",
    ),
)  # fmt: skip
