"""Wallets with money, and plain sessions for what needs more than one at a time."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

import psycopg
import pytest

from billing import ledger
from smsplatform.lib import clock, ids
from smsplatform.lib.database import conninfo

Connect = Callable[..., psycopg.Connection]


@dataclass(frozen=True, kw_only=True)
class Purse:
    """A wallet of a workspace of its own."""

    workspace: UUID
    wallet: UUID
    livemode: bool = True
    currency: str = "EUR"
    at: dt.datetime = field(default_factory=clock.now)

    @property
    def posted(self) -> int:
        return ledger.balance(workspace=self.workspace, currency=self.currency, livemode=self.livemode).posted

    @property
    def available(self) -> int:
        return ledger.balance(workspace=self.workspace, currency=self.currency, livemode=self.livemode).available

    def hold(self, amount: int, *, hours: int = 1) -> UUID:
        made = ids.uuid7()
        ledger.take_hold(
            id=made, wallet=self.wallet, amount=amount, until=self.at + dt.timedelta(hours=hours), at=self.at
        )
        return made

    def charge(self, *amounts: int) -> list[bool]:
        return ledger.charge(
            ids=new_ids(len(amounts)), wallets=[self.wallet] * len(amounts), amounts=amounts, at=self.at
        )

    def verify(self) -> list[ledger.Violation]:
        return ledger.verify(workspace=self.workspace)


def new_ids(number: int) -> list[UUID]:
    return [ids.uuid7() for _ in range(number)]


@pytest.fixture
def purse() -> Callable[..., Purse]:
    """A function that opens a wallet with ``amount`` in it."""

    def open_purse(amount: int, *, currency: str = "EUR", livemode: bool = True) -> Purse:
        workspace = uuid.uuid4()
        wallet = ledger.open_wallet(workspace=workspace, currency=currency, livemode=livemode)
        made = Purse(workspace=workspace, wallet=wallet, currency=currency, livemode=livemode)
        if amount:
            source = ledger.Source.CARD if livemode else ledger.Source.TEST_FUNDS
            ledger.top_up(id=ids.uuid7(), wallet=wallet, amount=amount, source=source, at=made.at)
        return made

    return open_purse


@pytest.fixture
def connect() -> Iterator[Connect]:
    """A function that opens a session of its own as the role of a Django alias."""
    opened: list[psycopg.Connection] = []

    def open_session(alias: str = "system", *, autocommit: bool = True) -> psycopg.Connection:
        opened.append(psycopg.connect(**conninfo(alias), autocommit=autocommit))
        return opened[-1]

    yield open_session
    for connection in opened:
        connection.close()
