"""The sealer on the tables of the product, beside writers; and the live checks that watch it."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections, transaction

from privacy import audit, promises
from privacy.keystore.models import LogHead
from privacy.promises import Outcome
from privacy.sealing import sealer
from privacy.sealing.stored import StoredLog
from smsplatform.lib import clock, database
from tests.factories.superuser import superuser


def event() -> UUID:
    return audit.record(
        action="staff:session:started", workspace=audit.PLATFORM, actor=uuid4(), at=clock.now(), details={}
    )


def seals_of(*events: UUID) -> list[int]:
    with superuser() as connection:
        found = connection.execute(
            "SELECT number FROM privacy_audit_seal WHERE events && %s ORDER BY number", [list(events)]
        )
        return [row[0] for row in found.fetchall()]


def check(name: str, at: dt.datetime | None = None) -> Outcome:
    found = promises.check(f"privacy.{name}")
    assert found is not None
    return found.run(at or clock.now())


def test_an_event_is_in_one_seal_however_often_the_sealer_runs() -> None:
    made = event()

    for _ in range(3):
        sealer.seal(at=clock.now())

    assert len(seals_of(made)) == 1


def test_sealers_at_the_same_time_seal_once() -> None:
    made = [event() for _ in range(20)]

    def run(_: int) -> None:
        sealer.seal(at=clock.now())
        for alias in ("system", "keystore"):
            connections[alias].close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    sealer.seal(at=clock.now())

    with superuser() as connection:
        found = connection.execute(
            "SELECT count(*) FROM privacy_audit_seal s, unnest(s.events) AS e WHERE e = ANY (%s)", [made]
        ).fetchone()
    assert found == (20,)


def test_an_event_that_commits_after_younger_ones_were_sealed_is_sealed_next() -> None:
    with transaction.atomic():
        early = event()
        with ThreadPoolExecutor(1) as pool:
            late = pool.submit(_elsewhere).result()
        sealer.seal(at=clock.now())
        assert seals_of(early) == []
    sealer.seal(at=clock.now())

    assert early < late
    assert seals_of(late)[0] < seals_of(early)[0]


def _elsewhere() -> UUID:
    try:
        return event()
    finally:
        connections["default"].close()
        connections["keystore"].close()


def test_the_key_store_remembers_how_far_the_log_has_come() -> None:
    event()
    sealer.seal(at=clock.now())

    with connections["system"].cursor() as cursor:
        last = StoredLog(cursor).last_seal()
    assert last is not None
    assert LogHead.objects.get().seal == last.number


@pytest.mark.parametrize("table", ["privacy_audit_seal", "privacy_audit_segment", "privacy_audit_review"])
def test_seals_and_roots_cannot_be_changed_by_anybody(table: str) -> None:
    sealer.seal(at=clock.now())
    with superuser() as connection:
        for statement in ("TRUNCATE {}", "DELETE FROM {}", "UPDATE {} SET at = now()"):
            if table == "privacy_audit_seal" or statement.startswith("TRUNCATE"):
                with pytest.raises(psycopg.Error, match="append-only"):
                    connection.execute(statement.format(table))


@pytest.mark.parametrize("alias", ["default", "audit"])
def test_only_the_sealer_seals(alias: str) -> None:
    statement = "INSERT INTO privacy_audit_seal VALUES (0, now(), 0, '{}', '', '')"
    with psycopg.connect(**database.conninfo(alias)) as connection, pytest.raises(psycopg.Error) as refused:
        connection.execute(statement)
    assert refused.value.sqlstate in ("42501", "25006")  # no right, or a session that only reads


def test_auditors_read_and_write_nothing() -> None:
    with psycopg.connect(**database.conninfo("audit"), autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        for statement in (
            "INSERT INTO privacy_audit_event SELECT * FROM privacy_audit_event",
            "DELETE FROM privacy_audit_event",
            "SELECT privacy.purge_seals(now(), 1)",
        ):
            with pytest.raises(psycopg.Error) as refused:
                connection.execute(statement)
            assert refused.value.sqlstate == "42501"


def test_the_checks_hold_when_the_sealer_works(tmp_path: Path) -> None:
    event()
    sealer.seal(at=clock.now())

    assert check("audit_sealed").holds
    assert check("audit_rights").holds
    assert check("audit_closed").holds is not False
    assert check("audit_verified").why == ""


@pytest.mark.promise("fleet-36")
def test_the_checks_fail_when_the_sealer_stopped_and_when_a_row_is_too_old() -> None:
    sealer.seal(at=clock.now())
    later = clock.now() + dt.timedelta(days=100)
    event()

    assert check("audit_sealed", later).holds is False
    assert check("audit_closed", later).holds is False
    assert check("audit_age", later).holds is False


def test_the_command_seals_and_shows_the_key(capsys: pytest.CaptureFixture[str]) -> None:
    event()
    call_command("audit", "seal")
    call_command("audit", "key")

    out = capsys.readouterr().out
    assert "rows sealed." in out
    assert "/audit+" in out
