"""A word is planted in every field that can hold one; copies hand it out, and after erasing nothing of it is left."""

import pytest
import redis
from django.conf import settings
from psycopg import sql

from accounts import closing
from accounts.models import Workspace
from privacy import ciphers, erasure, holdings, registry
from privacy.archives import rendering
from privacy.keyring import KeyDestroyed
from privacy.people import Person
from privacy.registry import ModelPolicy
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories.accounts import make_user, make_workspace
from tests.factories.everything import Everything, Mark
from tests.factories.superuser import superuser
from tests.factories.words import names_in
from tests.privacy.test_archives import made, opened
from tests.privacy.test_finding import number
from tests.privacy.test_planted_markers import dumped, files

pytestmark = pytest.mark.promise("otp-30", "fleet-40", "fleet-42", "transit-67", "team-06", "team-51")


@pytest.fixture(scope="module")
def everything() -> Everything:
    world = make_workspace()
    user, email = make_user()
    return Everything(world=world, user=user.pk, email=email, msisdn=number()).make()


def people(everything: Everything) -> list[Person]:
    return [
        Person(subject="recipient", msisdn=everything.msisdn),
        Person(subject="account_holder", user=everything.user),
        Person(subject="workspace", workspace=everything.world.id),
    ]


@pytest.fixture(scope="module")
def copies(everything: Everything) -> bytes:
    """All that these people are handed, before anything is erased."""
    found = b""
    for person in people(everything):
        with opened(made(person)) as archive:
            found += b"".join(archive.read(name) for name in archive.namelist() if name.startswith("data/"))
    return found


@pytest.fixture(scope="module")
def erased(everything: Everything, copies: bytes) -> Everything:
    """Everybody erased: the recipient, the workspace, and who signed in."""
    at = clock.now()
    recipient, user, _ = people(everything)
    erasure.execute(recipient, request_id=ids.uuid7(), at=at)
    everything.left = [mark for mark in everything.marks if is_of_recipient(mark) and is_there(mark)]
    with scope.workspace(everything.world.id):
        workspace = Workspace.objects.get(pk=everything.world.id)
        closing.close(workspace=workspace, by=everything.world.owner, when=closing.When.NOW, at=at)
    closing.erase(workspace=everything.world.id, at=at)
    erasure.execute(user, request_id=ids.uuid7(), at=at)
    return everything


def is_of_recipient(mark: Mark) -> bool:
    return "recipient" in mark.column.policy.paths and bool(mark.sealed) and not mark.kept


def is_there(mark: Mark) -> bool:
    """Whether the sealed value still stands in its table."""
    statement = sql.SQL("SELECT count(*) FROM {} WHERE {} = %s").format(
        sql.Identifier(mark.column.model._meta.db_table), sql.Identifier(str(mark.column.field.column))
    )
    with superuser() as connection:
        found = connection.execute(statement, [mark.sealed]).fetchone()
    return bool(found and found[0])


def test_there_is_an_example_of_every_model_about_people(everything: Everything) -> None:
    assert not everything.failed, "\n".join(f"{k}: {v[:150]}" for k, v in everything.failed.items())
    assert len(everything.marks) > 25


def test_copies_hold_every_word_that_may_be_handed_out(everything: Everything, copies: bytes) -> None:
    due = [mark for mark in everything.marks if is_handed_out(mark, everything)]

    assert len(due) > 10
    assert ", ".join(mark.column.label for mark in due if mark.text.encode() not in copies) == ""


def is_handed_out(mark: Mark, everything: Everything) -> bool:
    policy = mark.column.policy
    readers = reached(policy, everything)
    seen = any(mark.column in rendering.shape(policy, person).included for person in readers)
    return seen and holdings.may("SELECT", mark.column.model)


def reached(policy: ModelPolicy, everything: Everything) -> list[Person]:
    """The people whose copies hold rows of a model with these paths."""
    recipient, user, workspace = people(everything)
    readers = [workspace] if policy.scope == "tenant" else []
    return [*readers, *(person for person in (recipient, user) if holdings.path_of(policy, person))]


def test_a_recipient_is_gone_before_their_workspaces_are(erased: Everything) -> None:
    """What follows destroys the workspace's keys, and would hide what the erasure of one person does not find."""
    assert sum(is_of_recipient(mark) for mark in erased.marks) > 4
    assert ", ".join(mark.column.label for mark in erased.left) == ""


def test_whoever_a_row_is_about_is_found_by_something_that_can_be_looked_up() -> None:
    lost = [
        f"{policy.model}.{column}"
        for policy in registry.policies()
        for column in policy.paths.values()
        if holdings.column_of(policy, column).form in ("sealed", "digest")
    ]

    assert lost == []


def test_no_word_is_left_in_any_table_that_is_not_kept_for_a_declared_reason(erased: Everything) -> None:
    words = {f"{mark.column.label}": mark.text for mark in erased.marks if not mark.kept}

    tables = [*dumped("default"), *dumped("keystore")]

    leaks = {table: names for table, data in tables if (names := names_in(data, words))}

    assert leaks == {}


def test_no_sealed_value_that_is_left_opens(erased: Everything) -> None:
    tables = b"".join(data for _, data in dumped("default"))
    readable = [
        mark.column.label
        for mark in erased.marks
        if mark.sealed and not mark.kept and mark.sealed.hex().encode() in tables and opens(mark.sealed, mark.bound)
    ]

    assert ", ".join(readable) == ""


def opens(sealed: bytes, bound: bytes) -> bool:
    try:
        ciphers.unseal(sealed, bound)
    except KeyDestroyed:
        return False
    return True


def test_nothing_is_left_in_files_logs_and_caches(erased: Everything) -> None:
    words = {mark.column.label: mark.text for mark in erased.marks if mark.sealed}

    assert {path.name: names for path, data in files() if (names := names_in(data, words))} == {}
    for url in {settings.BROKER_URL, settings.LIMITS_URL}:
        with redis.Redis.from_url(url.replace("redis+socket", "unix").replace("?virtual_host", "?db")) as client:
            values = [key + (client.dump(key) or b"") for key in client.scan_iter()]
        assert [value for value in values if names_in(value, words)] == []
