"""Three doors, each closed by itself: the key ring, the database, the view. Here the first two, asked directly."""

import datetime as dt
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.apps import apps
from django.db import DatabaseError, connections, transaction
from django.db.models import Model

from accounts.models import Workspace
from messaging.models import Body, Message, Sender
from messaging.views.message import text_of
from privacy import keyring
from privacy.keyring import Purpose
from smsplatform.lib import clock, database, ids
from smsplatform.lib.tenancy import context, scope, staff, staff_reads
from smsplatform.lib.tenancy.models import tenant_models
from smsplatform.lib.tenancy.routers import OF_CUSTOMERS
from smsplatform.lib.tenancy.staff import Level, Pass, StaffRefused
from tests.factories import pages

REFUSED, MISSING, TOO_LOW, DENIED = "SP001", "SP002", "SP003", "42501"


@pytest.fixture(scope="module")
def mine() -> pages.Shop:
    shop = pages.shop()
    pages.message(shop)
    return shop


@pytest.fixture(scope="module")
def theirs() -> pages.Shop:
    shop = pages.shop()
    pages.message(shop)
    return shop


@pytest.fixture
def login() -> Iterator[psycopg.Connection[Any]]:
    """A session of ``sp_staff``, outside Django."""
    with psycopg.connect(**database.conninfo("staff"), autocommit=True) as connection:
        yield connection


def a_pass(shop: pages.Shop, level: Level = Level.CONTENT) -> Pass:
    return Pass(grant=uuid4(), workspace=shop.workspace.id, level=level, until=clock.now() + dt.timedelta(minutes=5))


def token(connection: psycopg.Connection[Any], shop: pages.Shop, kind: str = "s3") -> str:
    return context.token(kind, shop.workspace.id, connection.info.backend_pid)


def sqlstate(connection: psycopg.Connection[Any], sql: Any, arguments: Any = ()) -> str | None:
    try:
        connection.execute(sql, arguments)
    except psycopg.Error as error:
        return error.sqlstate
    return None


CUSTOMER_TABLES = sorted(
    {"accounts_workspace"}
    | {
        model._meta.db_table.replace('"', "")
        for model in apps.get_models()
        if model._meta.app_label in OF_CUSTOMERS
        and any(field.column == "workspace_id" for field in model._meta.concrete_fields)
    }
)


# Staff read these without a grant: they hold reasons, tickets and ids, no data of customers.
OF_STAFF = ("accounts_staff_grant", "accounts_staff_proposal")


def seen(model: type[Model]) -> list[Model]:
    """What a query of the model gives; nothing when the database refuses it."""
    try:
        return list(model._default_manager.all()[:1])
    except DatabaseError:
        return []


@pytest.mark.promise("fleet-28", "transit-99", "otp-20", "otp-33")
@pytest.mark.parametrize("table", CUSTOMER_TABLES)
def test_without_a_grant_staff_read_no_table_of_customers(
    login: psycopg.Connection[Any], theirs: pages.Shop, table: str
) -> None:
    if table in OF_STAFF:
        pytest.skip("what staff themselves ask for, and decide on for one another")
    state = sqlstate(login, f"SELECT count(*) FROM {table}")

    if state is None:  # a table without any row has nothing to ask its policy about
        assert login.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (0,)
    else:
        assert state in {MISSING, DENIED}


def test_the_models_show_staff_nothing_without_a_grant(mine: pages.Shop) -> None:
    for model in tenant_models():
        if model._meta.app_label not in OF_CUSTOMERS or model._meta.db_table in OF_STAFF:
            continue
        with staff.console():
            assert seen(model) == []


@pytest.mark.promise("transit-101")
def test_a_grant_for_one_workspace_shows_nothing_of_another(mine: pages.Shop, theirs: pages.Shop) -> None:
    with staff.console(), staff.admitted(a_pass(mine)):
        seen = set(Message.objects.values_list("workspace_id", flat=True))
        named = set(Workspace.objects.values_list("id", flat=True))
        bodies = set(Body.objects.values_list("workspace_id", flat=True))

    assert seen == named == bodies == {mine.workspace.id}


