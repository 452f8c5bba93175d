"""Money in and out of wallets: the typed face of the ledger's SQL functions (``billing/sql``).

Amounts are micro-units (1e-6 of the currency). Charging happens inside ``pipeline.accept``, with the message it is
for. Whoever puts money in runs on the ``system`` alias; reading happens in the open workspace, as ``sp_app``.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from django.db import Error, connections

from billing.models import Account, Hold
from smsplatform.lib.tenancy import scope

FROZEN = "SP011"  # raised by ledger.move and ledger.draw
HOLDS_MAX = 500  # ended in one transaction
OVER = "SP012"  # raised by ledger.draw


class Source(StrEnum):
    """Where a top-up comes from: each has its house account."""

    CARD = "card"
    CRYPTO = "crypto"
    MANUAL = "manual"
    PROMO = "promo"
    TEST_FUNDS = "test_funds"


class LedgerError(Exception):
    """A posting was refused; nothing was written."""

    code = "ledger_refused"


class InsufficientBalance(LedgerError):
    """The wallet does not hold this amount."""

    code = "insufficient_balance"


class WalletFrozen(LedgerError):
    """The wallet may not be debited at present."""

    code = "wallet_frozen"


class DuplicateTransfer(LedgerError):
    """This event has been posted already."""

    code = "duplicate_transfer"


class UnknownWallet(LedgerError):
    """There is no such wallet."""

    code = "unknown_wallet"


class HoldOver(LedgerError):
    """The hold was closed, or its time is over."""

    code = "hold_over"


@dataclass(frozen=True, kw_only=True, slots=True)
class Balance:
    """What a wallet holds, in micro-units."""

    posted: int
    held: int
    available: int
    currency: str
    frozen: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """One rule of the ledger that the stored rows break."""

    rule: str
    wallet: UUID


def open_wallet(*, workspace: UUID, currency: str, livemode: bool, using: str = "default") -> UUID:
    """The workspace's wallet in this mode and currency, opened when missing."""
    with scope.workspace(workspace, using=using):
        wallet: UUID = _value("SELECT ledger.open_account(%s, %s, %s)", [workspace, _kind(livemode), currency], using)
    return wallet


def wallet_id(*, workspace: UUID, currency: str, livemode: bool, using: str = "default") -> UUID:
    """The id that this wallet has or will have."""
    found: UUID = _value("SELECT ledger.account_id(%s, %s, %s)", [workspace, _kind(livemode), currency], using)
    return found


def top_up(
    *, id: UUID, wallet: UUID, amount: int, source: Source, at: dt.datetime, by: UUID | None = None
) -> int:  # fmt: skip
    """Credit money that came in; answers the new balance. ``id`` is the payment's: it is credited once.

    Raises ``DuplicateTransfer`` and ``UnknownWallet``; ``LedgerError`` when test money meets a live wallet.
    """
    arguments = [id, wallet, amount, source.value, at, by]
    return int(_value("SELECT ledger.top_up(%s, %s, %s, %s, %s, %s)", arguments, "system"))


def adjust(*, id: UUID, wallet: UUID, amount: int, reason: str, by: UUID, at: dt.datetime) -> int:
    """Correct a balance by a signed amount; answers the new one. ``reason`` is a short code.

    Raises ``InsufficientBalance``, ``WalletFrozen``, ``DuplicateTransfer`` and ``UnknownWallet``.
    """
    return int(_value("SELECT ledger.adjust(%s, %s, %s, %s, %s, %s)", [id, wallet, amount, reason, by, at], "system"))


def charge(*, ids: Sequence[UUID], wallets: Sequence[UUID], amounts: Sequence[int], at: dt.datetime) -> list[bool]:
    """Charge in order and say what was paid; for what is not a message (those are charged as they are stored).

    Raises ``DuplicateTransfer`` and ``UnknownWallet``; then nothing of the batch is charged.
    """
    arguments = [list(ids), list(wallets), list(amounts), at]
    return list(_value("SELECT ledger.charge_many(%s::uuid[], %s::uuid[], %s::bigint[], %s)", arguments, "system"))


