"""The rules catch what they are for: each mutant is a plausible mistake in the SQL, installed in a schema of its own.

Everything happens in one transaction of the owner that is rolled back: no mutant outlives its test.
"""

import datetime as dt
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import psycopg
import pytest

from billing import ledger, sql
from smsplatform.lib import clock, ids
from tests.billing.conftest import Connect, new_ids

AT = clock.now()
HOUR = dt.timedelta(hours=1)
FLOOR_CHECK = "CONSTRAINT account_floor CHECK (workspace_id IS NULL OR posted - held >= -credit_limit),"
UNIQUE_ROWS = "PRIMARY KEY (id, kind),"
NOT_YET_REFUNDED = re.search(r"          AND NOT EXISTS \(SELECT 1 FROM ledger.transfer r\n.*\n", sql.read("post"))
assert NOT_YET_REFUNDED


@dataclass(frozen=True)
class Mutant:
    """Replacements in the SQL, and whether the database itself (``refused``) or the rules find out."""

    changes: tuple[tuple[str, str], ...]
    refused: bool = False


MUTANTS = {
    "the guard is gone": Mutant((("AND a.posted - a.held - due.total >= -a.credit_limit", ""),), refused=True),
    "the guard and the constraint are gone": Mutant(
        (("AND a.posted - a.held - due.total >= -a.credit_limit", ""), (FLOOR_CHECK, ""))
    ),
    "refunds do not look for an earlier one": Mutant(((NOT_YET_REFUNDED[0], ""),), refused=True),
    "refunds do not look, and the key is gone": Mutant(((NOT_YET_REFUNDED[0], ""), (UNIQUE_ROWS, ""))),
    "the balance after is the one before": Mutant((("paid.before - (sum(i.amount) OVER w)::bigint", "paid.before"),)),
    "the cheapest are paid first": Mutant(
        (("ORDER BY i.wallet, i.ord\n    LOOP", "ORDER BY i.wallet, i.amount\n    LOOP"),)
    ),
    "the first that cannot be paid ends the list": Mutant(
        (("funded := funded || item.ord;\n", "funded := funded || item.ord;\n        ELSE remaining := -1;\n"),)
    ),
    "a wallet in the batch twice pays once": Mutant((("sum(amount)::bigint AS total", "max(amount) AS total"),)),
    "a batch counts as one": Mutant((("seq = a.seq + due.number", "seq = a.seq + 1"),)),
    "refunds go the way of the charge": Mutant(
        (("o.credit_id, o.debit_id, o.currency", "o.debit_id, o.credit_id, o.currency"),), refused=True
    ),
    "frozen wallets pay": Mutant((("AND NOT a.frozen", ""), ("WHEN a.frozen THEN 0", "WHEN false THEN 0"))),
    "nothing is written for zero, but free is refused": Mutant((("amount = 0 OR wallet", "wallet"),)),
    "refunds credit one amount only": Mutant(
        (("SELECT wallet_id, sum(amount)::bigint AS total", "SELECT wallet_id, max(amount) AS total"),)
    ),
    "a refund of a part may be more than the charge": Mutant((("AND c.amount >= r.amount", ""),)),
    "a refund of a part is the whole": Mutant((("coalesce(w.amount, t.amount) AS amount", "t.amount AS amount"),)),
    "holds are taken without setting anything aside": Mutant(
        (("SET held = a.held + p_amount", "SET held = a.held"),), refused=True
    ),
    "a hold pays more than it has": Mutant((("paid || (amount <= remaining)", "paid || true"),)),
    "what was drawn stays held": Mutant((("SET held = a.held - p_hold.amount", "SET held = a.held - p_hold.used"),)),
    "what was drawn is not posted": Mutant((("posted = a.posted - p_hold.used", "posted = a.posted"),)),
    "a hold that ended ends again": Mutant(
        (("ELSIF found_hold.state <> 'open' THEN\n        RETURN 0;", "ELSIF false THEN\n        RETURN 0;"),),
        refused=True,
    ),
    "a hold pays after its time": Mutant((("OR found_hold.expires_at <= p_at THEN", "THEN"),)),
    "a cap is asked and never spent": Mutant((("SET used = c.used + s.total", "SET used = c.used"),)),
    "a cap lets everything through": Mutant(
        (("fits[item.ord] := item.amount <= remaining", "fits[item.ord] := true"),)
    ),
    "top-ups forget the number": Mutant((("p_amount, seq = a.seq + 1", "p_amount"),), refused=True),
}


class Copy:
    """The ledger in a schema of its own, seen as the role that runs its functions."""

    def __init__(self, connection: psycopg.Connection, mutant: Mutant) -> None:
        self.connection, self.schema = connection, f"mutant_{uuid.uuid4().hex[:12]}"
        text = "\n".join(sql.read(name) for name in sql.LEDGER)
        for old, new in mutant.changes:
            assert old in text, f"the SQL no longer contains {old!r}"
            text = text.replace(old, new)
        connection.execute(self._here(text))
        connection.execute(self._here("SELECT ledger.ensure_partitions(%s, 1)"), [AT.date()])
        connection.execute("SET LOCAL ROLE sp_definer")

    def _here(self, text: str) -> str:
        return re.sub(r"\bledger\b", self.schema, text)

    def value(self, call: str, *arguments: object) -> object:
        row = self.connection.execute(self._here(f"SELECT ledger.{call}"), arguments).fetchone()
        return row[0] if row else None

    def wallet(self, amount: int) -> UUID:
        wallet = self.value("open_account(%s, 'wallet', 'EUR')", uuid.uuid4())
        assert isinstance(wallet, UUID)
        if amount:
            self.value("top_up(%s, %s, %s, 'card', %s)", ids.uuid7(), wallet, amount, AT)
        return wallet

    def charge(self, messages: list[UUID], wallets: list[UUID], amounts: list[int]) -> object:
        call = "charge_many(%s::uuid[], %s::uuid[], %s::bigint[], %s)"
        return self.value(call, messages, wallets, amounts, AT)

    def refund(self, messages: list[UUID], amounts: list[int | None] | None = None) -> object:
        return self.value("refund_many(%s::uuid[], %s, %s::bigint[])", messages, AT, amounts)

    def refused(self, call: Callable[[], object]) -> str | None:
        try:
            with self.connection.transaction():
                call()
        except psycopg.Error as error:
            return error.sqlstate
        return None

    def row(self, query: str, *arguments: object) -> object:
        row = self.connection.execute(self._here(query), arguments).fetchone()
        return row[0] if row else None

    def broken_rules(self) -> set[str]:
        return {rule for rule, query in ledger.RULES.items() if self.connection.execute(self._here(query)).fetchone()}


