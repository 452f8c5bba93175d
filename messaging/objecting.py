"""What messaging does when people ask about their data: it stops texting them, and tells the workspace's programs.

Called by ``privacy.requests`` through its signals, in the open scope of the workspace and in the ticket's transaction.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.dispatch import receiver

from messaging import suppressing, webhooks
from messaging.events import request_event
from messaging.models import Suppression
from privacy.models import RequestTicket
from privacy.requests import signals
from smsplatform.lib.tenancy import scope

DECIDED, CARRIED_OUT = 5, 6  # after the reminders


@receiver(signals.objected, dispatch_uid="messaging.objecting.objected")
def objected(workspace: UUID, msisdn: str, by: UUID, at: dt.datetime, **kwargs: Any) -> None:
    """Nothing is sent to this number any more, whatever its category."""
    suppressing.put(
        workspace=workspace, msisdn=msisdn, reason=Suppression.Reason.OBJECTION,
        source=Suppression.Source.REQUEST, by=by, at=at,
    )  # fmt: skip


@receiver(signals.ticket_opened, dispatch_uid="messaging.objecting.ticket_opened")
def told(ticket: RequestTicket, at: dt.datetime, **kwargs: Any) -> None:
    """A webhook event for endpoints that want it."""
    _emit(ticket, "created", 0, at)


@receiver(signals.ticket_due, dispatch_uid="messaging.objecting.ticket_due")
def reminded(ticket: RequestTicket, step: int, at: dt.datetime, **kwargs: Any) -> None:
    """Each reminder is an event of its own; the last says that it is late."""
    _emit(ticket, "overdue" if ticket.due_at <= at else "due_soon", step, at)


@receiver(signals.ticket_decided, dispatch_uid="messaging.objecting.ticket_decided")
def decided(ticket: RequestTicket, at: dt.datetime, **kwargs: Any) -> None:
    """Accepted, refused, withdrawn, or carried out: programs read from the API which."""
    _emit(ticket, "decided", CARRIED_OUT if ticket.state == RequestTicket.State.DONE else DECIDED, at)


def _emit(ticket: RequestTicket, what: str, happening: int, at: dt.datetime) -> None:
    arguments: list[Any] = [scope.token(ticket.workspace_id), request_event(ticket.pk, happening)]
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pipeline.tell_endpoints(%s, %s, %s, %s)", [*arguments, f"privacy_request.{what}", at])
    transaction.on_commit(webhooks.wake, robust=True)
