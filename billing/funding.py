"""Wallets that deposits came from: written with the deposit, and asked when somebody shows who they are by one.

What a chain says besides is never looked up.
"""

import datetime as dt
from uuid import UUID

from django.db import connections

from billing.models import FundingWallet
from privacy import ciphers

INDEX = "billing.wallet"


def record(*, transfer: UUID, workspace: UUID, address: str, at: dt.datetime) -> None:
    """Note where a deposit came from, on ``system`` in the transaction of the deposit. ``address`` has its checksum."""
    FundingWallet(id=transfer, workspace_id=workspace, address=address, address_idx=_index(address), at=at).save(
        using="system", force_insert=True
    )


def workspace_of(address: str) -> UUID | None:
    """The only workspace that a wallet ever paid for. One that paid for several is perhaps an exchange's."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT ledger.funded_by(%s)", [_index(address)])
        found = [row[0] for row in cursor.fetchmany(2)]
    return found[0] if len(found) == 1 else None


def _index(address: str) -> bytes:
    return ciphers.platform_index(INDEX, address.lower())
