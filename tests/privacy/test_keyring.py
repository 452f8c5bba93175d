import datetime as dt
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import DatabaseError, connections
from django.test.utils import CaptureQueriesContext

from privacy import ciphers, keyring, vault
from privacy.keyring import OF_WORKSPACE, PLATFORM, KeyDestroyed, Purpose
from privacy.keystore.models import WorkspaceKey
from smsplatform.lib import clock
from tests.factories.superuser import superuser

DAY = dt.timedelta(days=1)
ROW = uuid4()
LABEL = "messaging.Body.text"


def today() -> dt.date:
    return clock.now().date()


def sealed_body(workspace: UUID, expires_on: dt.date, text: bytes = b"see you at eight") -> tuple[bytes, bytes]:
    bound = ciphers.aad(LABEL, workspace, ROW)
    return ciphers.seal(keyring.body_key(workspace, expires_on), text, bound), bound


@contextmanager
def queries() -> Iterator[CaptureQueriesContext]:
    """Statements that reach the key store."""
    with CaptureQueriesContext(connections["keystore"]) as captured:
        yield captured


def rows(workspace: UUID, **wanted: object) -> list[WorkspaceKey]:
    return list(WorkspaceKey.objects.filter(workspace_id=workspace, **wanted))


# Making and finding


def test_a_key_is_made_once_and_found_again_after_the_process_forgot_it() -> None:
    workspace = uuid4()
    first = keyring.key(workspace, Purpose.ACCOUNT)

    keyring.forget()

    again = keyring.key(workspace, Purpose.ACCOUNT)
    assert (again.id, again.secret) == (first.id, first.secret)
    assert again is not first


def test_workspaces_and_purposes_share_no_key() -> None:
    one, other = uuid4(), uuid4()
    made = [keyring.key(workspace, purpose) for workspace in (one, other) for purpose in OF_WORKSPACE]
    made += [keyring.body_key(workspace, today() + days * DAY) for workspace in (one, other) for days in (0, 1)]

    assert len({found.secret for found in made}) == len({found.id for found in made}) == 12


def test_threads_that_need_the_same_new_key_get_one() -> None:
    workspace, barrier = uuid4(), threading.Barrier(8)

    def find(purpose: Purpose) -> UUID:
        barrier.wait(10)
        try:
            return keyring.key(workspace, purpose).id
        finally:
            connections["keystore"].close()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(find, [Purpose.ACCOUNT, Purpose.INDEX] * 4))

    assert len(set(found)) == 2
    assert len(rows(workspace)) == 3  # and one root


