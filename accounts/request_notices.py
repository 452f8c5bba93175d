"""What a workspace's people are told of requests about data: that there is one, that time runs out, that it is over.

What the workspace's switches decide by themselves is on the list and in the activity; nobody is written to about it.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from accounts import notices, notifications
from accounts.models import Notification, Workspace
from accounts.models.notification import Category
from accounts.roles import PERMISSIONS, Scope
from privacy.models import RequestTicket
from privacy.models.data_request import Kind
from privacy.requests import signals, tickets
from smsplatform.lib import clock, ids, mail

OPENED, DUE, LATE = "privacy_request", "privacy_request_due", "privacy_request_late"
ADDRESS = "/privacy-requests"
TOLD = tuple(role for role, may in PERMISSIONS.items() if Scope.PRIVACY_READ in may)


@receiver(signals.ticket_opened, dispatch_uid="accounts.request_notices.opened")
def opened(ticket: RequestTicket, at: dt.datetime, **kwargs: Any) -> None:
    """Somebody asked, and somebody has to decide."""
    if not tickets.is_automatic(ticket.workspace_id, ticket.kind):
        _tell(OPENED, ticket, at)


@receiver(signals.ticket_due, dispatch_uid="accounts.request_notices.due")
def due(ticket: RequestTicket, step: int, at: dt.datetime, **kwargs: Any) -> None:
    """Nobody has decided yet; ``step`` counts the reminders."""
    _tell(LATE if ticket.due_at <= at else DUE, ticket, at)


def _tell(kind: str, ticket: RequestTicket, at: dt.datetime) -> None:
    params = {"ticket": str(ticket)}
    people = notices.people(ticket.workspace_id, *TOLD)
    notifications.notify(workspace=ticket.workspace_id, kind=kind, people=people, params=params, at=at)


def _context(row: Notification) -> Mapping[str, Any] | None:
    """What the mail says; nothing when the ticket was decided in the meantime."""
    ticket = RequestTicket.objects.filter(
        pk=ids.decode(ids.TICKET, row.params["ticket"]), state=RequestTicket.State.OPEN
    ).first()
    if ticket is None:
        return None
    return {
        "workspace": Workspace.objects.values_list("name", flat=True).get(pk=row.workspace_id),
        "kind": Kind(ticket.kind).label,
        "reminder": row.kind != OPENED,
        "due": ticket.due_at,
        "overdue": ticket.due_at <= clock.now(),
        "url": mail.link(_address(row.params)),
    }


def _address(params: Mapping[str, str]) -> str:
    return f"{ADDRESS}/{params['ticket']}"


for _kind, _title, _icon in (
    (OPENED, _("Somebody you texted asks about their data"), "hand-raised"),
    (DUE, _("A request about data is to be answered soon"), "clock"),
    (LATE, _("A request about data is overdue"), "exclamation-triangle"),
):
    notifications.register(
        _kind,
        notifications.Kind(
            category=Category.PRIVACY, title=_title, icon=_icon, url=_address, template="accounts/privacy_request",
            context=_context,
        ),
    )  # fmt: skip
