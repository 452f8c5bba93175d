"""Numbers a workspace must not send to. They are sent in bodies, never in addresses, and not kept."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Scope
from messaging import suppressing
from messaging.api.documents import SuppressionDocument, SuppressionRequest
from messaging.api.once import CODES, once
from messaging.models import Suppression
from smsplatform.lib import ids
from smsplatform.lib.api.openapi import documented
from smsplatform.lib.api.problems import Problem
from smsplatform.lib.api.views import ApiView, Nothing, decoded

TAG = "Suppressions"
PREFIX = "sup"


class Suppressions(ApiView):
    scopes = {"GET": Scope.MESSAGES_READ, "POST": Scope.MESSAGES_SEND}

    @documented("list_suppressions", tag=TAG, answers={200: SuppressionDocument}, listed=True)
    def get(self, request: Request) -> Response:
        """List suppressions

        Numbers are not shown: they are kept as keyed digests only.
        """
        self.filters(Nothing)
        page = self.page(Suppression.objects.filter(workspace_id=self.workspace_id))
        return self.listed(page, [shown(row) for row in page.rows])

    @documented("create_suppression", tag=TAG, answers={200: SuppressionDocument, 201: SuppressionDocument},
                request=SuppressionRequest, idempotent=True, codes=(*CODES, "not_found"))  # fmt: skip
    def post(self, request: Request) -> Response:
        """Suppress a number

        201 when it is new, 200 when it was suppressed for this reason before.
        """
        wanted = self.document(SuppressionRequest)

        def make() -> tuple[UUID, Response]:
            row, made = suppressing.suppress(
                workspace=self.workspace_id, to=wanted.to, reason=wanted.reason, sandbox=not self.livemode,
                by=self.key_id, at=self.at,
            )  # fmt: skip
            return row.id, Response(shown(row), 201 if made else 200)

        return once(self, make, rows=Suppression.objects.filter(workspace_id=self.workspace_id), shown=shown)


class OneSuppression(ApiView):
    scopes = {"DELETE": Scope.MESSAGES_SEND}

    @documented("delete_suppression", tag=TAG, answers={204: None}, codes=("not_found", "permission_denied"))
    def delete(self, request: Request, suppression_id: str) -> Response:
        """Allow a number again

        Only opt-outs, and only when the person asked for it. An objection or restriction is lifted by people.
        """
        wanted = decoded(PREFIX, suppression_id)
        row = Suppression.objects.filter(id=wanted, workspace_id=self.workspace_id).first()
        if row is None:
            raise Problem.single("not_found")
        suppressing.lift(suppression=row, by=self.key_id, at=self.at)
        return Response(status=204)


def shown(row: Suppression) -> dict[str, Any]:
    """A suppression as JSON."""
    return {
        "id": ids.encode(PREFIX, row.id),
        "object": "suppression",
        "reason": row.reason,
        "created_at": row.created_at,
    }
