"""A destroyed key takes along what it opened, in the table, in a dump of it, and in a dump put back."""

import datetime as dt
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from messaging import presenting
from messaging.models import Body, Message
from privacy import ciphers, keyring, vault
from privacy.keystore.models import WorkspaceKey
from privacy.live import key_store
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import pages
from tests.factories.superuser import superuser

TEXT = "shred me"


def shown(shop: pages.Shop, message_id: UUID) -> dict[str, Any]:
    with scope.workspace(shop.workspace.id):
        return presenting.of_row(Message.objects.with_state().get(pk=message_id), at=clock.now())


def dump(message_id: UUID) -> tuple[dt.date, UUID, bytes]:
    """The body's row as a backup has it: day, workspace, ciphertext."""
    with superuser() as connection:
        row = connection.execute(
            "SELECT expires_on, workspace_id, text_ct FROM messaging_body WHERE message_id = %s", [message_id]
        ).fetchone()
    assert row is not None
    return row[0], row[1], bytes(row[2])


@pytest.mark.promise("transit-22", "team-12", "api-33")
def test_a_dumped_body_is_unreadable_once_its_key_is_destroyed_and_so_is_a_restored_one() -> None:
    shop, other = pages.shop(), pages.shop()
    message = ids.decode("msg", pages.message(shop, text=TEXT))
    neighbour = ids.decode("msg", pages.message(other, text=TEXT))
    day, workspace, sealed = dump(message)
    place = ciphers.aad("messaging.Body.text", workspace, message)
    assert ciphers.unseal(sealed, place).decode() == TEXT

    keyring.destroy_workspace(workspace, at=clock.now())
    with pytest.raises(ciphers.KeyDestroyed):
        ciphers.unseal(sealed, place)

    with superuser() as connection:  # the row deleted, and put back from the dump
        connection.execute("DELETE FROM messaging_body WHERE message_id = %s", [message])
        connection.execute(
            "INSERT INTO messaging_body (expires_on, workspace_id, message_id, text_ct) VALUES (%s, %s, %s, %s)",
            [day, workspace, message, sealed],
        )
    assert dump(message)[2] == sealed
    with pytest.raises(ciphers.KeyDestroyed):
        ciphers.unseal(dump(message)[2], place)
    assert shown(other, neighbour)["body"] == TEXT


def test_the_key_of_one_day_takes_the_bodies_of_that_day_only() -> None:
    shop = pages.shop()
    message = ids.decode("msg", pages.message(shop, text=TEXT))
    day, workspace, _ = dump(message)

    WorkspaceKey.objects.filter(workspace_id=workspace, bucket_on=day).delete()
    keyring.forget()

    left = shown(shop, message)
    assert left["body"] is None
    assert left["to"] == pages.TO


def test_a_body_moved_to_another_message_does_not_open() -> None:
    shop = pages.shop()
    mine, theirs = (ids.decode("msg", pages.message(shop, text=text)) for text in ("mine", "theirs"))
    with superuser() as connection:
        connection.execute("UPDATE messaging_body SET text_ct = %s WHERE message_id = %s", [dump(theirs)[2], mine])

    assert shown(shop, mine)["body"] is None
    assert shown(shop, theirs)["body"] == "theirs"


@pytest.mark.promise("transit-24")
def test_bodies_of_one_workspace_and_day_share_a_key_and_no_other_does() -> None:
    shop, other = pages.shop(), pages.shop()
    pages.messages(shop, count=2)
    pages.message(other)
    used = {}
    for each in (shop, other):
        with scope.workspace(each.workspace.id):
            sealed = Body.objects.filter(workspace=each.workspace).values_list("text_ct", flat=True)
            used[each.workspace.id] = {bytes(value)[1:17] for value in sealed}

    mine, theirs = used.values()
    assert len(mine) == len(theirs) == 1
    assert mine.isdisjoint(theirs)


# Commands


