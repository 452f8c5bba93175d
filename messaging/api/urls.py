"""Addresses of the API. No address holds a number, a reference or a text, except where a filter asks for it."""

from django.urls import path

from messaging.api import (
    explorer,
    messages,
    privacy_requests,
    security_notices,
    senders,
    suppressions,
    templates,
    webhook_deliveries,
    webhook_endpoints,
)

ENDPOINT = "v1/webhook_endpoints/<str:endpoint_id>"
DELIVERY = "v1/webhook_deliveries/<str:delivery_id>"
TICKET = "v1/privacy_requests/<str:ticket_id>"

urlpatterns = [
    path("v1/messages", messages.Messages.as_view()),
    path("v1/messages/batch", messages.Batch.as_view()),
    path("v1/messages/preview", messages.Preview.as_view()),
    path("v1/messages/search", messages.Search.as_view()),
    path("v1/messages/<str:message_id>", messages.One.as_view()),
    path("v1/messages/<str:message_id>/cancel", messages.Cancel.as_view()),
    path("v1/messages/<str:message_id>/redact", messages.Redact.as_view()),
    path("v1/senders", senders.Senders.as_view()),
    path("v1/senders/<str:sender_id>", senders.OneSender.as_view()),
    path("v1/templates", templates.Templates.as_view()),
    path("v1/templates/<str:template_id>", templates.OneTemplate.as_view()),
    path("v1/suppressions", suppressions.Suppressions.as_view()),
    path("v1/suppressions/<str:suppression_id>", suppressions.OneSuppression.as_view()),
    path("v1/security_notices", security_notices.SecurityNotices.as_view()),
    path("v1/privacy_requests", privacy_requests.PrivacyRequests.as_view()),
    path("v1/privacy_requests/settings", privacy_requests.Automatic.as_view()),
    path(TICKET, privacy_requests.OnePrivacyRequest.as_view()),
    path(f"{TICKET}/accept", privacy_requests.Accept.as_view()),
    path(f"{TICKET}/refuse", privacy_requests.Refuse.as_view()),
    path("v1/webhook_endpoints", webhook_endpoints.Endpoints.as_view()),
    path(ENDPOINT, webhook_endpoints.OneEndpoint.as_view()),
    path(f"{ENDPOINT}/rotate_secret", webhook_endpoints.RotateSecret.as_view()),
    path(f"{ENDPOINT}/test", webhook_endpoints.Test.as_view()),
    path(f"{ENDPOINT}/deliveries", webhook_endpoints.Deliveries.as_view()),
    path(f"{ENDPOINT}/replay", webhook_endpoints.Replay.as_view()),
    path(DELIVERY, webhook_deliveries.OneDelivery.as_view()),
    path(f"{DELIVERY}/replay", webhook_deliveries.ReplayDelivery.as_view()),
    path("v1/openapi.json", explorer.document, name="openapi"),
    path("api/explorer", explorer.explorer, name="explorer"),
]
