"""What people who were texted ask of the workspace, which decides as their controller."""

from typing import Any

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Scope
from messaging.api.privacy_documents import (
    AutomaticChange,
    AutomaticDocument,
    PrivacyRequestDocument,
    PrivacyRequestFilter,
    RefusalRequest,
)
from privacy.models import RequestSettings, RequestTicket
from privacy.requests import tickets
from smsplatform.lib import ids
from smsplatform.lib.api.openapi import documented
from smsplatform.lib.api.problems import Problem
from smsplatform.lib.api.views import ApiView, decoded

TAG = "Privacy requests"
ANSWER = {200: PrivacyRequestDocument}


class PrivacyRequests(ApiView):
    scopes = {"GET": Scope.PRIVACY_READ}

    @documented("list_privacy_requests", tag=TAG, answers=ANSWER, listed=True, query=PrivacyRequestFilter)
    def get(self, request: Request) -> Response:
        """List requests of people about their data

        Keys of either mode see all of them: a person's right has no test mode. The webhook events
        `privacy_request.created`, `.due_soon`, `.overdue` and `.decided` name a request by its id.
        """
        wanted = self.filters(PrivacyRequestFilter)
        rows = RequestTicket.objects.filter(workspace_id=self.workspace_id)
        page = self.page(rows.filter(state=wanted.status) if wanted.status else rows)
        return self.listed(page, [shown(row) for row in page.rows])


class Automatic(ApiView):
    scopes = {"GET": Scope.PRIVACY_READ, "PATCH": Scope.PRIVACY_WRITE}

    @documented("read_privacy_request_settings", tag=TAG, answers={200: AutomaticDocument})
    def get(self, request: Request) -> Response:
        """Read what is fulfilled without asking

        Of a kind that is on, new requests are accepted at once, and `automatic` says so. The others wait for you.
        """
        return Response(switched(tickets.settings_of(self.workspace_id)))

    @documented("change_privacy_request_settings", tag=TAG, answers={200: AutomaticDocument}, request=AutomaticChange)
    def patch(self, request: Request) -> Response:
        """Change what is fulfilled without asking

        Fields left out stay. Requests that wait already are not touched: accept or refuse them.
        """
        values = msgspec.structs.asdict(self.document(AutomaticChange))
        changes = {name: value for name, value in values.items() if value is not msgspec.UNSET}
        chosen = tickets.choose(workspace=self.workspace_id, changes=changes, by=self.key_id, at=self.at)
        return Response(switched(chosen))


class _One(ApiView):
    def found(self, ticket_id: str) -> RequestTicket:
        """Raises ``Problem``."""
        wanted = decoded(ids.TICKET, ticket_id)
        row = RequestTicket.objects.filter(pk=wanted, workspace_id=self.workspace_id).first()
        if row is None:
            raise Problem.single("not_found")
        return row

    def decided(self, ticket_id: str, reason: str | None) -> Response:
        """The ticket as decided. Raises ``Problem``."""
        row = self.found(ticket_id)
        try:
            tickets.answer(row, reason=reason, by=self.key_id, at=self.at)
        except tickets.AlreadyDecided:
            raise Problem.single("already_final") from None
        return Response(shown(row))


class OnePrivacyRequest(_One):
    scopes = {"GET": Scope.PRIVACY_READ}

    @documented("read_privacy_request", tag=TAG, answers=ANSWER, codes=("not_found",))
    def get(self, request: Request, ticket_id: str) -> Response:
        """Read a request"""
        return Response(shown(self.found(ticket_id)))


class Accept(_One):
    scopes = {"POST": Scope.PRIVACY_WRITE}

    @documented("accept_privacy_request", tag=TAG, answers=ANSWER, codes=("not_found", "already_final"))
    def post(self, request: Request, ticket_id: str) -> Response:
        """Fulfil a request

        What was asked is done to the data of this workspace at once, and the person is told.
        """
        return self.decided(ticket_id, None)


class Refuse(_One):
    scopes = {"POST": Scope.PRIVACY_WRITE}

    @documented("refuse_privacy_request", tag=TAG, answers=ANSWER, request=RefusalRequest,
                codes=("not_found", "already_final"))  # fmt: skip
    def post(self, request: Request, ticket_id: str) -> Response:
        """Refuse a request

        The person reads the reason, with the way to complain to an authority.
        """
        self.found(ticket_id)
        return self.decided(ticket_id, self.document(RefusalRequest).reason)


def shown(row: RequestTicket) -> dict[str, Any]:
    """A ticket as JSON."""
    return {
        "id": ids.encode(ids.TICKET, row.pk),
        "object": "privacy_request",
        "kind": row.kind,
        "status": row.state,
        "automatic": row.automatic,
        "number": row.msisdn,
        "words": row.words,
        "reason": row.reason,
        "due_at": row.due_at,
        "decided_at": row.decided_at,
        "created_at": row.created_at,
    }


def switched(row: RequestSettings) -> dict[str, Any]:
    """What a workspace lets us fulfil, as JSON."""
    chosen = {name: getattr(row, name) for name in tickets.SWITCH_NAMES}
    return {"object": "privacy_request_settings", **chosen}
