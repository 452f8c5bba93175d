"""``GET /v1/ledger_entries``: what moved the balance, newest first.

Pages follow the wallet's own numbering and not the id, which is the message's: the refund of an old message is a new
entry, and whoever reads from the top must meet it there.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast
from uuid import UUID

import msgspec
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.keys import KeyInfo
from accounts.roles import Scope
from billing import ledger
from billing.models import Transfer
from smsplatform.lib import ids, money
from smsplatform.lib.api import pages, structs
from smsplatform.lib.api.openapi import documented
from smsplatform.lib.api.views import ApiView, Nothing

# An id names a transfer only together with its kind.
PREFIXES = {"charge": "chg", "refund": "ref", "top_up": "top", "adjustment": "adj", "drawn": "drw"}


class LedgerEntryDocument(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One change of the balance.

    Entries of a wallet are numbered without gaps; an amount that left it is negative.
    """

    object: Literal["ledger_entry"]
    id: str
    kind: Literal["charge", "refund", "top_up", "adjustment", "drawn"]
    sequence: int
    amount: str
    balance_after: str
    currency: str
    message: str | None
    created_at: dt.datetime


class LedgerPage(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which page; pages follow the wallet's numbering, so there is none by time."""

    limit: Annotated[int, Meta(ge=1, le=pages.LIMIT_MAX)] = pages.LIMIT_DEFAULT
    cursor: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{22}$")] | msgspec.UnsetType = msgspec.UNSET


class LedgerEntriesView(ApiView):
    """The statement of the key's wallet."""

    scopes = {"GET": Scope.BILLING_READ}

    @documented("list_ledger_entries", tag="Billing", answers={200: LedgerEntryDocument}, query=LedgerPage, listed=True,
                paged=False)  # fmt: skip
    def get(self, request: Request) -> Response:
        """List ledger entries

        What moved the balance of the wallet this key pays from, newest first.
        """
        key = cast(KeyInfo, request.auth)
        wallet = ledger.wallet_id(workspace=key.workspace_id, currency=key.currency, livemode=key.livemode)
        structs.query(Nothing, request.query_params, besides=frozenset({"limit", "cursor"}))
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
