"""Single deliveries of webhook events."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Scope
from messaging import endpoints, webhooks
from messaging.api.documents import DeliveryDocument, DeliveryFilter
from messaging.models import Delivery, WebhookEndpoint
from smsplatform.lib import ids
from smsplatform.lib.api.openapi import documented
from smsplatform.lib.api.problems import FieldError, Problem
from smsplatform.lib.api.views import ApiView, decoded

TAG = "Webhooks"
READABLE = dt.timedelta(days=90)


class DeliveryView(ApiView):
    """What the views of one delivery share."""

    def found(self, delivery_id: str) -> Delivery:
        """A delivery to an endpoint that this key may see. Raises ``Problem`` (404)."""
        wanted = decoded(ids.DELIVERY, delivery_id)
        ours = WebhookEndpoint.objects.filter(workspace_id=self.workspace_id, livemode=self.livemode)
        rows = Delivery.objects.filter(workspace_id=self.workspace_id, id=wanted, id__gte=ids.floor(self.at - READABLE))
        delivery = rows.filter(endpoint_id__in=ours.values("id")).first()
        if delivery is None:
            raise Problem.single("not_found")
        return delivery


class OneDelivery(DeliveryView):
    scopes = {"GET": Scope.WEBHOOKS_READ}

    @documented("read_webhook_delivery", tag=TAG, answers={200: DeliveryDocument}, codes=("not_found",))
    def get(self, request: Request, delivery_id: str) -> Response:
        """Read a delivery"""
        return Response(shown_delivery(self.found(delivery_id)))


class ReplayDelivery(DeliveryView):
    scopes = {"POST": Scope.WEBHOOKS_WRITE}

    @documented("replay_webhook_delivery", tag=TAG, answers={202: DeliveryDocument},
                codes=("not_found", "endpoint_disabled", "conflict"))  # fmt: skip
    def post(self, request: Request, delivery_id: str) -> Response:
        """Make a delivery again

        With the same event id. One that waits for its next attempt is tried at once, and its schedule begins anew; one
        that is just being tried is left alone.
        """
        delivery = self.found(delivery_id)
        if not WebhookEndpoint.objects.filter(id=delivery.endpoint_id, enabled=True).exists():
            raise Problem.single("endpoint_disabled")
        if not endpoints.replay(workspace=self.workspace_id, delivery=delivery.id, by=self.key_id, at=self.at):
            raise Problem.single("conflict", detail="The delivery is just being tried.")
        transaction.on_commit(webhooks.wake)
        delivery.refresh_from_db()
        return Response(shown_delivery(delivery), 202)


def matching(chosen: DeliveryFilter, *, workspace: UUID, at: dt.datetime) -> QuerySet[Delivery]:
    """The workspace's deliveries that ``chosen`` means. Raises ``Problem``."""
    rows = Delivery.objects.filter(workspace_id=workspace, id__gte=ids.floor(at - READABLE))
    if chosen.message is not None:
        try:
            rows = rows.filter(message_id=ids.decode(ids.MESSAGE, chosen.message))
        except ids.InvalidId:
            raise Problem.of([FieldError(pointer="?message", code="invalid_id")]) from None
    plain = {"state": chosen.state, "type": chosen.type}
    return rows.filter(**{name: value for name, value in plain.items() if value is not None})


def shown_delivery(delivery: Delivery) -> dict[str, Any]:
    """A delivery as JSON."""
    waiting = delivery.state == Delivery.State.PENDING
    return {
        "id": ids.encode(ids.DELIVERY, delivery.id),
        "object": "webhook_delivery",
        "endpoint_id": ids.encode(ids.WEBHOOK, delivery.endpoint_id),
        "event_id": ids.encode(ids.EVENT, delivery.event_id),
        "message_id": ids.encode(ids.MESSAGE, delivery.message_id) if delivery.message_id else None,
        "type": delivery.type,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "next_attempt_at": delivery.due_at if waiting else None,
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
        "occurred_at": delivery.occurred_at,
        "finished_at": delivery.finished_at,
    }
