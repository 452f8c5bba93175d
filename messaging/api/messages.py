"""Sending, previewing, reading, and taking back messages."""

from typing import Any, cast
from uuid import UUID

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.keys import KeyInfo
from accounts.roles import Scope
from messaging import decoding, presenting, previewing, recall, searching, sources, webhooks
from messaging.api import sending, timelines
from messaging.api.documents import (
    BatchDocument,
    BatchRequest,
    MessageDocument,
    MessageFilter,
    PreviewDocument,
    PreviewRequest,
    SearchRequest,
)
from messaging.api.once import key_of
from messaging.drafting import Draft, SendRequest, Source
from messaging.gate import refusal
from messaging.models import Message
from smsplatform.lib import ids
from smsplatform.lib.api import pages
from smsplatform.lib.api.openapi import documented
from smsplatform.lib.api.problems import Problem
from smsplatform.lib.api.views import ApiView, decoded

TAG = "Messages"
SENDING = (
    "insufficient_balance", "suppressed_recipient", "sender_not_allowed", "country_not_allowed", "spend_limited",
    "too_many_callbacks",
    "idempotency_key_reused", "idempotency_in_progress", "rate_limited",
)  # fmt: skip


class MessageView(ApiView):
    """What the views of messages share."""

    @property
    def info(self) -> KeyInfo:
        """The key in full."""
        return cast(KeyInfo, self.request.auth)

    def source(self) -> Source:
        """What this key's messages need."""
        return sources.for_key(self.info)

    def found(self, message_id: str) -> UUID:
        """The id of a message that this key may see. Raises ``Problem`` (404)."""
        wanted = decoded(ids.MESSAGE, message_id)
        rows = Message.objects.readable(at=self.at).filter(id=wanted, workspace_id=self.workspace_id)
        if not rows.filter(livemode=self.livemode).exists():
            raise Problem.single("not_found")
        return wanted

    def shown(self, wanted: UUID) -> dict[str, Any]:
        """The message as it is now, with its timeline."""
        message = Message.objects.with_state().get(id=wanted, workspace_id=self.workspace_id)
        return {**presenting.of_row(message, at=self.at), "timeline": timelines.of(message)}

    def listing(
        self, chosen: MessageFilter, params: dict[str, str], *, to: str | None = None, where: str
    ) -> tuple[pages.Page[Message], list[Any]]:
        """A page of messages; ``where`` says whether the filters are in the query or the body."""
        rows = searching.matching(
            chosen, workspace=self.workspace_id, livemode=self.livemode, at=self.at, to=to, where=where
        )
        page = pages.read(rows.with_state(), params)
        return page, presenting.of_rows(page.rows, at=self.at)


class Messages(MessageView):
    scopes = {"GET": Scope.MESSAGES_READ, "POST": Scope.MESSAGES_SEND}
    body_max = decoding.SINGLE_MAX
    own_limits = frozenset({"POST"})

    @documented("list_messages", tag=TAG, answers={200: MessageDocument}, query=MessageFilter, listed=True)
    def get(self, request: Request) -> Response:
        """List messages

        Newest first, at most 90 days back. A test key sees test messages only.
        """
        page, data = self.listing(self.filters(MessageFilter), request.query_params, where="?")
        return self.listed(page, data)

    @documented("send_message", tag=TAG, answers={202: MessageDocument}, request=SendRequest, idempotent=True,
                codes=SENDING)  # fmt: skip
    def post(self, request: Request) -> Response:
        """Send a message

        202 means that the message is stored and charged, and will reach a final state.
        """
        body, source = self.raw(), self.source()
        key = key_of(self)
        wanted = decoding.decode(body)
        self.left = sending.limit(self.info, 1)
        try:
            draft = sending.drafted(wanted, source, at=self.at)
        except Problem as problem:
            return sending.again_or(problem, source, key)
        outcomes = sending.accepted([draft], source, key, at=self.at)
        if key and sending.is_replay(outcomes, key):
            return sending.again(source, key)
        if outcomes != ["ok"]:
            raise refusal(outcomes[0], self.info, draft.plan.price, at=self.at)
        return Response(presenting.of_draft(draft, source, at=self.at), 202)


