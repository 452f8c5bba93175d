"""The source addresses of a workspace."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Scope
from messaging import provisioning
from messaging.api.documents import SenderDocument, SenderRequest
from messaging.api.once import CODES, once
from messaging.models import Sender
from smsplatform.lib import ids
from smsplatform.lib.api.openapi import documented
from smsplatform.lib.api.problems import Problem
from smsplatform.lib.api.views import ApiView, Nothing, decoded

TAG = "Senders"


class Senders(ApiView):
    scopes = {"GET": Scope.MESSAGES_READ, "POST": Scope.MESSAGES_SEND}

    @documented("list_senders", tag=TAG, answers={200: SenderDocument}, listed=True)
    def get(self, request: Request) -> Response:
        """List senders"""
        self.filters(Nothing)
        page = self.page(_kept(self.workspace_id))
        return self.listed(page, [shown(sender) for sender in page.rows])

    @documented("create_sender", tag=TAG, answers={201: SenderDocument}, request=SenderRequest, idempotent=True,
                codes=(*CODES, "invalid_sender", "conflict", "not_found"))  # fmt: skip
    def post(self, request: Request) -> Response:
        """Register a sender

        A name of 3 to 11 plain characters, a number in E.164, or a short code. It works with test keys at once. With a
        purpose it goes to review, and works with live keys once it is approved.
        """
        wanted = self.document(SenderRequest)

        def make() -> tuple[UUID, Response]:
            sender = self._registered(wanted)
            return sender.id, Response(shown(sender), 201)

        return once(self, make, rows=_kept(self.workspace_id), shown=shown)

    def _registered(self, wanted: SenderRequest) -> Sender:
        try:
            return provisioning.register_sender(
                workspace=self.workspace_id, address=wanted.address, purpose=wanted.purpose or "",
                example=wanted.example or "", by=self.key_id, at=self.at,
            )  # fmt: skip
        except provisioning.InvalidSender:
            raise Problem.single("invalid_sender", "#/address") from None
        except provisioning.SenderTaken:
            raise Problem.single("conflict", detail="The workspace has this sender already.") from None


class OneSender(ApiView):
    scopes = {"GET": Scope.MESSAGES_READ, "DELETE": Scope.MESSAGES_SEND}

    @documented("read_sender", tag=TAG, answers={200: SenderDocument}, codes=("not_found",))
    def get(self, request: Request, sender_id: str) -> Response:
        """Read a sender"""
        return Response(shown(self._found(sender_id)))

    @documented("withdraw_sender", tag=TAG, answers={204: None}, codes=("not_found",))
    def delete(self, request: Request, sender_id: str) -> Response:
        """Withdraw a sender

        New messages under it are refused from now on, in both modes.
        """
        provisioning.withdraw_sender(sender=self._found(sender_id), by=self.key_id, at=self.at)
        return Response(status=204)

    def _found(self, sender_id: str) -> Sender:
        sender = _kept(self.workspace_id).filter(id=decoded(ids.SENDER, sender_id)).first()
        if sender is None:
            raise Problem.single("not_found")
        return sender


def _kept(workspace: UUID) -> QuerySet[Sender]:
    return Sender.objects.filter(workspace_id=workspace).exclude(state=Sender.State.WITHDRAWN)


def shown(sender: Sender) -> dict[str, Any]:
    """A sender as JSON."""
    return {
        "id": ids.encode(ids.SENDER, sender.id),
        "object": "sender",
        "address": sender.address,
        "kind": sender.kind,
        "state": sender.state,
        "reason": sender.reason,
        "default": sender.is_default,
        "created_at": sender.created_at,
    }
