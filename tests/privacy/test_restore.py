"""The drill: dump, erase, restore. What came back is unreadable, and nothing is served until it is erased again."""

import asyncio
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.management import call_command
from django.db import connections
from django.test import Client
from psycopg import sql

from accounts import closing
from accounts.models import User, Workspace
from messaging.drafting import Draft
from messaging.models import Message
from privacy import erasure, keyring, tombstones
from privacy.live import key_store
from privacy.people import Person
from smsplatform import guard
from smsplatform.guard import RestoreGuard
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from smsplatform.promises import restore_guard
from tests.factories import messaging
from tests.factories.accounts import World, make_user, make_workspace
from tests.factories.superuser import superuser
from tests.privacy.test_archives import made, opened
from tests.privacy.test_finding import number

pytestmark = pytest.mark.promise("duty-11", "fleet-42")
Dump = dict[str, bytes]

_TABLES = """
    SELECT c.relname, EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'workspace_id')
    FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relnamespace = 'public'::regnamespace
      AND (c.relname IN ('accounts_workspace', 'accounts_user', 'privacy_known_epoch') OR EXISTS (
          SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'workspace_id'))
"""


def rows_of(table: str, within: bool, about: list[UUID]) -> sql.Composed:
    """Which rows of a table a dump takes."""
    column = "workspace_id" if within else "id"
    if table == "privacy_known_epoch":
        return sql.SQL("FROM {} WHERE true").format(sql.Identifier(table))
    wanted = sql.SQL(", ").join(sql.Literal(str(each)) for each in about)
    return sql.SQL("FROM {} WHERE {} IN ({})").format(sql.Identifier(table), sql.Identifier(column), wanted)


def dump(*about: UUID) -> Dump:
    """What a logical dump holds of these workspaces and people, and what it knows of erasures."""
    found = {}
    with superuser() as connection:
        for table, within in connection.execute(_TABLES).fetchall():
            statement = sql.SQL("COPY (SELECT * {}) TO STDOUT").format(rows_of(table, within, list(about)))
            with connection.cursor().copy(statement) as copy:
                found[table] = b"".join(bytes(piece) for piece in copy)
    return found


def restore(dumped: Dump, *about: UUID) -> None:
    """Put it back over what is there now, as a restore does: without triggers and checks of references."""
    with superuser() as connection:
        connection.execute("SET session_replication_role = replica")
        for table, within in connection.execute(_TABLES).fetchall():
            connection.execute(sql.SQL("DELETE {}").format(rows_of(table, within, list(about))))
            with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
                copy.write(dumped[table])
    tombstones.look_again()


@contextmanager
def restored(dumped: Dump, *about: UUID) -> Iterator[None]:
    """Restored from the dump; whatever the test finds, the database is not left behind for others."""
    restore(dumped, *about)
    try:
        yield
    finally:
        tombstones.catch_up()
        tombstones.look_again()


@pytest.mark.parametrize("alias", ["system", "keystore"])
def test_the_guard_looks_again_once_a_database_that_was_away_is_back(alias: str) -> None:
    assert tombstones.behind() is False
    session = connections[alias].connection
    assert session is not None
    session.close()  # as after a restart of the server, in a thread that keeps its connection

    assert tombstones.behind() is False


