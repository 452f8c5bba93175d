"""Pages of messages. No address holds a number, a reference or a text."""

from django.urls import include, path

from messaging.views import handsets, message, messages, send

urlpatterns = [
    path("", include("messaging.api.urls")),
    path("", messages.home, name="home"),
    path("messages", messages.index, name="messages"),
    path("messages/tail", messages.tail, name="messages_tail"),
    path("messages/search", messages.search, name="messages_search"),
    path("messages/<slug:message_id>", message.show, name="message"),
    path("messages/<slug:message_id>/cancel", message.cancel, name="message_cancel"),
    path("messages/<slug:message_id>/redact", message.redact, name="message_redact"),
    path("send", send.send, name="send"),
    path("send/preview", send.preview, name="send_preview"),
    path("handsets", handsets.handsets, name="handsets"),
]
