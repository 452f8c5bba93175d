"""Where a workspace hears what happened: endpoints, their secrets, tests and replays."""

from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Scope
from messaging import endpoints, webhooks
from messaging.api.documents import (
    DeliveryDocument,
    DeliveryFilter,
    EndpointChange,
    EndpointDocument,
    EndpointRequest,
    ReplayDocument,
    ReplayRequest,
    SecretRequest,
)
from messaging.api.once import CODES, once
from messaging.api.webhook_deliveries import matching, shown_delivery
from messaging.models import Delivery, WebhookEndpoint
from smsplatform.lib import ids
from smsplatform.lib.api.openapi import documented
from smsplatform.lib.api.problems import FieldError, Problem
from smsplatform.lib.api.views import ApiView, Nothing, decoded

TAG = "Webhooks"
URLS = ("url_invalid", "url_not_https", "url_forbidden_port", "url_forbidden_address", "unknown_event_type")


class EndpointView(ApiView):
    """What the views of one endpoint share."""

    def endpoints(self) -> QuerySet[WebhookEndpoint]:
        """Those that this key may see."""
        return WebhookEndpoint.objects.filter(workspace_id=self.workspace_id, livemode=self.livemode)

    def found(self, endpoint_id: str) -> WebhookEndpoint:
        """One of them. Raises ``Problem`` (404)."""
        endpoint = self.endpoints().filter(id=decoded(ids.WEBHOOK, endpoint_id)).first()
        if endpoint is None:
            raise Problem.single("not_found")
        return endpoint


class Endpoints(EndpointView):
    scopes = {"GET": Scope.WEBHOOKS_READ, "POST": Scope.WEBHOOKS_WRITE}

    @documented("list_webhook_endpoints", tag=TAG, answers={200: EndpointDocument}, listed=True)
    def get(self, request: Request) -> Response:
        """List webhook endpoints

        Those of the key's mode: a test key sees endpoints for test messages.
        """
        self.filters(Nothing)
        page = self.page(self.endpoints())
        return self.listed(page, [shown(endpoint) for endpoint in page.rows])

    @documented("create_webhook_endpoint", tag=TAG, answers={201: EndpointDocument}, request=EndpointRequest,
                idempotent=True, codes=(*URLS, *CODES, "too_many_endpoints", "not_found"))  # fmt: skip
    def post(self, request: Request) -> Response:
        """Create a webhook endpoint

        The answer holds the signing secret; it is not shown again. With signature ed25519 there is none to keep: the
        public key checks events, and is in every answer. Events follow Standard Webhooks 1.0.
        """
        values = msgspec.structs.asdict(self.document(EndpointRequest))

        def make() -> tuple[UUID, Response]:
            made = endpoints.create(
                workspace=self.workspace_id, livemode=self.livemode, values=values, by=self.key_id, at=self.at
            )
            return made.id, Response(_told(made), 201)

        return once(self, make, rows=self.endpoints(), shown=shown)


class OneEndpoint(EndpointView):
    scopes = {"GET": Scope.WEBHOOKS_READ, "PATCH": Scope.WEBHOOKS_WRITE, "DELETE": Scope.WEBHOOKS_WRITE}

    @documented("read_webhook_endpoint", tag=TAG, answers={200: EndpointDocument}, codes=("not_found",))
    def get(self, request: Request, endpoint_id: str) -> Response:
        """Read a webhook endpoint"""
        return Response(shown(self.found(endpoint_id)))

    @documented("change_webhook_endpoint", tag=TAG, answers={200: EndpointDocument}, request=EndpointChange,
                codes=(*URLS, "not_found"))  # fmt: skip
    def patch(self, request: Request, endpoint_id: str) -> Response:
        """Change a webhook endpoint

        Fields left out stay. enabled true switches an endpoint on again after it was disabled.
        """
        endpoint = self.found(endpoint_id)
        values = msgspec.structs.asdict(self.document(EndpointChange))
        given = {name: value for name, value in values.items() if value is not msgspec.UNSET}
        endpoints.change(endpoint=endpoint, values=given, by=self.key_id, at=self.at)
        return Response(shown(endpoint))

    @documented("delete_webhook_endpoint", tag=TAG, answers={204: None}, codes=("not_found",))
    def delete(self, request: Request, endpoint_id: str) -> Response:
        """Delete a webhook endpoint

        What waits for it is dropped.
        """
        endpoints.delete(endpoint=self.found(endpoint_id), by=self.key_id, at=self.at)
        return Response(status=204)