async def _hello(scope_: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def served(*paths: str) -> list[int]:
    """What the outermost part of the web process answers, asked anew."""

    async def ask() -> list[int]:
        guard, answers = RestoreGuard(_hello), []
        for path in paths:
            request = {"type": "http", "method": "GET", "path": path}
            talk: Any = ApplicationCommunicator(guard, request)  # type: ignore[no-untyped-call]  # asgiref's own
            await talk.send_input({"type": "http.request"})
            answers.append(int((await talk.receive_output())["status"]))
        return answers

    return asyncio.run(ask())


def stored(world: World) -> int:
    with superuser() as connection:
        found = connection.execute(
            "SELECT count(*) FROM messaging_message WHERE workspace_id = %s", [world.id]
        ).fetchone()
    return int(found[0]) if found else 0


def texts(world: World) -> list[str]:
    archive = opened(made(Person(subject="workspace", workspace=world.id)))
    bodies = [name for name in archive.namelist() if name.endswith("messaging.Body.json")]
    return [line for name in bodies for line in archive.read(name).decode().splitlines() if "text_ct" in line]


def final(world: World, to: str, text: str) -> Draft:
    draft = messaging.accept(world, to=to, body=text)[0]
    messaging.finish(world, [draft])
    return draft


def close(world: World) -> None:
    at = clock.now()
    with scope.workspace(world.id):
        closing.close(workspace=Workspace.objects.get(pk=world.id), by=world.owner, when=closing.When.NOW, at=at)
    closing.erase(workspace=world.id, at=at)


def test_a_restored_workspace_is_unreadable_and_nothing_is_served_until_it_is_erased_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    erased, other = make_workspace(), make_workspace()
    final(erased, number(), "erased")
    final(other, number(), "of another")
    about = (erased.id, other.id)
    backup = dump(*about)
    close(erased)
    assert stored(erased) == 0
    assert served("/", "/v1/messages") == [200, 200]

    with restored(backup, *about):
        assert stored(erased) == 1
        with pytest.raises(keyring.KeyDestroyed):
            keyring.key(erased.id, keyring.Purpose.CONTACTS)
        assert "of another" in texts(other)[0]
        assert tombstones.behind()
        assert not key_store.restored(clock.now()).holds
        assert served("/", "/v1/messages", "/livez") == [503, 503, 200]
        ready = Client().get("/readyz")
        assert (ready.status_code, "reapply_erasures" in ready.content.decode()) == (503, True)
        with pytest.raises(SystemExit):
            call_command("doctor")
        assert "restored from before an erasure" in capsys.readouterr().out

        out = io.StringIO()
        call_command("reapply_erasures", stdout=out)

        assert "accounts.Workspace" in out.getvalue()
        assert stored(erased) == 0
        assert "of another" in texts(other)[0]
        assert served("/", "/v1/messages") == [200, 200]
        assert key_store.restored(clock.now()).holds
        assert not tombstones.behind()  # what the check tried is undone


def test_the_check_of_the_guard_fails_when_it_lets_pages_through(monkeypatch: pytest.MonkeyPatch) -> None:
    assert restore_guard(clock.now()).evidence == {"whole": 200, "restored": 503}
    monkeypatch.setattr(guard, "OPEN", ("/",))
    assert not restore_guard(clock.now()).holds


def test_a_recipient_and_a_person_who_come_back_are_erased_again() -> None:
    world, to = make_workspace(), number()
    user, _email = make_user()
    draft = final(world, to, "for one who left")
    backup = dump(world.id, user.pk)
    erasure.execute(Person(subject="recipient", msisdn=to), request_id=ids.uuid7(), at=clock.now())
    erasure.execute(Person(subject="account_holder", user=user.pk), request_id=ids.uuid7(), at=clock.now())

    with restored(backup, world.id, user.pk):
        with scope.workspace(world.id):
            assert Message.objects.get(pk=draft.id).to_ct is not None
        assert User.objects.filter(pk=user.pk).exists()

        erasure.reapply(at=clock.now())

        with scope.workspace(world.id):
            assert Message.objects.get(pk=draft.id).to_ct is None
        assert "for one who left" not in "".join(texts(world))
        assert not User.objects.filter(pk=user.pk).exists()
        assert not tombstones.behind()


def test_erasing_again_where_nothing_came_back_changes_nothing() -> None:
    world = make_workspace()
    final(world, number(), "stays")

    erasure.reapply(at=clock.now())

    assert stored(world) == 1
    assert not tombstones.behind()
