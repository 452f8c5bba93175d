"""``GET /v1/balance``: the wallet that the key pays from."""

from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.keys import KeyInfo
from accounts.roles import Scope
from billing import ledger
from smsplatform.lib import money


class BalanceSerializer(serializers.Serializer[ledger.Balance]):
    """Amounts are decimal text in the wallet's currency."""

    object = serializers.CharField(default="balance")
    livemode = serializers.BooleanField()
    currency = serializers.CharField()
    posted = serializers.CharField(help_text="All that came in, less all that went out.")
    held = serializers.CharField(help_text="Promised to sends that are still to come.")
    available = serializers.CharField(help_text="What may be spent now.")
    frozen = serializers.BooleanField(help_text="Sending is refused until the wallet is released.")


class BalanceView(APIView):
    """What the key's wallet holds."""

    scopes = Scope.BILLING_READ

    @extend_schema(operation_id="balance_get", responses=BalanceSerializer, tags=["billing"])
    def get(self, request: Request) -> Response:
        """Read the balance of the wallet this key pays from: the test wallet for test keys."""
        key = cast(KeyInfo, request.auth)
        held = ledger.balance(workspace=key.workspace_id, currency=key.currency, livemode=key.livemode)
        return Response(
            {
                "object": "balance",
                "livemode": key.livemode,
                "currency": held.currency,
                "posted": money.to_decimal_string(held.posted),
                "held": money.to_decimal_string(held.held),
                "available": money.to_decimal_string(held.available),
                "frozen": held.frozen,
            }
        )
