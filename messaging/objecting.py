"""What messaging does when people ask about their data: it stops texting them, and tells the workspace's programs.

Called by ``privacy.requests`` through its signals, in the open scope of the workspace and in the ticket's transaction.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.dispatch import receiver

from messaging import suppressing, webhooks
from messaging.models import Suppression
from privacy.models import RequestTicket
from privacy.requests import signals
from smsplatform.lib.tenancy import scope


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
    with connections["default"].cursor() as cursor:
        token = scope.token(ticket.workspace_id)
        cursor.execute("SELECT pipeline.emit_privacy_request(%s, %s, %s)", [token, ticket.pk, at])
    transaction.on_commit(webhooks.wake, robust=True)
