"""What messaging tells the people of a workspace: on their page of notifications and by mail.

That an endpoint was switched off is written by the database function that switches it off (``sql/disabled.sql``), for
owners and developers.
"""

import datetime as dt
from collections.abc import Mapping
from urllib.parse import urlsplit
from uuid import UUID

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from accounts import notifications
from accounts.models import Notification, Workspace
from accounts.models.notification import Category
from messaging.models import Delivery, WebhookEndpoint
from smsplatform.lib import ids


def _disabled(row: Notification) -> dict[str, str] | None:
    """What the mail says; nothing when the endpoint is on again or gone."""
    endpoint = WebhookEndpoint.objects.filter(id=UUID(row.params["endpoint"]), enabled=False).first()
    return _context(endpoint, row.at) if endpoint else None


def _webhooks(params: Mapping[str, str]) -> str:
    try:
        return reverse("webhooks")
    except NoReverseMatch:
        return ""


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


notifications.register(
    "webhook_disabled",
    notifications.Kind(
        category=Category.WEBHOOKS,
        title=_("A webhook endpoint was switched off"),
        icon="bolt-slash",
        url=_webhooks,
        template="messaging/webhook_disabled",
        context=_disabled,
    ),
)
