"""Keeping the time of requests: what is never proved lapses, and whoever has to answer is reminded before it is late.

Reminders go out when half of the time is over, at four fifths, and five days before the end; one more when it is over.
"""

import datetime as dt
from uuid import UUID

from django.db import connections

from privacy.models import DataRequest, RequestTicket
from privacy.models.data_request import State
from privacy.requests import desk, letters, signals, states
from smsplatform.lib import clock
from smsplatform.lib.tasks import task
from smsplatform.lib.tenancy import scope

LAPSE = dt.timedelta(days=7)
LAST_CALL = dt.timedelta(days=5)
SHARES = (0.5, 0.8)
BATCH = 500


def steps_due(*, begun: dt.datetime, due: dt.datetime, at: dt.datetime) -> int:
    """How many reminders should have gone out by ``at``: at most four, the last when it is overdue."""
    length = due - begun
    moments = sorted({begun + share * length for share in SHARES} | {max(begun, due - LAST_CALL)})
    return sum(moment <= at for moment in moments) + (due <= at)


def lapse(*, at: dt.datetime) -> int:
    """End what waited a week for its proof; how many."""
    waiting = DataRequest.objects.filter(state=State.VERIFYING, received_at__lte=at - LAPSE)[:BATCH]
    for request in waiting:
        desk.move(request, State.LAPSED, by="platform", note="unproved", at=at)
    return len(waiting)


def remind(*, at: dt.datetime) -> int:
    """Remind the operator's desk of requests, and workspaces of tickets; how many reminders."""
    return sum(_reminded(request, at) for request in desk.open_requests()[:BATCH]) + _remind_workspaces(at)


def _reminded(request: DataRequest, at: dt.datetime) -> bool:
    wanted = steps_due(begun=request.extended_at or request.received_at, due=request.due_at, at=at)
    behind = DataRequest.objects.filter(pk=request.pk, reminded__lt=wanted, closed_at=None)
    if not behind.exclude(state__in=states.UNPROVED).update(reminded=wanted):
        return False
    letters.post(letters.due, request=str(request.pk))
    if request.due_at <= at and request.state == State.FORWARDED:
        _say_who_is_late(request, at)
    return True


def _say_who_is_late(request: DataRequest, at: dt.datetime) -> None:
    """The person reads which controllers owe them an answer, and where to complain."""
    desk.remark(request, note="late", at=at)
    letters.post(letters.news, request=str(request.pk))


def _remind_workspaces(at: dt.datetime) -> int:
    """Each reminder once: of those that were missed while nothing ran, only the last."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT * FROM privacy.tickets_to_remind(%s, %s)", [at, BATCH])
        found = cursor.fetchall()
    return sum(_remind_workspace(ticket, workspace, step, at) for ticket, workspace, step in found)


def _remind_workspace(ticket_id: UUID, workspace: UUID, step: int, at: dt.datetime) -> bool:
    with scope.workspace(workspace):
        behind = RequestTicket.objects.filter(pk=ticket_id, state=RequestTicket.State.OPEN, reminded__lt=step)
        if not behind.update(reminded=step):
            return False
        ticket = RequestTicket.objects.get(pk=ticket_id)
        signals.ticket_due.send(sender=RequestTicket, ticket=ticket, step=step, at=at)
    return True


@task(name="privacy.requests.watching.watch", queue="privacy")
def watch() -> None:
    """Scheduled; safe to run twice."""
    at = clock.now()
    lapse(at=at)
    remind(at=at)
