"""Pages of messages. No address holds a number, a reference or a text."""

from django.urls import include, path

from messaging.views import api_keys, exports, handsets, message, messages, overview, send

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
    path("handsets", handsets.handsets, name="handsets"),
]
