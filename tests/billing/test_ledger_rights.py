"""What no role can do to the ledger, whatever SQL it sends."""

import datetime as dt
import uuid
from collections.abc import Callable

import psycopg
import pytest
from psycopg import sql

from billing import ledger, upkeep
from billing.models import Account, Transfer
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.billing.conftest import Connect, Purse, new_ids

Open = Callable[..., Purse]
ROLES = ("default", "system")


def partitions(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'ledger.transfer'::regclass ORDER BY 1"
    )
    return [str(row[0]) for row in rows.fetchall()]


def refused(connection: psycopg.Connection, query: str, state: str) -> None:
    with pytest.raises(psycopg.Error) as caught, connection.transaction():
        connection.execute(query)
    assert caught.value.sqlstate == state, query


@pytest.mark.parametrize("alias", ROLES)
@pytest.mark.parametrize(
    "query",
    [
        "UPDATE ledger.account SET posted = 1000000",
        "INSERT INTO ledger.account (id, kind, currency) VALUES (gen_random_uuid(), 'manual', 'XTS')",
        "DELETE FROM ledger.account",
        "UPDATE ledger.transfer SET amount = 1",
        "DELETE FROM ledger.transfer",
        "INSERT INTO ledger.transfer (id) VALUES (gen_random_uuid())",
        "TRUNCATE ledger.transfer",
        "ALTER TABLE ledger.transfer DISABLE TRIGGER ALL",
    ],
)
def test_run_time_roles_cannot_write_the_ledger(connect: Connect, alias: str, query: str) -> None:
    refused(connect(alias), query, "42501")


@pytest.mark.parametrize(
    "call",
    [
        "charge_many('{}', '{}', '{}', now())",
        "post_charges('{}', '{}', '{}', now())",
        "refund_many('{}', now())",
        "top_up(gen_random_uuid(), gen_random_uuid(), 1, 'card', now())",
        "adjust(gen_random_uuid(), gen_random_uuid(), 1, 'x', NULL, now())",
        "move(gen_random_uuid(), 'top_up', gen_random_uuid(), 'card', 1, NULL, NULL, now())",
        "house('card', 'EUR')",
        "freeze(gen_random_uuid(), false)",
        "ensure_partitions('2050-01-01', 1)",
        "drop_partitions(now())",
    ],
)
def test_the_web_role_cannot_move_money(connect: Connect, call: str) -> None:
    refused(connect("default"), f"SELECT ledger.{call}", "42501")


def test_the_web_role_opens_wallets_of_its_own_workspace_only(connect: Connect, purse: Open) -> None:
    own = purse(0)

    refused(connect("default"), f"SELECT ledger.open_account('{uuid.uuid4()}', 'wallet', 'EUR')", "SP002")
    with scope.workspace(own.workspace), pytest.raises(Exception, match="another workspace"):
        ledger._value("SELECT ledger.open_account(%s, 'wallet', 'EUR')", [uuid.uuid4()], "default")


def test_a_workspace_sees_its_own_rows_and_no_house_account(purse: Open) -> None:
    own, other = purse(5), purse(5)

    with scope.workspace(own.workspace):
        assert list(Account.objects.values_list("pk", flat=True)) == [own.wallet]
        assert {row.wallet_id for row in Transfer.objects.all()} == {own.wallet}
        assert not Account.objects.filter(pk=other.wallet).exists()


def test_partitions_are_closed_to_direct_access(connect: Connect) -> None:
    for alias in ROLES:
        connection = connect(alias)
        for name in partitions(connection):
            refused(connection, f"SELECT * FROM {name}", "42501")


def test_truncate_is_refused_on_the_parent_and_on_each_partition(connect: Connect) -> None:
    connection = connect("owner")
    names = partitions(connection)

    assert len(names) >= 12
    for name in ("ledger.account", "ledger.transfer", *names):
        refused(connection, f"TRUNCATE {name} CASCADE", "SP010")


