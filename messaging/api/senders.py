"""The source addresses of a workspace."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Scope
from messaging.api.documents import SenderDocument
from messaging.models import Sender
from smsplatform.lib import ids
from smsplatform.lib.api.openapi import documented
from smsplatform.lib.api.views import ApiView, Nothing


class Senders(ApiView):
    scopes = {"GET": Scope.MESSAGES_READ}

    @documented("list_senders", tag="Senders", answers={200: SenderDocument}, listed=True)
    def get(self, request: Request) -> Response:
        """List senders"""
        self.filters(Nothing)
        page = self.page(Sender.objects.filter(workspace_id=self.workspace_id))
        return self.listed(page, [shown(sender) for sender in page.rows])


def shown(sender: Sender) -> dict[str, Any]:
    """A sender as JSON."""
    return {
        "id": ids.encode(ids.SENDER, sender.id),
        "object": "sender",
        "address": sender.address,
        "kind": sender.kind,
        "state": sender.state,
        "default": sender.is_default,
        "created_at": sender.created_at,
    }