def wrong(copy: Copy) -> set[str]:
    """Play one story and name everything that came out differently from what it must."""
    one, two, cold = copy.wallet(100), copy.wallet(20), copy.wallet(50)
    copy.value("freeze(%s, true)", cold)
    messages = new_ids(9)
    found = set()

    def expect(name: str, answer: object, right: object) -> None:
        if answer != right:
            found.add(name)

    wallets, amounts = [one, two, one, two, two, one, cold], [60, 15, 30, 10, 4, 0, 5]
    expect("the first batch", copy.charge(messages[:7], wallets, amounts), [True, True, True, False, True, True, False])
    expect("the second batch", copy.charge(messages[7:], [one, one], [9, 2]), [True, False])
    expect("a free message", copy.charge(new_ids(2), [two, two], [0, 50]), [True, False])
    expect("refunds", copy.refund([messages[0], messages[0], messages[2], messages[4], messages[5]]), 3)
    expect("refunds again", copy.refund(messages[:3]), 1)
    parts = new_ids(2)
    expect("a long text", copy.charge(parts, [two, two], [3, 2]), [True, True])
    expect("too much back", copy.refused(lambda: copy.refund(parts[:1], [4])), "23503")
    expect("a part back", copy.refund(parts, [2, None]), 2)
    expect("a part back again", copy.refund(parts, [1, 1]), 0)
    expect(
        "what is left",
        copy.value("move(%s, 'adjustment', %s, 'adjustments', 1, NULL, 'x', %s)", ids.uuid7(), two, AT),
        20,
    )
    held(copy, copy.wallet(50), expect)
    capped(copy, expect)
    return found | copy.broken_rules()


def held(copy: Copy, wallet: UUID, expect: Callable[[str, object, object], None]) -> None:
    """Set aside, draw, let the time pass, close."""
    hold, late = new_ids(2)
    take = "take_hold(%s, %s, %s, %s, %s)"
    expect("a hold", copy.value(take, hold, wallet, 30, AT + HOUR, AT), 20)
    expect("too large a hold", copy.refused(lambda: copy.value(take, ids.uuid7(), wallet, 21, AT + HOUR, AT)), "23514")
    expect("another hold", copy.value(take, late, wallet, 5, AT + HOUR, AT), 15)
    expect("draws", copy.value("draw(%s, %s::bigint[], %s)", hold, [20, 11, 10, 0], AT), [True, False, True, True])
    expect("a late draw", copy.refused(lambda: copy.value("draw(%s, %s::bigint[], %s)", late, [1], AT + HOUR)), "SP012")
    expect("another draw", copy.value("draw(%s, %s::bigint[], %s)", late, [2], AT), [True])
    expect("closing", copy.value("close_hold(%s, %s)", hold, AT), 0)
    expect("closing again", copy.value("close_hold(%s, %s)", hold, AT), 0)
    expect("expiry", copy.value("expire_holds(%s, 10)", AT + HOUR), 1)
    found = "SELECT (posted, held)::text FROM ledger.account WHERE id = %s"
    expect("what is left of the wallet", copy.row(found, wallet), "(18,0)")


def capped(copy: Copy, expect: Callable[[str, object, object], None]) -> None:
    """A key with ten for today: what it asks for, spends, and asks for again."""
    key, place = new_ids(2)

    def fits(*amounts: int) -> object:
        number = len(amounts)
        return copy.value(
            "within_caps(%s::uuid[], %s::uuid[], %s::bigint[], %s::bigint[], %s)",
            [key] * number, [place] * number, [10] * number, list(amounts), AT.date(),
        )  # fmt: skip

    expect("the cap", fits(6, 5, 4), [True, False, True])
    copy.value("spend_caps(%s::uuid[], %s::bigint[], %s)", [key, key], [6, 3], AT.date())
    expect("what is left of the cap", fits(2, 1, 0), [False, True, True])


@pytest.fixture
def owner(connect: Connect) -> Iterator[psycopg.Connection]:
    connection = connect("owner", autocommit=False)
    yield connection
    connection.rollback()


@pytest.mark.promise("transit-33", "api-13")
def test_the_product_itself_breaks_no_rule(owner: psycopg.Connection) -> None:
    assert wrong(Copy(owner, Mutant(()))) == set()


@pytest.mark.promise("transit-33")
@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_is_found(owner: psycopg.Connection, name: str) -> None:
    mutant = MUTANTS[name]
    copy = Copy(owner, mutant)

    if mutant.refused:
        with pytest.raises(psycopg.Error) as caught:
            wrong(copy)
        assert (caught.value.sqlstate or "")[:2] in ("23", "SP")  # a constraint, or a trigger of ours
    else:
        assert wrong(copy), name