def test_rotating_the_vaults_key_leaves_every_text_readable() -> None:
    shop = pages.shop()
    message = ids.decode("msg", pages.message(shop, text=TEXT))
    out = io.StringIO()

    call_command("keys_rotate", stdout=out)

    keyring.forget()
    root = WorkspaceKey.objects.get(workspace_id=shop.workspace.id, purpose="root")
    assert vault.current().epoch_of(bytes(root.wrapped)) == vault.current().epoch()
    assert f"under epoch {vault.current().epoch()}" in out.getvalue()
    assert shown(shop, message)["body"] == TEXT


def test_resuming_a_rotation_makes_no_new_epoch() -> None:
    before = vault.current().epoch()

    call_command("keys_rotate", resume=True, stdout=io.StringIO())

    assert vault.current().epoch() == before


def test_the_epoch_in_use_cannot_be_retired() -> None:
    with pytest.raises(CommandError, match="newest"):
        call_command("keys_rotate", resume=True, retire=vault.current().epoch(), stdout=io.StringIO())


def test_initialising_leaves_an_existing_vault_alone() -> None:
    before, out = vault.current().epoch(), io.StringIO()

    call_command("vault_init", stdout=out)

    assert vault.current().epoch() == before
    assert str(before) in out.getvalue()


def test_an_unknown_vault_is_refused_in_words() -> None:
    with override_settings(VAULT="paper"), pytest.raises(CommandError, match="use file or pkcs11"):
        call_command("vault_init", stdout=io.StringIO())


def test_no_session_makes_a_key_for_an_erased_workspace() -> None:
    workspace = uuid4()
    keyring.key(workspace, keyring.Purpose.CONTACTS)
    keyring.destroy_workspace(workspace, at=clock.now())

    with pytest.raises(ciphers.KeyDestroyed):
        keyring._make(workspace, keyring.Purpose.CONTACTS, None, epoch=1)
    with superuser("keystore") as session:
        session.execute("SET session_replication_role = replica")  # as a restore puts rows back
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
            _put_key(session, workspace)


def test_a_key_that_is_made_while_its_workspace_is_erased_is_refused_or_destroyed() -> None:
    workspace = uuid4()
    with superuser("keystore") as session, ThreadPoolExecutor(1) as pool:
        with session.transaction():
            _put_key(session, workspace)
            erased = pool.submit(keyring.destroy_workspace, workspace, at=clock.now())
            with pytest.raises(TimeoutError):
                erased.result(0.3)
        assert erased.result(30) == 1
    assert not WorkspaceKey.objects.filter(workspace_id=workspace).exists()


@pytest.mark.promise("fleet-42")
def test_the_check_of_the_key_store_fails_without_its_trigger_and_with_a_key_that_is_back() -> None:
    workspace, at = uuid4(), clock.now()
    keyring.destroy_workspace(workspace, at=at)
    assert key_store.buried(at).holds

    with superuser("keystore") as session:
        session.execute("ALTER TABLE keystore_key DISABLE TRIGGER refuse_buried")
        try:
            _put_key(session, workspace)
            open_, left = key_store.buried(at), key_store.buried(at)
        finally:
            session.execute("ALTER TABLE keystore_key ENABLE ALWAYS TRIGGER refuse_buried")
            session.execute("DELETE FROM keystore_key WHERE workspace_id = %s", [workspace])

    assert (open_.holds, open_.evidence["keys"], left.why) == (False, 1, "keys of erased workspaces, a key was taken")
    assert key_store.buried(at).holds
    assert not WorkspaceKey.objects.filter(wrapped=b"").exists()  # what was tried is undone


def _put_key(session: Any, workspace: UUID) -> None:
    session.execute(
        "INSERT INTO keystore_key (id, workspace_id, purpose, epoch, wrapped, created_at) "
        "VALUES (%s, %s, 'root', 1, '', now())",
        [uuid4(), workspace],
    )