def test_rules_called_without_any_view_are_refused(mine: pages.Shop) -> None:
    with scope.workspace(mine.workspace.id):
        message = Message.objects.first()
        sender = Sender.objects.first()
    assert message is not None
    assert sender is not None

    with staff.console():
        with pytest.raises(DatabaseError):
            text_of(message, at=clock.now())
        with pytest.raises(StaffRefused):
            str(sender.address)


@pytest.mark.parametrize(
    ("level", "opens"),
    [
        (Level.METADATA, {Purpose.ACCOUNT}),
        (Level.IDENTIFIERS, {Purpose.ACCOUNT, Purpose.CONTACTS, Purpose.INDEX}),
        (Level.CONTENT, {Purpose.ACCOUNT, Purpose.CONTACTS, Purpose.INDEX, Purpose.BODY}),
    ],
)
def test_a_level_opens_its_keys_and_no_other(mine: pages.Shop, level: Level, opens: set[Purpose]) -> None:
    workspace, today = mine.workspace.id, clock.now().date()

    def has(purpose: Purpose) -> bool:
        try:
            keyring.body_key(workspace, today) if purpose is Purpose.BODY else keyring.key(workspace, purpose)
        except StaffRefused:
            return False
        return True

    with staff.console(), staff.admitted(a_pass(mine, level)):
        assert {purpose for purpose in Purpose if has(purpose)} == opens


def test_a_key_that_the_process_holds_already_is_refused_too(mine: pages.Shop, theirs: pages.Shop) -> None:
    held = keyring.key(theirs.workspace.id, Purpose.CONTACTS)

    with staff.console():
        for attempt in (
            lambda: keyring.by_id(held.id),
            lambda: keyring.by_ids([held.id]),
            lambda: keyring.cached_key(theirs.workspace.id, Purpose.CONTACTS),
        ):
            with pytest.raises(StaffRefused):
                attempt()
        with staff.admitted(a_pass(mine)), pytest.raises(StaffRefused):
            keyring.by_id(held.id)


def test_a_pass_that_is_over_opens_nothing(mine: pages.Shop) -> None:
    over = Pass(grant=uuid4(), workspace=mine.workspace.id, level=Level.CONTENT, until=clock.now())

    with staff.console(), pytest.raises(StaffRefused), staff.admitted(over):
        pass


def test_a_pass_inside_a_pass_is_refused(mine: pages.Shop, theirs: pages.Shop) -> None:
    with staff.console(), staff.admitted(a_pass(mine)), pytest.raises(StaffRefused), staff.admitted(a_pass(theirs)):
        pass


def test_a_pass_outside_of_the_console_is_refused(mine: pages.Shop) -> None:
    with pytest.raises(StaffRefused), staff.admitted(a_pass(mine)):
        pass


def test_customers_own_pages_are_not_touched_by_the_console(mine: pages.Shop) -> None:
    with staff.console():
        pass

    with scope.workspace(mine.workspace.id):
        assert Sender.objects.first().address == pages.SENDER  # type: ignore[union-attr]  # the shop has one


# The database alone: attacks with the login of staff. docs/security.md repeats the list.


@pytest.mark.parametrize("table", sorted(staff_reads.OF_WORKSPACE))
def test_a_level_that_is_too_low_is_refused_by_the_table(
    login: psycopg.Connection[Any], mine: pages.Shop, table: str
) -> None:
    needed = staff_reads.OF_WORKSPACE[table]
    for level in Level:
        with login.transaction(force_rollback=True):
            login.execute("SELECT tenancy.enter_staff(%s)", [token(login, mine, f"s{level.value}")])
            state = sqlstate(login, f"SELECT 1 FROM {table} WHERE workspace_id IS NOT NULL LIMIT 1")
            assert state in ({None} if level >= needed else {TOO_LOW, None}), level
            assert (
                state or level >= needed or login.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (0,)
            )