class Batch(MessageView):
    scopes = {"POST": Scope.MESSAGES_SEND}
    body_max = decoding.BATCH_BYTES_MAX
    own_limits = frozenset({"POST"})

    @documented("send_batch", tag=TAG, answers={202: BatchDocument, 422: BatchDocument}, request=BatchRequest,
                idempotent=True, codes=(*SENDING, "batch_too_large"))  # fmt: skip
    def post(self, request: Request) -> Response:
        """Send up to 1,000 messages

        Each is accepted or refused on its own; the answer has one entry per message, in order. 422 when none was
        accepted.
        """
        body, source = self.raw(), self.source()
        key = key_of(self)
        items = decoding.decode_batch(body)
        self.left = sending.limit(self.info, len(items))
        batch_id = ids.uuid7()
        results = [self._draft(item, source, batch_id) for item in items]
        drafts = [result for result in results if isinstance(result, Draft)]
        outcomes = sending.accepted(drafts, source, key, at=self.at)
        if key and sending.is_replay(outcomes, key):
            return sending.again(source, key, results)
        answer = presenting.of_batch(batch_id, results, outcomes, source, at=self.at)
        return Response(answer, 202 if "ok" in outcomes else 422)

    def _draft(self, item: object, source: Source, batch_id: UUID) -> Draft | Problem:
        try:
            return sending.drafted(decoding.convert(item), source, at=self.at, batch_id=batch_id)
        except Problem as problem:
            return problem


class Preview(MessageView):
    scopes = {"POST": Scope.MESSAGES_SEND}

    @documented("preview_messages", tag=TAG, answers={200: PreviewDocument}, request=PreviewRequest)
    def post(self, request: Request) -> Response:
        """See what sending would amount to

        Parts, price by country, characters that cost a part more, and the text with look-alikes replaced, for up to
        1,000 recipients. Nothing is sent, charged or stored.
        """
        return Response(previewing.preview(self.document(PreviewRequest), self.source(), at=self.at))


class Search(MessageView):
    scopes = {"POST": Scope.MESSAGES_READ}

    @documented(
        "search_messages", tag=TAG, answers={200: MessageDocument}, request=SearchRequest, listed=True, paged=False
    )
    def post(self, request: Request) -> Response:
        """Find messages by number or reference

        The filters of the list in a body, so that no number ends up in an address or a log. Continue with cursor.
        """
        chosen = self.document(SearchRequest)
        params = {"limit": str(chosen.limit)} | ({"cursor": chosen.cursor} if chosen.cursor is not None else {})
        page, data = self.listing(chosen, params, to=chosen.to, where="#/")
        return Response(page.to_body(data))


class One(MessageView):
    scopes = {"GET": Scope.MESSAGES_READ, "DELETE": Scope.MESSAGES_ERASE}

    @documented("read_message", tag=TAG, answers={200: MessageDocument}, codes=("not_found",))
    def get(self, request: Request, message_id: str) -> Response:
        """Read a message

        With its timeline: acceptance, each attempt and receipt per part, events, webhook deliveries, final state.
        """
        return Response(self.shown(self.found(message_id)))

    @documented("erase_message", tag=TAG, answers={204: None}, codes=("not_found", "conflict"))
    def delete(self, request: Request, message_id: str) -> Response:
        """Erase a message

        Only when it is final. The ledger keeps the amount under an id that leads nowhere.
        """
        recall.erase(workspace=self.workspace_id, message=self.found(message_id), by=self.key_id, at=self.at)
        return Response(status=204)


class Cancel(MessageView):
    scopes = {"POST": Scope.MESSAGES_SEND}

    @documented("cancel_message", tag=TAG, answers={200: MessageDocument},
                codes=("not_found", "not_cancelable", "already_final"))  # fmt: skip
    def post(self, request: Request, message_id: str) -> Response:
        """Cancel a message

        Possible until a carrier has it. The price is returned.
        """
        wanted = self.found(message_id)
        recall.cancel(workspace=self.workspace_id, message=wanted, by=self.key_id, at=self.at)
        transaction.on_commit(webhooks.wake)
        return Response(self.shown(wanted))


class Redact(MessageView):
    scopes = {"POST": Scope.MESSAGES_ERASE}

    @documented("redact_message", tag=TAG, answers={200: MessageDocument},
                codes=("not_found", "already_redacted", "conflict"))  # fmt: skip
    def post(self, request: Request, message_id: str) -> Response:
        """Redact a message

        Removes text, number, reference and metadata of a final message; status and price stay.
        """
        wanted = self.found(message_id)
        recall.redact(workspace=self.workspace_id, message=wanted, by=self.key_id, at=self.at)
        transaction.on_commit(webhooks.wake)
        return Response(self.shown(wanted))
