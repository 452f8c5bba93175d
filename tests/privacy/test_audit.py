"""Evidence is appended and never changed, by whichever role and however."""

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import DatabaseError, transaction

from privacy import audit, upkeep
from privacy.models import AuditEvent
from privacy.models.audit import AppendOnly
from smsplatform.lib import clock, database, ids
from smsplatform.lib.tenancy import scope
from tests.factories.superuser import superuser

OLD = dt.timedelta(days=91)


def event(workspace: UUID, *, at: dt.datetime | None = None) -> UUID:
    with scope.workspace(workspace):
        return audit.record(
            action="user:sender:registered", workspace=workspace, actor=uuid4(), at=at or clock.now(), details={}
        )


def test_an_event_is_seen_in_its_workspace_and_in_no_other() -> None:
    mine, theirs = uuid4(), uuid4()
    event(mine)

    with scope.workspace(mine):
        assert AuditEvent.objects.count() == 1
    with scope.workspace(theirs):
        assert AuditEvent.objects.count() == 0


def test_an_event_of_another_workspace_cannot_be_written() -> None:
    with pytest.raises(DatabaseError), scope.workspace(uuid4()):
        audit.record(action="user:sender:registered", workspace=uuid4(), actor=None, at=clock.now(), details={})


@pytest.mark.parametrize(
    ("action", "details"),
    [
        ("registered", {}),
        ("User:sender:registered", {}),
        ("user:sender:registered", {"name": "Jo Doe"}),
        ("user:sender:registered", {"to": "+4915123456789"}),
        ("user:sender:registered", {"email": "jo@example.org"}),
    ],
)
def test_only_ids_and_short_codes_are_written(action: str, details: dict[str, str]) -> None:
    workspace = uuid4()

    with scope.workspace(workspace), pytest.raises(audit.InvalidEvent):
        audit.record(action=action, workspace=workspace, actor=None, at=clock.now(), details=details)


def platform_event(action: str = "staff:session:started") -> UUID:
    return audit.record(action=action, workspace=audit.PLATFORM, actor=uuid4(), at=clock.now(), details={})


def actions_of(event_id: UUID) -> list[str]:
    with superuser() as connection:
        found = connection.execute("SELECT action FROM privacy_audit_event WHERE id = %s", [event_id])
        return [row[0] for row in found.fetchall()]


def test_what_happens_in_no_workspace_is_written_without_a_scope() -> None:
    assert actions_of(platform_event()) == ["staff:session:started"]


def test_what_happens_in_no_workspace_is_written_in_a_scope_too_and_not_seen_there() -> None:
    with scope.workspace(uuid4()):
        made = platform_event()
        assert not AuditEvent.objects.filter(pk=made).exists()

    assert actions_of(made)


def test_an_event_of_the_platform_that_is_undone_with_its_act_is_gone_too() -> None:
    with transaction.atomic():
        made = platform_event()
        transaction.set_rollback(True)

    assert actions_of(made) == []


def test_the_orm_refuses_every_write() -> None:
    for write in ("create", "update", "delete", "bulk_create"):
        with pytest.raises(AppendOnly):
            getattr(AuditEvent.objects, write)()
    with pytest.raises(AppendOnly):
        AuditEvent(id=ids.uuid7()).save()
    with pytest.raises(AppendOnly):
        AuditEvent(id=ids.uuid7()).delete()


@pytest.mark.parametrize("change", ["UPDATE privacy_audit_event SET action = 'x'", "DELETE FROM privacy_audit_event"])
@pytest.mark.parametrize("alias", ["default", "system"])
def test_no_role_of_a_running_process_may_change_events(alias: str, change: str) -> None:
    with psycopg.connect(**database.conninfo(alias)) as connection:
        assert refusal(connection, change) == "42501"  # insufficient privilege


def refusal(connection: psycopg.Connection[Any], statement: Any, arguments: Any = ()) -> str | None:
    try:
        connection.execute(statement, arguments)
    except psycopg.Error as error:
        return error.sqlstate
    return None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE privacy_audit_event SET action = 'x'",
        "DELETE FROM privacy_audit_event",
        "TRUNCATE privacy_audit_event",
    ],
)
def test_the_owner_cannot_change_events_even_without_row_security(change: str) -> None:
    event(uuid4())

    with psycopg.connect(**database.conninfo("owner")) as owner:
        owner.execute("ALTER TABLE privacy_audit_event NO FORCE ROW LEVEL SECURITY")
        assert refusal(owner, change) == "SP010"
        owner.rollback()


def test_a_superuser_cannot_change_events_either() -> None:
    kept = event(uuid4())

    with superuser() as connection:
        assert refusal(connection, "DELETE FROM privacy_audit_event WHERE id = %s", [kept]) == "SP010"


def test_the_purge_removes_old_events_only() -> None:
    workspace, at = uuid4(), clock.now()
    old, young = event(workspace, at=at - OLD), event(workspace, at=at)

    while upkeep.purge_audit(at=at):
        pass

    with scope.workspace(workspace):
        assert set(AuditEvent.objects.values_list("id", flat=True)) == {young}
    assert old != young


def test_a_purge_that_lies_about_the_time_removes_nothing_young() -> None:
    workspace, at = uuid4(), clock.now()
    event(workspace, at=at)

    upkeep.purge_audit(at=at + dt.timedelta(days=1000))

    with scope.workspace(workspace):
        assert AuditEvent.objects.count() == 1