class RotateSecret(EndpointView):
    scopes = {"POST": Scope.WEBHOOKS_WRITE}

    @documented("rotate_webhook_secret", tag=TAG, answers={200: EndpointDocument}, request=SecretRequest,
                bodiless=True, idempotent=True, codes=(*CODES, "not_found"))  # fmt: skip
    def post(self, request: Request, endpoint_id: str) -> Response:
        """Make a new signing secret

        For 24 hours events are signed with both, so you can change over without missing one; from one signature to the
        other too.
        """
        endpoint = self.found(endpoint_id)
        wanted = self.document(SecretRequest) if self.raw() else SecretRequest()

        def make() -> tuple[UUID, Response]:
            endpoints.rotate_secret(endpoint=endpoint, signature=wanted.signature, by=self.key_id, at=self.at)
            return endpoint.id, Response(_told(endpoint))

        return once(self, make, rows=self.endpoints(), shown=shown, status=200)


class Test(EndpointView):
    scopes = {"POST": Scope.WEBHOOKS_WRITE}

    @documented("test_webhook_endpoint", tag=TAG, answers={202: DeliveryDocument}, idempotent=True,
                codes=(*CODES, "not_found", "endpoint_disabled"))  # fmt: skip
    def post(self, request: Request, endpoint_id: str) -> Response:
        """Send a test event

        Of type webhook.test, whatever types the endpoint asked for. Read its delivery to see how it went.
        """
        endpoint = self.found(endpoint_id)
        rows = Delivery.objects.filter(workspace_id=self.workspace_id, endpoint_id=endpoint.id)

        def make() -> tuple[UUID, Response]:
            made = endpoints.test(endpoint=endpoint, by=self.key_id, at=self.at)
            transaction.on_commit(webhooks.wake)
            return made, Response(shown_delivery(rows.get(id=made)), 202)

        return once(self, make, rows=rows, shown=shown_delivery, status=202)


class Deliveries(EndpointView):
    scopes = {"GET": Scope.WEBHOOKS_READ}

    @documented("list_webhook_deliveries", tag=TAG, answers={200: DeliveryDocument}, query=DeliveryFilter, listed=True,
                codes=("not_found",))  # fmt: skip
    def get(self, request: Request, endpoint_id: str) -> Response:
        """List an endpoint's deliveries"""
        endpoint = self.found(endpoint_id)
        rows = matching(self.filters(DeliveryFilter), workspace=self.workspace_id, at=self.at)
        page = self.page(rows.filter(endpoint_id=endpoint.id))
        return self.listed(page, [shown_delivery(delivery) for delivery in page.rows])


class Replay(EndpointView):
    scopes = {"POST": Scope.WEBHOOKS_WRITE}

    @documented("replay_webhook_endpoint", tag=TAG, answers={202: ReplayDocument}, request=ReplayRequest,
                codes=("not_found", "endpoint_disabled"))  # fmt: skip
    def post(self, request: Request, endpoint_id: str) -> Response:
        """Make deliveries of a time window again

        Event ids stay the same, so a receiver that remembers them is safe. failed_only leaves out what was delivered.
        """
        endpoint, wanted = self.found(endpoint_id), self.document(ReplayRequest)
        for name, moment in (("since", wanted.since), ("until", wanted.until)):
            if moment is not None and moment.tzinfo is None:
                raise Problem.of([FieldError(pointer=f"#/{name}", code="zone_missing")])
        if not endpoint.enabled:
            raise Problem.single("endpoint_disabled")
        count = endpoints.replay(
            workspace=self.workspace_id, endpoint=endpoint.id, since=wanted.since, until=wanted.until,
            failed_only=wanted.failed_only, by=self.key_id, at=self.at,
        )  # fmt: skip
        transaction.on_commit(webhooks.wake)
        return Response({"object": "replay", "deliveries": count}, 202)


def shown(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """An endpoint as JSON, without its secret."""
    return {
        "id": ids.encode(ids.WEBHOOK, endpoint.id),
        "object": "webhook_endpoint",
        "url": endpoint.url,
        "types": endpoint.types,
        "content": endpoint.content,
        "description": endpoint.description,
        "enabled": endpoint.enabled,
        "disabled_reason": endpoint.disabled_reason or None,
        "livemode": endpoint.livemode,
        "previous_secret_until": endpoint.previous_until,
        "signature": endpoint.signature,
        "public_key": endpoint.public_key,
        "created_at": endpoint.created_at,
    }


def _told(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """As ``shown``, with a secret that the receiver needs."""
    return shown(endpoint) | ({"secret": endpoint.shared_secret} if endpoint.shared_secret else {})