def refund(*, ids: Sequence[UUID], at: dt.datetime, amounts: Sequence[int | None] | None = None) -> int:
    """Give charges back, each once, whole or ``amounts`` of them; answers how many were given back now.

    Raises ``LedgerError`` for an amount that is not above zero, or more than was charged.
    """
    arguments = [list(ids), at, None if amounts is None else list(amounts)]
    return int(_value("SELECT ledger.refund_many(%s::uuid[], %s, %s::bigint[])", arguments, "system"))


def take_hold(*, id: UUID, wallet: UUID, amount: int, until: dt.datetime, at: dt.datetime) -> int:
    """Set money aside for what is sent until then; answers what else may be spent.

    Raises ``InsufficientBalance``, ``WalletFrozen``, ``DuplicateTransfer`` and ``UnknownWallet``.
    """
    return int(_value("SELECT ledger.take_hold(%s, %s, %s, %s, %s)", [id, wallet, amount, until, at], "system"))


def draw(*, hold: UUID, amounts: Sequence[int], at: dt.datetime) -> list[bool]:
    """Spend from a hold, in order, and say what was paid. The wallet is not touched.

    Draw in the transaction that stores what it is for: nothing else makes a repeat impossible. Raises ``HoldOver`` and
    ``WalletFrozen``; ``UnknownWallet`` when there is no such hold.
    """
    return list(_value("SELECT ledger.draw(%s, %s::bigint[], %s)", [hold, list(amounts), at], "system"))


def close_hold(*, id: UUID, at: dt.datetime) -> int:
    """Post what was drawn in one transfer and free the rest; answers how much was freed, 0 when it had ended."""
    return int(_value("SELECT ledger.close_hold(%s, %s)", [id, at], "system"))


def expire_holds(*, at: dt.datetime) -> int:
    """End holds whose time is over; answers how many ended."""
    return int(_value("SELECT ledger.expire_holds(%s, %s)", [at, HOLDS_MAX], "system"))


def open_holds(*, workspace: UUID) -> list[Hold]:
    """The workspace's holds that have not ended, the oldest first."""
    with scope.workspace(workspace):
        return list(Hold.objects.filter(workspace_id=workspace, state=Hold.State.OPEN).order_by("id"))


def freeze(*, wallet: UUID, frozen: bool) -> None:
    """Refuse or allow debits. Raises ``UnknownWallet``."""
    if _value("SELECT ledger.freeze(%s, %s)", [wallet, frozen], "system") is None:
        raise UnknownWallet


def balance(*, workspace: UUID, currency: str, livemode: bool) -> Balance:
    """What the wallet holds; zero while it is not opened."""
    with scope.workspace(workspace):
        account = Account.objects.filter(workspace_id=workspace, kind=_kind(livemode), currency=currency).first()
    if account is None:
        return Balance(posted=0, held=0, available=0, currency=currency)
    return Balance(
        posted=account.posted,
        held=account.held,
        available=account.available,
        currency=account.currency,
        frozen=account.frozen,
    )


