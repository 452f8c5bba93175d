"""``GET /v1/balance``: the wallet that the key pays from."""

from typing import Literal, cast

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.keys import KeyInfo
from accounts.roles import Scope
from billing import ledger
from smsplatform.lib import money
from smsplatform.lib.api.openapi import documented
from smsplatform.lib.api.views import ApiView


class BalanceDocument(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a wallet holds: all that came in less all that went out, what is promised, and what may be spent.

    Amounts are decimal text in the wallet's currency. Sending is refused while the wallet is frozen.
    """

    object: Literal["balance"]
    livemode: bool
    currency: str
    posted: str
    held: str
    available: str
    frozen: bool


class BalanceView(ApiView):
    """What the key's wallet holds."""

    scopes = {"GET": Scope.BILLING_READ}

    @documented("read_balance", tag="Billing", answers={200: BalanceDocument})
    def get(self, request: Request) -> Response:
        """Read the balance

        Of the wallet this key pays from: the test wallet for test keys.
        """
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
