"""``GET /v1/ledger_entries``: what moved the balance, newest first.

Pages follow the wallet's own numbering and not the id, which is the message's: the refund of an old message is a new
entry, and whoever reads from the top must meet it there.
"""

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.keys import KeyInfo
from accounts.roles import Scope
from billing import ledger
from billing.models import Transfer
from smsplatform.lib import ids, money
from smsplatform.lib.api import pages

# An id names a transfer only together with its kind.
PREFIXES = {"charge": "chg", "refund": "ref", "top_up": "top", "adjustment": "adj"}


class LedgerEntrySerializer(serializers.Serializer[Transfer]):
    """One change of the balance."""

    object = serializers.CharField(default="ledger_entry")
    id = serializers.CharField()
    kind = serializers.ChoiceField(choices=Transfer.Kind.choices)
    sequence = serializers.IntegerField(help_text="Numbers the wallet's entries without gaps.")
    amount = serializers.CharField(help_text="Negative when it left the wallet.")
    balance_after = serializers.CharField()
    currency = serializers.CharField()
    message = serializers.CharField(allow_null=True, help_text="The message charged or refunded.")
    created_at = serializers.DateTimeField()


class LedgerEntryListSerializer(serializers.Serializer[dict[str, Any]]):
    """A page of entries."""

    object = serializers.CharField(default="list")
    data = LedgerEntrySerializer(many=True)  # type: ignore[assignment]  # the API's name; the base's is its result
    has_more = serializers.BooleanField()
    next_cursor = serializers.CharField(allow_null=True)


class LedgerEntriesView(APIView):
    """The statement of the key's wallet."""

    scopes = Scope.BILLING_READ

    @extend_schema(
        operation_id="ledger_entries_list",
        responses=LedgerEntryListSerializer,
        parameters=[OpenApiParameter("limit", int), OpenApiParameter("cursor", str)],
        tags=["billing"],
    )
    def get(self, request: Request) -> Response:
        """List what moved the balance of the wallet this key pays from, newest first."""
        key = cast(KeyInfo, request.auth)
        wallet = ledger.wallet_id(workspace=key.workspace_id, currency=key.currency, livemode=key.livemode)
        page = read(wallet, request.query_params)
        return Response(page.to_body([to_body(row) for row in page.rows]), headers=page.headers(request))


def read(wallet: UUID, params: Mapping[str, str]) -> pages.Page[Transfer]:
    """The page of a wallet's transfers that ``limit`` and ``cursor`` ask for; raises ``Problem``."""
    limit, cursor = pages.limit_of(params), pages.cursor_of(params)
    rows = Transfer.objects.filter(wallet_id=wallet)
    if cursor is not None:
        rows = rows.filter(wallet_seq__lt=min(cursor.int, 2**63 - 1))
    found = list(rows.order_by("-wallet_seq")[: limit + 1])
    if len(found) <= limit:
        return pages.Page(rows=found, next_cursor=None)
    return pages.Page(rows=found[:limit], next_cursor=pages.encode_cursor(UUID(int=found[limit - 1].wallet_seq)))


def to_body(row: Transfer) -> dict[str, Any]:
    """The JSON form of one entry."""
    about_message = row.kind in (Transfer.Kind.CHARGE, Transfer.Kind.REFUND)
    return {
        "object": "ledger_entry",
        "id": ids.encode(PREFIXES[row.kind], row.id),
        "kind": row.kind,
        "sequence": row.wallet_seq,
        "amount": money.to_decimal_string(row.signed_amount),
        "balance_after": money.to_decimal_string(row.wallet_after),
        "currency": row.currency,
        "message": ids.encode(ids.MESSAGE, row.id) if about_message else None,
        "created_at": row.at,
    }