@pytest.mark.parametrize("setting", ["s3.{id}", "s3.{id}.", "s3.{id}.00", "s3.{id}.{mac}", "{id}.{mac}", "x" * 100])
def test_an_injected_setting_opens_nothing(
    login: psycopg.Connection[Any], mine: pages.Shop, theirs: pages.Shop, setting: str
) -> None:
    with login.transaction(force_rollback=True):
        login.execute("SELECT tenancy.enter_staff(%s)", [token(login, mine)])
        own = login.execute("SELECT current_setting('tenancy.staff')").fetchone()
        assert own is not None
        forged = setting.format(id=theirs.workspace.id, mac=own[0].rpartition(".")[2])
        login.execute("SELECT set_config('tenancy.staff', %s, true)", [forged])

        assert sqlstate(login, "SELECT count(*) FROM messaging_sender") == REFUSED


def test_a_level_cannot_be_raised_by_writing_the_setting(login: psycopg.Connection[Any], mine: pages.Shop) -> None:
    with login.transaction(force_rollback=True):
        login.execute("SELECT tenancy.enter_staff(%s)", [token(login, mine, "s1")])
        own = login.execute("SELECT current_setting('tenancy.staff')").fetchone()
        assert own is not None
        login.execute("SELECT set_config('tenancy.staff', %s, true)", [own[0].replace("s1.", "s3.", 1)])

        assert sqlstate(login, "SELECT count(*) FROM messaging_body") == REFUSED


@pytest.mark.parametrize("kind", ["w", "u", "s", "s0", "s4", "s9", "owner"])
def test_a_token_of_another_kind_is_refused(login: psycopg.Connection[Any], mine: pages.Shop, kind: str) -> None:
    assert sqlstate(login, "SELECT tenancy.enter_staff(%s)", [token(login, mine, kind)]) == REFUSED


def test_a_token_raised_to_another_level_is_refused(login: psycopg.Connection[Any], mine: pages.Shop) -> None:
    raised = token(login, mine, "s1").replace("s1.", "s3.", 1)

    assert sqlstate(login, "SELECT tenancy.enter_staff(%s)", [raised]) == REFUSED


def test_a_token_for_another_workspace_or_session_is_refused(
    login: psycopg.Connection[Any], mine: pages.Shop, theirs: pages.Shop
) -> None:
    changed = token(login, mine).replace(str(mine.workspace.id), str(theirs.workspace.id))
    stolen = context.token("s3", mine.workspace.id, login.info.backend_pid + 1)

    assert sqlstate(login, "SELECT tenancy.enter_staff(%s)", [changed]) == REFUSED
    assert sqlstate(login, "SELECT tenancy.enter_staff(%s)", [stolen]) == REFUSED


def test_an_expired_token_is_refused(
    login: psycopg.Connection[Any], mine: pages.Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "LIFETIME_SECONDS", -1)

    assert sqlstate(login, "SELECT tenancy.enter_staff(%s)", [token(login, mine)]) == REFUSED


def test_a_second_workspace_or_level_in_one_transaction_is_refused(
    login: psycopg.Connection[Any], mine: pages.Shop, theirs: pages.Shop
) -> None:
    for second in (token(login, theirs), token(login, mine, "s2")):
        with login.transaction(force_rollback=True):
            login.execute("SELECT tenancy.enter_staff(%s)", [token(login, mine)])

            assert sqlstate(login, "SELECT tenancy.enter_staff(%s)", [second]) == REFUSED


