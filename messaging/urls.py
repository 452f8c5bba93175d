"""Pages of messages. No address holds a number, a reference or a text."""

from django.urls import include, path

from messaging.views import api_keys, deliveries, exports, handsets, message, messages, overview, send, webhooks

urlpatterns = [
    path("", include("messaging.api.urls")),
    path("overview", overview.overview, name="overview"),
    path("overview/recent", overview.recent, name="overview_recent"),
    path("overview/steps", overview.hide_steps, name="hide_steps"),
    path("messages", messages.index, name="messages"),
    path("messages/tail", messages.tail, name="messages_tail"),
    path("messages/search", messages.search, name="messages_search"),
    path("messages/<slug:message_id>", message.show, name="message"),
    path("messages/<slug:message_id>/cancel", message.cancel, name="message_cancel"),
    path("messages/<slug:message_id>/redact", message.redact, name="message_redact"),
    path("exports", exports.index, name="exports"),
    path("exports/<slug:export_id>/download", exports.download, name="export_download"),
    path("exports/<slug:export_id>/retry", exports.retry, name="export_retry"),
    path("exports/<slug:export_id>/remove", exports.remove, name="export_remove"),
    path("send", send.send, name="send"),
    path("send/preview", send.preview, name="send_preview"),
    path("api-keys", api_keys.index, name="api_keys"),
    path("api-keys/new", api_keys.create, name="api_key_create"),
    path("api-keys/<slug:key_id>", api_keys.edit, name="api_key_edit"),
    path("api-keys/<slug:key_id>/rotate", api_keys.rotate, name="api_key_rotate"),
    path("api-keys/<slug:key_id>/revoke", api_keys.revoke, name="api_key_revoke"),
    path("webhooks", webhooks.index, name="webhooks"),
    path("webhooks/new", webhooks.create, name="webhook_create"),
    path("webhooks/deliveries/<slug:delivery_id>", deliveries.show, name="webhook_delivery"),
    path("webhooks/deliveries/<slug:delivery_id>/replay", deliveries.replay, name="webhook_delivery_replay"),
    path("webhooks/<slug:endpoint_id>", webhooks.show, name="webhook"),
    path("webhooks/<slug:endpoint_id>/edit", webhooks.edit, name="webhook_edit"),
    path("webhooks/<slug:endpoint_id>/switch", webhooks.switch, name="webhook_switch"),
    path("webhooks/<slug:endpoint_id>/rotate", webhooks.rotate, name="webhook_rotate"),
    path("webhooks/<slug:endpoint_id>/test", webhooks.test, name="webhook_test"),
    path("webhooks/<slug:endpoint_id>/replay", deliveries.replay_window, name="webhook_replay"),
    path("webhooks/<slug:endpoint_id>/delete", webhooks.delete, name="webhook_delete"),
    path("handsets", handsets.handsets, name="handsets"),
]
