"""Attacks on tenant isolation with the web role's own login: whatever SQL it sends, another workspace stays closed.

The list of attempts is repeated in docs/security.md.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import DatabaseError, connections, transaction

from messaging.models import Sender
from smsplatform.lib import clock, database, ids
from smsplatform.lib.tenancy import catalogue, context, scope
from smsplatform.lib.tenancy.models import tenant_models
from tests.factories import pages

REFUSED, MISSING = "SP001", "SP002"


@pytest.fixture(scope="module")
def mine() -> pages.Shop:
    return pages.shop()


@pytest.fixture(scope="module")
def theirs() -> pages.Shop:
    shop = pages.shop()
    pages.message(shop)
    return shop


@pytest.fixture
def web() -> Iterator[psycopg.Connection[Any]]:
    """A session of the web role, outside Django."""
    with psycopg.connect(**database.conninfo("default"), autocommit=True) as connection:
        yield connection


def token(connection: psycopg.Connection[Any], workspace: UUID, kind: str = "w") -> str:
    return context.token(kind, workspace, connection.info.backend_pid)


def sqlstate(connection: psycopg.Connection[Any], sql: Any, arguments: Any = ()) -> str | None:
    """The SQLSTATE with which a statement is refused, or None when it runs."""
    try:
        connection.execute(sql, arguments)
    except psycopg.Error as error:
        return error.sqlstate
    return None


@pytest.mark.promise("fleet-17", "otp-33", "api-24")
def test_the_live_catalogue_has_no_finding() -> None:
    assert list(catalogue.findings()) == []


@pytest.mark.parametrize(
    ("plant", "rule"),
    [
        ("CREATE TABLE planted (workspace_id uuid)", "row security is enabled and forced on every tenant table"),
        ("CREATE POLICY planted ON messaging_sender USING (true)", "no policy is for everybody"),
        (
            "CREATE POLICY planted ON messaging_suppression TO sp_staff USING (true)",
            "every policy of the staff role asks for a signed grant",
        ),
        ("GRANT UPDATE (name) ON accounts_workspace TO sp_staff", "the staff role writes nothing of customers"),
        ("CREATE VIEW planted AS SELECT 1", "views see with the eyes of their caller"),
        ("CREATE MATERIALIZED VIEW planted AS SELECT 1", "no materialised view copies tenant rows"),
        ("GRANT TRUNCATE ON messaging_sender TO sp_app", "nobody may truncate, reference or put triggers on tables"),
        ("GRANT SELECT ON messaging_sender TO PUBLIC", "nothing is granted to everybody"),
        (
            "CREATE FUNCTION public.planted() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
            "definer functions live in our schemas only",
        ),
    ],
)
def test_each_catalogue_rule_finds_what_breaks_it(plant: str, rule: str) -> None:
    owner = connections["owner"]
    with owner.cursor() as cursor:
        cursor.execute("BEGIN")
        try:
            cursor.execute(plant)
            found = {finding.rule for finding in catalogue.findings(using="owner")}
        finally:
            cursor.execute("ROLLBACK")

    assert any(rule in item for item in found)


def test_without_a_context_no_tenant_row_is_read(web: psycopg.Connection[Any], theirs: pages.Shop) -> None:
    for model in tenant_models():
        # None: a table without any row has nothing to ask the policy about.
        read = f'SELECT id FROM (SELECT 1 AS id FROM "{model._meta.db_table}") AS t'
        assert sqlstate(web, read) in {MISSING, "42501", None}, model
        assert sqlstate(web, f"{read} LIMIT 1") in {MISSING, "42501"} or web.execute(read).fetchall() == [], model
    assert sqlstate(web, "SELECT count(*) FROM messaging_message") == MISSING


@pytest.mark.promise("fleet-17", "fleet-18")
def test_inside_a_workspace_no_row_of_another_is_seen(
    web: psycopg.Connection[Any], mine: pages.Shop, theirs: pages.Shop
) -> None:
    with web.transaction():
        web.execute("SELECT tenancy.enter(%s)", [token(web, mine.workspace.id)])
        for model in tenant_models():
            column = "workspace_id"
            try:
                with web.transaction():
                    row = web.execute(
                        f'SELECT count(*) FROM "{model._meta.db_table}" WHERE {column} = %s', [theirs.workspace.id]
                    ).fetchone()
            except psycopg.errors.InsufficientPrivilege:
                continue
            assert row == (0,), model


@pytest.mark.promise("fleet-19")
@pytest.mark.parametrize(
    "setting",
    ["{workspace}", "{workspace}.", "{workspace}.00", "{workspace}.{mac}", "", "x" * 100],
)
def test_an_injected_setting_opens_nothing(
    web: psycopg.Connection[Any], mine: pages.Shop, theirs: pages.Shop, setting: str
) -> None:
    with web.transaction(force_rollback=True):
        web.execute("SELECT tenancy.enter(%s)", [token(web, mine.workspace.id)])
        own = web.execute("SELECT current_setting('tenancy.context')").fetchone()
        assert own is not None
        forged = setting.format(workspace=theirs.workspace.id, mac=own[0].partition(".")[2])
        web.execute("SELECT set_config('tenancy.context', %s, true)", [forged])

        assert sqlstate(web, "SELECT count(*) FROM messaging_sender") in {REFUSED, MISSING}


def test_a_token_of_another_session_is_refused(web: psycopg.Connection[Any], theirs: pages.Shop) -> None:
    stolen = context.token("w", theirs.workspace.id, web.info.backend_pid + 1)

    assert sqlstate(web, "SELECT tenancy.enter(%s)", [stolen]) == REFUSED


def test_an_expired_token_is_refused(
    web: psycopg.Connection[Any], theirs: pages.Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "LIFETIME_SECONDS", -1)

    assert sqlstate(web, "SELECT tenancy.enter(%s)", [token(web, theirs.workspace.id)]) == REFUSED


def test_a_token_for_a_person_opens_no_workspace(web: psycopg.Connection[Any], theirs: pages.Shop) -> None:
    assert sqlstate(web, "SELECT tenancy.enter(%s)", [token(web, theirs.workspace.id, "u")]) == REFUSED


@pytest.mark.parametrize("garbage", ["", "w", "w.x.y.z", "w...", "w.{id}.99999999999999999999.00", "w.{id}.1.zz"])
def test_a_malformed_token_is_refused(web: psycopg.Connection[Any], theirs: pages.Shop, garbage: str) -> None:
    assert sqlstate(web, "SELECT tenancy.enter(%s)", [garbage.format(id=theirs.workspace.id)]) == REFUSED


@pytest.mark.promise("fleet-19")
def test_a_token_changed_to_another_workspace_is_refused(
    web: psycopg.Connection[Any], mine: pages.Shop, theirs: pages.Shop
) -> None:
    changed = token(web, mine.workspace.id).replace(str(mine.workspace.id), str(theirs.workspace.id))

    assert sqlstate(web, "SELECT tenancy.enter(%s)", [changed]) == REFUSED


def test_a_second_workspace_in_one_transaction_is_refused(
    web: psycopg.Connection[Any], mine: pages.Shop, theirs: pages.Shop
) -> None:
    with web.transaction(force_rollback=True):
        web.execute("SELECT tenancy.enter(%s)", [token(web, mine.workspace.id)])

        assert sqlstate(web, "SELECT tenancy.enter(%s)", [token(web, theirs.workspace.id)]) == REFUSED


def test_the_context_ends_with_its_transaction(web: psycopg.Connection[Any], mine: pages.Shop) -> None:
    with web.transaction():
        web.execute("SELECT tenancy.enter(%s)", [token(web, mine.workspace.id)])
        kept = web.execute("SELECT current_setting('tenancy.context')").fetchone()

    assert sqlstate(web, "SELECT count(*) FROM messaging_sender") == MISSING
    assert kept is not None
    with web.transaction(force_rollback=True):
        web.execute("SELECT set_config('tenancy.context', %s, true)", [kept[0]])
        assert sqlstate(web, "SELECT count(*) FROM messaging_sender") == REFUSED


@pytest.mark.promise("fleet-19")
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM tenancy.signing_key",
        "SELECT tenancy.sign(1::smallint, 'x')",
        "SELECT tenancy.seal('x')",
        "SELECT tenancy.subject('w', 'x')",
        "SET ROLE sp_definer",
        "SET ROLE sp_owner",
        "SET SESSION AUTHORIZATION sp_owner",
        "ALTER TABLE messaging_sender DISABLE ROW LEVEL SECURITY",
        "ALTER ROLE sp_app BYPASSRLS",
        "CREATE TABLE public.stolen AS SELECT 1",
        "CREATE FUNCTION public.stolen() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "TRUNCATE messaging_sender",
        "TRUNCATE messaging_message",
        "DELETE FROM messaging_message",
        "UPDATE messaging_outbox SET state = 0",
        "INSERT INTO messaging_outbox SELECT * FROM messaging_outbox",
        "UPDATE messaging_message SET price = 0",
        "UPDATE ledger.account SET posted = 1",
        "INSERT INTO ledger.transfer SELECT * FROM ledger.transfer",
        "SELECT ledger.charge_many('{}', '{}', '{}', now())",
        "SELECT ledger.refund_many('{}', now())",
        "SELECT * FROM pipeline.claim(gen_random_uuid(), gen_random_uuid(), 1, now(), now())",
        "SELECT pipeline.finish('{}', '{}', '{}', now())",
        "SELECT pipeline.drop_partitions(current_date, now())",
        "SELECT password FROM messaging_carrier",
        "COPY messaging_sender TO PROGRAM 'cat'",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_the_web_role_may_not(web: psycopg.Connection[Any], mine: pages.Shop, statement: str) -> None:
    with web.transaction(force_rollback=True):
        web.execute("SELECT tenancy.enter(%s)", [token(web, mine.workspace.id)])

        assert sqlstate(web, statement) == "42501"


def test_partitions_cannot_be_read_around_their_parent(web: psycopg.Connection[Any], mine: pages.Shop) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'messaging_message'::regclass"
        )
        partitions = [row[0] for row in cursor.fetchall()]
    assert partitions

    with web.transaction(force_rollback=True):
        web.execute("SELECT tenancy.enter(%s)", [token(web, mine.workspace.id)])
        for partition in partitions:
            with web.transaction(force_rollback=True):
                assert sqlstate(web, f"SELECT count(*) FROM {partition}") == "42501"


@pytest.mark.promise("fleet-18")
def test_rows_cannot_be_written_into_or_moved_to_another_workspace(mine: pages.Shop, theirs: pages.Shop) -> None:
    with scope.workspace(mine.workspace.id):
        for attempt in (
            lambda: Sender.objects.filter(workspace=mine.workspace).update(workspace_id=theirs.workspace.id),
            lambda: Sender(
                workspace_id=theirs.workspace.id, address="EVIL", address_idx=b"x" * 16, kind="alphanumeric"
            ).save(force_insert=True),
        ):
            with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                attempt()


def test_a_person_sees_their_own_memberships_only(web: psycopg.Connection[Any], mine: pages.Shop) -> None:
    names = web.execute("SELECT workspace_id FROM access.memberships(%s)", [token(web, mine.owner.id, "u")]).fetchall()

    assert names == [(mine.workspace.id,)]
    assert sqlstate(web, "SELECT * FROM access.memberships(%s)", [token(web, mine.owner.id)]) == REFUSED
    assert sqlstate(web, "SELECT * FROM access.memberships(%s)", [str(mine.owner.id)]) == REFUSED


def test_an_unknown_key_tells_nothing(web: psycopg.Connection[Any]) -> None:
    assert web.execute("SELECT * FROM access.key_by_digest(%s)", [uuid4().bytes * 2]).fetchall() == []


def test_a_message_of_another_workspace_cannot_be_canceled_redacted_or_erased(
    web: psycopg.Connection[Any], mine: pages.Shop, theirs: pages.Shop
) -> None:
    target = ids.decode(ids.MESSAGE, pages.message(theirs))
    at = clock.now()

    for sql, arguments in (
        ("SELECT pipeline.cancel(%s, %s, %s)", [target, at]),
        ("SELECT pipeline.redact(%s, %s, %s)", [target, at]),
        ("SELECT pipeline.erase(%s, %s)", [target]),
    ):
        row = web.execute(sql, [token(web, mine.workspace.id), *arguments]).fetchone()
        assert row == ("not_found",)
