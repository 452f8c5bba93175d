"""What messaging tells the people of a workspace: on their page of notifications and by mail.

That an endpoint was switched off is written by the database function that switches it off (``sql/disabled.sql``), for
owners and developers.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from accounts import notifications
from accounts.models import ApiKey, Notification, User, Workspace
from accounts.models.notification import Category
from messaging.models import Delivery, Sender, WebhookEndpoint
from smsplatform.lib import ids, mail


def _disabled(row: Notification) -> dict[str, str] | None:
    """What the mail says; nothing when the endpoint is on again or gone."""
    endpoint = WebhookEndpoint.objects.filter(id=UUID(row.params["endpoint"]), enabled=False).first()
    return _context(endpoint, row.at) if endpoint else None


def _context(row: WebhookEndpoint, at: dt.datetime) -> dict[str, str]:
    failed = Delivery.objects.filter(endpoint_id=row.id, state__in=("exhausted", "dropped")).order_by("id")
    last = failed.exclude(last_error=None).last()
    first = failed.first()
    return {
        "endpoint": ids.encode(ids.WEBHOOK, row.id),
        "host": urlsplit(row.url).hostname or "",
        "workspace": _workspace(row.workspace_id),
        "reason": row.disabled_reason,
        "last": _last(last),
        "since": (first.occurred_at if first else at).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "at": at.strftime("%Y-%m-%d %H:%M UTC"),
    }


def _last(delivery: Delivery | None) -> str:
    if delivery is None:
        return "-"
    return f"HTTP {delivery.last_status}" if delivery.last_status else str(delivery.last_error)


def _to(url_name: str) -> Callable[[Mapping[str, str]], str]:
    """The address of a page, empty when this installation has none."""

    def address(params: Mapping[str, str]) -> str:
        try:
            return reverse(url_name)
        except NoReverseMatch:
            return ""

    return address


def _decided(row: Notification) -> dict[str, Any] | None:
    """What the mail says; nothing when the sender was changed since."""
    sender = Sender.objects.filter(pk=UUID(row.params["sender"]), state=row.params["state"]).first()
    if sender is None:
        return None
    return {
        "workspace": _workspace(row.workspace_id), "sender": sender.address, "reason": sender.reason or "",
        "approved": sender.state == Sender.State.APPROVED, "url": mail.link("/senders"),
    }  # fmt: skip


def decided(*, sender: Sender, people: Sequence[User], at: dt.datetime) -> None:
    """Tell what became of a sender's review, in the open scope."""
    params = {"sender": str(sender.pk), "state": sender.state}
    notifications.notify(workspace=sender.workspace_id, kind="sender_decided", people=people, params=params, at=at)


def _low(row: Notification) -> dict[str, Any]:
    return {
        "workspace": _workspace(row.workspace_id), "days": int(row.params["days"]), "url": mail.link("/"),
    }  # fmt: skip


def _elsewhere(row: Notification) -> dict[str, Any] | None:
    """What the mail says; nothing when the key was revoked since."""
    key = ApiKey.objects.filter(pk=UUID(row.params["key"]), revoked_at=None).first()
    if key is None:
        return None
    return {
        "workspace": _workspace(row.workspace_id), "name": key.name, "last4": key.last4,
        "times": int(row.params["times"]), "url": mail.link("/api-keys"),
    }  # fmt: skip


def _workspace(workspace_id: UUID) -> str:
    name: str = Workspace.objects.values_list("name", flat=True).get(id=workspace_id)
    return name


notifications.register(
    "sender_decided",
    notifications.Kind(
        category=Category.DELIVERY,
        title=_("A sender was reviewed"),
        icon="identification",
        url=_to("senders"),
        template="messaging/sender_decided",
        context=_decided,
    ),
)
notifications.register(
    "balance_low",
    notifications.Kind(
        category=Category.BILLING,
        title=_("The balance is running low"),
        icon="banknotes",
        url=_to("overview"),
        template="messaging/balance_low",
        context=_low,
    ),
)
notifications.register(
    "key_elsewhere",
    notifications.Kind(
        category=Category.SECURITY,
        title=_("A key was used from elsewhere"),
        icon="key",
        url=_to("api_keys"),
        template="messaging/key_elsewhere",
        context=_elsewhere,
    ),
)
notifications.register(
    "webhook_disabled",
    notifications.Kind(
        category=Category.WEBHOOKS,
        title=_("A webhook endpoint was switched off"),
        icon="bolt-slash",
        url=_to("webhooks"),
        template="messaging/webhook_disabled",
        context=_disabled,
    ),
)
