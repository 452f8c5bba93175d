"""Mail about messaging to the people of a workspace."""

import datetime as dt
import logging
from urllib.parse import urlsplit
from uuid import UUID

from accounts.models import Membership, User, Workspace
from accounts.roles import Role
from messaging.models import Delivery, WebhookEndpoint
from smsplatform.lib import ids, mail
from smsplatform.lib.tenancy import scope

logger = logging.getLogger(__name__)
CARERS = (Role.OWNER, Role.DEVELOPER)


def webhook_disabled(*, workspace: UUID, endpoint: UUID, at: dt.datetime) -> int:
    """Tell owners and developers that an endpoint was switched off; how many were told. Nothing if it is on again."""
    with scope.workspace(workspace):
        row = WebhookEndpoint.objects.filter(id=endpoint, enabled=False).first()
        if row is None:
            return 0
        context = _context(row, at)
        people = _people(workspace)
    if not people:
        return 0
    try:
        return mail.send("messaging/webhook_disabled", to=people, context=context)
    except mail.Undelivered as error:
        logger.warning("mail_undelivered", extra={"error": error.code})
        return 0


def _context(row: WebhookEndpoint, at: dt.datetime) -> dict[str, str]:
    failed = Delivery.objects.filter(endpoint_id=row.id, state__in=("exhausted", "dropped")).order_by("id")
    last = failed.exclude(last_error=None).last()
    first = failed.first()
    return {
        "endpoint": ids.encode(ids.WEBHOOK, row.id),
        "host": urlsplit(row.url).hostname or "",
        "workspace": Workspace.objects.values_list("name", flat=True).get(id=row.workspace_id),
        "reason": row.disabled_reason,
        "last": _last(last),
        "since": (first.occurred_at if first else at).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "at": at.strftime("%Y-%m-%d %H:%M UTC"),
    }


def _last(delivery: Delivery | None) -> str:
    if delivery is None:
        return "-"
    return f"HTTP {delivery.last_status}" if delivery.last_status else str(delivery.last_error)


def _people(workspace: UUID) -> list[User]:
    """Who can sign in and see to it, in the open scope."""
    carers = Membership.objects.filter(workspace_id=workspace, role__in=CARERS, user__is_active=True)
    return [membership.user for membership in carers.select_related("user").order_by("id")]