# Each query lists the wallets that break its rule, among the rows that whoever asks may see. Together the first two
# say that the balance is the sum of all transfers, also when the oldest months are gone after seven years.
RULES: dict[str, LiteralString] = {
    "the balance is what the last transfer left": """
        SELECT a.id FROM ledger.account a JOIN LATERAL (
            SELECT wallet_seq, wallet_after FROM ledger.transfer t
            WHERE t.wallet_id = a.id ORDER BY wallet_seq DESC LIMIT 1) AS last ON true
        WHERE (a.posted, a.seq) <> (last.wallet_after, last.wallet_seq)
        UNION SELECT a.id FROM ledger.account a WHERE a.workspace_id IS NOT NULL AND a.seq = 0 AND a.posted <> 0""",
    "each balance follows from the one before": """
        SELECT DISTINCT wallet_id FROM (
            SELECT wallet_id, wallet_seq AS seq, wallet_after AS after, lag(wallet_seq) OVER w AS seq_before,
                   lag(wallet_after) OVER w AS before,
                   CASE WHEN credit_id = wallet_id THEN amount ELSE -amount END AS change
            FROM ledger.transfer WINDOW w AS (PARTITION BY wallet_id ORDER BY wallet_seq)
        ) AS chain
        WHERE (seq_before IS NOT NULL AND (seq, after) <> (seq_before + 1, before + change))
           OR (seq = 1 AND after <> change)""",
    "no balance is below its floor": """
        SELECT id FROM ledger.account WHERE posted - held < -credit_limit
        UNION SELECT t.wallet_id FROM ledger.transfer t JOIN ledger.account a ON a.id = t.wallet_id
        WHERE t.wallet_after < -a.credit_limit AND a.credit_limit = 0""",
    "a refund mirrors its charge": """
        SELECT r.wallet_id FROM ledger.transfer r
        LEFT JOIN ledger.transfer c ON c.id = r.id AND c.kind = r.reverses
        WHERE r.kind = 'refund' AND ((c.debit_id, c.credit_id, c.currency)
              IS DISTINCT FROM (r.credit_id, r.debit_id, r.currency) OR c.amount < r.amount)""",
    "what is held is the sum of the open holds": """
        SELECT a.id FROM ledger.account a LEFT JOIN ledger.hold h ON h.wallet_id = a.id AND h.state = 'open'
        WHERE a.workspace_id IS NOT NULL
        GROUP BY a.id, a.held HAVING a.held <> coalesce(sum(h.amount), 0)""",
    "a hold that ended posted what was drawn, once": """
        SELECT coalesce(h.wallet_id, t.wallet_id) FROM (SELECT * FROM ledger.transfer WHERE kind = 'drawn') t
        FULL JOIN (SELECT * FROM ledger.hold WHERE state <> 'open' AND used > 0) h ON h.id = t.id
        WHERE (h.wallet_id, h.used) IS DISTINCT FROM (t.wallet_id, t.amount) OR t.debit_id <> t.wallet_id""",
    "a message is charged once and given back no more than that": """
        SELECT wallet_id FROM ledger.transfer WHERE kind IN ('charge', 'refund')
        GROUP BY wallet_id, id HAVING count(*) FILTER (WHERE kind = 'refund') > count(*) FILTER (WHERE kind = 'charge')
            OR count(*) FILTER (WHERE kind = 'charge') > 1""",
    "every transfer stays in its wallet's currency": """
        SELECT t.wallet_id FROM ledger.transfer t JOIN ledger.account a ON a.id = t.wallet_id
        WHERE a.currency <> t.currency OR a.workspace_id <> t.workspace_id""",
    "transfers charge and credit the wallet and one house account": """
        SELECT wallet_id FROM ledger.transfer
        WHERE amount <= 0 OR debit_id = credit_id OR wallet_id NOT IN (debit_id, credit_id)""",
}


def verify(*, workspace: UUID) -> list[Violation]:
    """Every rule that the workspace's rows break; an empty list is the proof. Reads all of its transfers."""
    with scope.workspace(workspace), connections["default"].cursor() as cursor:
        found = []
        for rule, query in RULES.items():
            cursor.execute(query)
            found += [Violation(rule=rule, wallet=row[0]) for row in cursor.fetchall()]
    return found


def _kind(livemode: bool) -> Account.Kind:
    return Account.Kind.WALLET if livemode else Account.Kind.TEST_WALLET


def _value(query: LiteralString, arguments: Sequence[Any], using: str) -> Any:
    with _errors(), connections[using].cursor() as cursor:
        cursor.execute(query, arguments)
        row = cursor.fetchone()
    return row[0] if row else None


@contextmanager
def _errors() -> Iterator[None]:
    """Database refusals as ours. The state is all that is told: messages may repeat values."""
    try:
        yield
    except Error as error:
        cause = error.__cause__
        found = _REFUSALS.get(cause.sqlstate or "") if isinstance(cause, psycopg.Error) else None
        if found is None:
            raise
        raise found from None


_REFUSALS: dict[str, type[LedgerError]] = {
    "23514": InsufficientBalance,
    "23505": DuplicateTransfer,
    "23503": UnknownWallet,
    "22003": LedgerError,
    FROZEN: WalletFrozen,
    OVER: HoldOver,
}