def test_processes_that_need_the_same_new_key_get_one() -> None:
    workspace = uuid4()
    script = (
        "import django, sys, uuid; django.setup()\n"
        "from privacy import keyring\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        f"print(keyring.key(uuid.UUID('{workspace}'), keyring.Purpose.ACCOUNT).secret.hex())\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    answers = set()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        answers.add(process.communicate(timeout=60)[0].strip())
        assert process.returncode == 0

    assert answers == {keyring.key(workspace, Purpose.ACCOUNT).secret.hex()}


def test_a_held_key_costs_no_query_and_the_cached_form_never_asks() -> None:
    workspace = uuid4()
    with queries() as asked:
        assert keyring.cached_key(workspace, Purpose.INDEX) is None
        assert keyring.cached_body_key(workspace, today()) is None
    assert len(asked) == 0

    made, body = keyring.key(workspace, Purpose.INDEX), keyring.body_key(workspace, today())
    with queries() as asked:
        assert keyring.key(workspace, Purpose.INDEX) is made is keyring.cached_key(workspace, Purpose.INDEX)
        assert keyring.body_key(workspace, today()) is body is keyring.cached_body_key(workspace, today())
        assert keyring.by_id(made.id) is made
    assert len(asked) == 0


def test_a_key_is_looked_up_again_when_its_time_in_memory_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = uuid4()
    made = keyring.key(workspace, Purpose.INDEX)
    WorkspaceKey.objects.filter(id=made.id).delete()
    assert keyring.by_id(made.id) is made

    monkeypatch.setattr(keyring, "KEPT_SECONDS", 0.0)

    assert keyring.cached_key(workspace, Purpose.INDEX) is None
    with pytest.raises(KeyDestroyed):
        keyring.by_id(made.id)


def test_many_keys_by_id_cost_one_query_and_leave_out_what_is_gone() -> None:
    workspaces = [uuid4() for _ in range(5)]
    made = [keyring.key(workspace, Purpose.CONTACTS) for workspace in workspaces]
    keyring.forget()

    with queries() as asked:
        found = keyring.by_ids([*(each.id for each in made), uuid4()])

    assert {key_id: held.secret for key_id, held in found.items()} == {each.id: each.secret for each in made}
    assert len(asked) == 1
    with queries() as asked:
        assert keyring.by_ids(each.id for each in made) == found
    assert len(asked) == 0


def test_warming_loads_everything_of_some_workspaces_with_one_query() -> None:
    workspaces = [uuid4() for _ in range(3)]
    for workspace in workspaces:
        keyring.create_for(workspace)
        keyring.body_key(workspace, today())
        keyring.body_key(workspace, today() + 2 * DAY)
    keyring.forget()

    with queries() as asked:
        assert keyring.warm(workspaces, expires_on=[today()]) == 3 * 6

    assert len(asked) == 1
    assert all(keyring.cached_key(workspace, purpose) for workspace in workspaces for purpose in OF_WORKSPACE)
    assert keyring.cached_body_key(workspaces[0], today()) is not None
    assert keyring.cached_body_key(workspaces[0], today() + 2 * DAY) is None


def test_a_key_that_took_anothers_place_does_not_open() -> None:
    one, other = uuid4(), uuid4()
    mine, theirs = keyring.key(one, Purpose.SECRETS), keyring.key(other, Purpose.SECRETS)
    stolen = WorkspaceKey.objects.get(id=theirs.id).wrapped
    WorkspaceKey.objects.filter(id=mine.id).update(wrapped=stolen)
    keyring.forget()

    with pytest.raises(vault.VaultError):
        keyring.key(one, Purpose.SECRETS)


def test_a_key_shows_nothing_when_printed() -> None:
    made = keyring.key(uuid4(), Purpose.SECRETS)

    assert repr(made) == f"<DataKey {made.id}>"
    assert str(rows(made.workspace, purpose="secrets")[0]) == "secrets key"


# Ending


def test_a_body_key_refuses_use_after_its_day_although_nobody_destroyed_it() -> None:
    workspace, day = uuid4(), today()
    value, bound = sealed_body(workspace, day)
    assert ciphers.unseal(value, bound) == b"see you at eight"
    made = keyring.body_key(workspace, day)

    last = dt.datetime.combine(day, dt.time(23, 59, 59), dt.UTC)
    with time_machine.travel(last, tick=False):
        assert ciphers.unseal(value, bound) == b"see you at eight"
    with time_machine.travel(last + dt.timedelta(seconds=1), tick=False):
        with pytest.raises(KeyDestroyed):
            ciphers.unseal(value, bound)
        with pytest.raises(KeyDestroyed):
            keyring.body_key(workspace, day)
        assert keyring.by_ids([made.id]) == {}
        assert keyring.cached_body_key(workspace, day) is None
    assert len(rows(workspace, bucket_on=day)) == 1


def test_destroying_body_keys_takes_the_days_before_and_no_other_key() -> None:
    workspace = uuid4()
    keyring.create_for(workspace)
    ended = keyring.body_key(workspace, today())
    WorkspaceKey.objects.filter(id=ended.id).update(bucket_on=today() - 40 * DAY)
    kept = keyring.body_key(workspace, today() + DAY)
    keyring.forget()

    assert keyring.destroy_body_keys(today() - 39 * DAY) >= 1

    assert [row.id for row in rows(workspace, purpose="body")] == [kept.id]
    assert len(rows(workspace)) == 6
    with pytest.raises(KeyDestroyed):
        keyring.by_id(ended.id)


def test_a_dump_from_before_stays_unreadable_after_the_key_is_destroyed() -> None:
    gone, other = uuid4(), uuid4()
    dump = [sealed_body(gone, today(), b"number %d" % number) for number in range(3)]
    bystander = sealed_body(other, today())

    keyring.destroy_workspace(gone, at=clock.now())

    for value, bound in dump:
        with pytest.raises(KeyDestroyed):
            ciphers.unseal(value, bound)
    assert ciphers.unseal(*bystander) == b"see you at eight"


def test_a_workspace_whose_keys_were_destroyed_gets_no_new_ones() -> None:
    workspace = uuid4()
    keyring.create_for(workspace)

    assert keyring.destroy_workspace(workspace, at=clock.now()) == 5

    for attempt in (
        lambda: keyring.key(workspace, Purpose.INDEX),
        lambda: keyring.body_key(workspace, today()),
        lambda: keyring.create_for(workspace),
        lambda: keyring.rotate(workspace, Purpose.ACCOUNT),
    ):
        with pytest.raises(KeyDestroyed):
            attempt()
    assert rows(workspace) == []


def test_a_destruction_that_is_cut_off_leaves_no_mark_that_would_stop_the_next_one() -> None:
    workspace = uuid4()
    keyring.create_for(workspace)
    with superuser("keystore") as session:
        session.execute(
            "CREATE FUNCTION cut_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'cut off'; END $$;"
            "CREATE TRIGGER cut_off BEFORE DELETE ON keystore_key FOR EACH STATEMENT EXECUTE FUNCTION cut_off()"
        )
        try:
            with pytest.raises(DatabaseError, match="cut off"):
                keyring.destroy_workspace(workspace, at=clock.now())
        finally:
            session.execute("DROP TRIGGER cut_off ON keystore_key; DROP FUNCTION cut_off()")

    assert not keyring.is_erased(workspace)
    assert keyring.destroy_workspace(workspace, at=clock.now()) == 5
    assert rows(workspace) == []


def test_the_platforms_keys_cannot_be_destroyed() -> None:
    before = keyring.key(PLATFORM, Purpose.ACCOUNT).id

    with pytest.raises(ValueError, match="rotated, never destroyed"):
        keyring.destroy_workspace(PLATFORM, at=clock.now())

    assert keyring.by_id(before).id == before


def test_a_destroyed_key_is_gone_from_the_files_of_the_database() -> None:
    workspace = uuid4()
    keyring.body_key(workspace, today())
    wrapped = bytes(rows(workspace, purpose="body")[0].wrapped)
    keyring.scrub()  # puts the table on disk as it is
    assert _on_disk(wrapped)

    keyring.destroy_workspace(workspace, at=clock.now())

    assert not _on_disk(wrapped)


def _on_disk(needle: bytes) -> bool:
    with connections["keystore"].cursor() as cursor:
        cursor.execute("SELECT pg_relation_filepath('keystore_key')")
        relation = Path(os.environ["SMSPLATFORM_TEST_SESSION"], "cluster", "pg", cursor.fetchone()[0])
    return any(needle in file.read_bytes() for file in relation.parent.iterdir() if file.is_file())


# Rotating


def test_after_a_rotation_old_values_open_with_the_old_key_and_new_ones_use_the_new() -> None:
    workspace = uuid4()
    bound = ciphers.aad("messaging.Message.to", workspace, ROW)
    former = keyring.key(workspace, Purpose.CONTACTS)
    value = ciphers.seal(former, b"+31612345678", bound)

    rotated = keyring.rotate(workspace, Purpose.CONTACTS)

    keyring.forget()
    assert keyring.by_id(former.id).id == former.id  # loading the former by id does not put it back in use
    assert keyring.key(workspace, Purpose.CONTACTS).id == rotated.id != former.id
    assert ciphers.unseal(value, bound) == b"+31612345678"


@pytest.mark.parametrize("purpose", [Purpose.INDEX, Purpose.BODY, Purpose.ROOT])
def test_keys_by_which_things_are_found_do_not_rotate(purpose: Purpose) -> None:
    with pytest.raises(ValueError, match="do not rotate"):
        keyring.rotate(uuid4(), purpose)


def test_a_contacts_key_is_followed_by_a_new_one_after_a_month() -> None:
    workspace = uuid4()
    first = {purpose: keyring.key(workspace, purpose).id for purpose in OF_WORKSPACE}
    WorkspaceKey.objects.filter(workspace_id=workspace).update(created_at=clock.now() - 31 * DAY)
    keyring.forget()

    later = {purpose: keyring.key(workspace, purpose).id for purpose in OF_WORKSPACE}

    assert [purpose for purpose in OF_WORKSPACE if first[purpose] != later[purpose]] == [Purpose.CONTACTS]
    assert [row.epoch for row in rows(workspace, purpose="contacts", id=later[Purpose.CONTACTS])] == [2]
    keyring.forget()
    assert keyring.key(workspace, Purpose.CONTACTS).id == later[Purpose.CONTACTS]


def test_root_keys_move_to_the_vaults_newest_epoch_and_still_open() -> None:
    workspaces = [uuid4() for _ in range(3)]
    before = {workspace: keyring.key(workspace, Purpose.ACCOUNT).secret for workspace in workspaces}
    newest = vault.current().rotate()

    assert keyring.rewrap(batch=2) >= 3

    keyring.forget()
    assert {workspace: keyring.key(workspace, Purpose.ACCOUNT).secret for workspace in workspaces} == before
    assert set(keyring.roots_by_epoch()) == {newest}
    assert keyring.rewrap() == 0