def test_the_grant_ends_with_its_transaction(login: psycopg.Connection[Any], mine: pages.Shop) -> None:
    with login.transaction():
        login.execute("SELECT tenancy.enter_staff(%s)", [token(login, mine)])
        kept = login.execute("SELECT current_setting('tenancy.staff')").fetchone()

    assert sqlstate(login, "SELECT count(*) FROM messaging_sender") == MISSING
    assert kept is not None
    with login.transaction(force_rollback=True):
        login.execute("SELECT set_config('tenancy.staff', %s, true)", [kept[0]])
        assert sqlstate(login, "SELECT count(*) FROM messaging_sender") == REFUSED


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM tenancy.signing_key",
        "SELECT tenancy.sign(1::smallint, 'x')",
        "SELECT tenancy.seal('x')",
        "SELECT tenancy.subject('s3', 'x')",
        "SELECT tenancy.enter('x')",
        "SELECT tenancy.workspace()",
        "SET ROLE sp_definer",
        "SET ROLE sp_app",
        "SET SESSION AUTHORIZATION sp_owner",
        "ALTER TABLE messaging_sender DISABLE ROW LEVEL SECURITY",
        "ALTER ROLE sp_staff BYPASSRLS",
        "CREATE TABLE public.stolen AS SELECT 1",
        "CREATE VIEW public.stolen AS SELECT 1",
        "CREATE FUNCTION public.stolen() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "TRUNCATE messaging_sender",
        "TRUNCATE accounts_staff_grant",
        "TRUNCATE privacy_audit_event",
        "DELETE FROM messaging_message",
        "UPDATE messaging_message SET price = 0",
        "INSERT INTO messaging_sender SELECT * FROM messaging_sender",
        "UPDATE accounts_workspace SET name = 'x'",
        "UPDATE accounts_staff_grant SET level = 3",
        "INSERT INTO accounts_staff_grant SELECT * FROM accounts_staff_grant",
        "DELETE FROM accounts_staff_grant",
        "SELECT digest FROM accounts_api_key",
        "SELECT join_token FROM accounts_workspace",
        "SELECT url FROM messaging_webhook_endpoint",
        "SELECT secret FROM messaging_webhook_endpoint",
        "SELECT * FROM accounts_user",
        "SELECT * FROM accounts_session",
        "SELECT * FROM accounts_refresh_token",
        "SELECT * FROM accounts_totp_device",
        "DELETE FROM privacy_audit_event",
        "SELECT * FROM access.key_by_digest('x')",
        "SELECT * FROM access.memberships('x')",
        "SELECT access.erase_rows(gen_random_uuid(), 'messaging_sender', '{id}', now(), 1)",
        "SELECT pipeline.erase('x', gen_random_uuid())",
        "SELECT ledger.refund_many('{}', now())",
        "COPY messaging_sender TO PROGRAM 'cat'",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_the_login_of_staff_may_not(login: psycopg.Connection[Any], mine: pages.Shop, statement: str) -> None:
    with login.transaction(force_rollback=True):
        login.execute("SELECT tenancy.enter_staff(%s)", [token(login, mine)])

        assert sqlstate(login, statement) in {DENIED, "0A000"}


def test_partitions_cannot_be_read_around_their_parent(login: psycopg.Connection[Any], mine: pages.Shop) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits "
            "WHERE inhparent IN ('messaging_message'::regclass, 'messaging_body'::regclass)"
        )
        partitions = [row[0] for row in cursor.fetchall()]

    for partition in partitions:
        with login.transaction(force_rollback=True):
            login.execute("SELECT tenancy.enter_staff(%s)", [token(login, mine)])
            assert sqlstate(login, f"SELECT count(*) FROM {partition}") == DENIED


def test_the_team_is_told_for_the_granted_workspace_only(login: psycopg.Connection[Any], mine: pages.Shop) -> None:
    assert sqlstate(login, "SELECT * FROM access.team_under_grant()") == MISSING
    with login.transaction(force_rollback=True):
        login.execute("SELECT tenancy.enter_staff(%s)", [token(login, mine)])
        told = {row[0] for row in login.execute("SELECT user_id FROM access.team_under_grant()").fetchall()}

    assert told == {mine.owner.id, mine.viewer.id}


def test_the_web_role_cannot_enter_as_staff(mine: pages.Shop) -> None:
    with psycopg.connect(**database.conninfo("default"), autocommit=True) as web:
        assert sqlstate(web, "SELECT tenancy.enter_staff(%s)", [token(web, mine)]) == DENIED
        assert sqlstate(web, "SELECT tenancy.granted(1)") == DENIED


def test_a_row_of_another_workspace_cannot_be_moved_into_a_grant(mine: pages.Shop, theirs: pages.Shop) -> None:
    """Acting under a grant happens in the workspace's own scope: composite keys and policies hold there."""
    with staff.console(), staff.admitted(a_pass(mine)), scope.workspace(mine.workspace.id):
        with pytest.raises(DatabaseError), transaction.atomic():
            Sender.objects.filter(workspace=mine.workspace).update(workspace_id=theirs.workspace.id)
        assert not Sender.objects.filter(workspace_id=theirs.workspace.id).exists()
        assert ids.time_of(mine.workspace.id) <= clock.now()