@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET amount = amount + 1 WHERE id = {}", "DELETE FROM {} WHERE id = {}"]
)
def test_even_the_owner_cannot_change_a_transfer_through_parent_or_partition(
    connect: Connect, purse: Open, statement: str
) -> None:
    own = purse(50)
    with scope.workspace(own.workspace):
        transfer = Transfer.objects.get(wallet_id=own.wallet)
    connection = connect("owner", autocommit=False)
    month = f"transfer_{ids.time_of(transfer.id):%Y%m}"

    for table in ("transfer", month):
        # Row security hides the rows from the owner; the trigger must hold when that is switched off.
        target = sql.Identifier("ledger", table)
        connection.execute(sql.SQL("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY").format(target))
        with pytest.raises(psycopg.Error) as caught:
            connection.execute(sql.SQL(statement).format(target, sql.Literal(transfer.id)))
        connection.rollback()
        assert caught.value.sqlstate == "SP010"


def test_an_account_keeps_its_currency_and_owner(connect: Connect, purse: Open) -> None:
    own = purse(0)
    connection = connect("owner", autocommit=False)

    for change in ("currency = 'USD'", "workspace_id = gen_random_uuid()", "kind = 'test_wallet'"):
        connection.execute("ALTER TABLE ledger.account NO FORCE ROW LEVEL SECURITY")
        with pytest.raises(psycopg.Error) as caught:
            connection.execute(f"UPDATE ledger.account SET {change} WHERE id = '{own.wallet}'")
        connection.rollback()
        assert caught.value.sqlstate == "SP010"


INSERT = """
    INSERT INTO ledger.transfer (id, kind, debit_id, credit_id, currency, amount, workspace_id, wallet_id,
                                 wallet_seq, wallet_after, reverses, at)
    VALUES (%(id)s, %(kind)s, %(debit)s, %(credit)s, %(currency)s, 1, %(workspace)s, %(wallet)s, 9, 9, %(reverses)s,
            now())
"""


def row(own: Purse, connection: psycopg.Connection, **changes: object) -> dict[str, object]:
    """A correct charge of one micro-unit, with what is wrong about it."""
    found = connection.execute("SELECT ledger.account_id(NULL, 'revenue', 'EUR')").fetchone()
    assert found is not None
    right = {"id": ids.uuid7(), "kind": "charge", "debit": own.wallet, "credit": found[0], "currency": own.currency}
    return {**right, "workspace": own.workspace, "wallet": own.wallet, "reverses": None, **changes}


def test_rows_that_foreign_keys_would_refuse_are_refused(connect: Connect, purse: Open) -> None:
    own, other = purse(5), purse(5, currency="USD")
    connection = connect("owner", autocommit=False)
    connection.execute("SET LOCAL ROLE sp_definer")
    wrong: list[dict[str, object]] = [
        {"currency": "USD"},
        {"credit": other.wallet},
        {"credit": uuid.uuid4()},
        {"debit": other.wallet, "wallet": other.wallet, "workspace": other.workspace},
        {"workspace": other.workspace},
        {"kind": "refund", "reverses": "charge"},
    ]

    with connection.transaction(force_rollback=True):
        connection.execute(INSERT, row(own, connection))
    for changes in wrong:
        with pytest.raises(psycopg.Error) as caught, connection.transaction():
            connection.execute(INSERT, row(own, connection, **changes))
        assert caught.value.sqlstate == "23503", changes


def test_charging_another_workspaces_wallet_is_refused(connect: Connect, purse: Open) -> None:
    own, other = purse(5), purse(5)
    connection = connect("system")

    with pytest.raises(psycopg.Error) as caught:
        connection.execute(
            "SELECT ledger.charge_many(%s::uuid[], %s::uuid[], %s::bigint[], %s, %s::uuid[])",
            [new_ids(2), [own.wallet, other.wallet], [1, 1], clock.now(), [own.workspace, own.workspace]],
        )

    assert caught.value.sqlstate == "SP001"
    assert (own.posted, other.posted) == (5, 5)


def test_partitions_for_the_next_year_are_made_once(connect: Connect) -> None:
    upkeep.extend_partitions(at=clock.now())

    assert upkeep.extend_partitions(at=clock.now()) == 0


def test_months_older_than_seven_years_go_and_no_younger_one_whatever_the_clock_says(connect: Connect) -> None:
    connection = connect("owner")
    connection.execute("SELECT ledger.ensure_partitions('2010-01-01', 2)")
    before = partitions(connection)

    gone = upkeep.drop_expired(at=clock.now() + dt.timedelta(days=365 * 20))

    left = partitions(connection)
    assert gone == 2
    assert set(before) - set(left) == {"ledger.transfer_201001", "ledger.transfer_201002"}
