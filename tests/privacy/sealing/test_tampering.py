"""Somebody with every right in the database changes the log. Whatever they do is named.

Each test works on a log of its own, in a superuser's transaction with all triggers off that is never committed.
"""

import datetime as dt
import os
from collections.abc import Iterator
from uuid import UUID

import pytest

from privacy.sealing import merkle, notes, signing
from privacy.sealing.verification import Finding, Report, What
from tests.factories.sealed import DAY, KEPT, MINUTE, Sealed, sealed_log

pytestmark = pytest.mark.promise("fleet-28", "transit-100")


@pytest.fixture
def log() -> Iterator[Sealed]:
    with sealed_log() as made:
        yield made


def named(report: Report) -> list[tuple[What, UUID | None]]:
    return [(finding.what, finding.event) for finding in report.findings]


def test_an_untouched_log_holds(log: Sealed) -> None:
    report = log.verify()

    assert report.findings == []
    assert (report.rows, report.seals, report.segments, report.waiting) == (18, 6, 2, 0)


@pytest.mark.parametrize(
    "change",
    [
        "action = 'staff:message:listed'",
        "actor_id = gen_random_uuid()",
        "workspace_id = gen_random_uuid()",
        'details = \'{"level": "metadata"}\'',
        "at = at + interval '1 microsecond'",
        "withheld_until = now()",
        "salt = '\\x00'",
    ],
)
def test_an_edited_row_is_named_with_its_day(log: Sealed, change: str) -> None:
    day, rows = log.yesterday()
    log.sql(f"UPDATE privacy_audit_event SET {change} WHERE id = %s", [rows[2]])  # the cases above

    assert log.verify().findings == [Finding(what=What.EDITED, day=day, event=rows[2])]


def test_an_edited_mark_is_named(log: Sealed) -> None:
    day, rows = log.yesterday()
    log.sql("UPDATE privacy_audit_event SET mac = %s WHERE id = %s", [os.urandom(32), rows[0]])

    assert log.verify().findings == [Finding(what=What.INSERTED, day=day, event=rows[0])]


def test_a_deleted_row_is_named(log: Sealed) -> None:
    day, rows = log.yesterday()
    log.sql("DELETE FROM privacy_audit_event WHERE id = %s", [rows[4]])

    assert log.verify().findings == [Finding(what=What.REMOVED, day=day, event=rows[4])]


def test_a_row_that_its_retention_ended_is_not_missed(log: Sealed) -> None:
    day, rows = log.yesterday()
    log.sql("DELETE FROM privacy_audit_event WHERE id = ANY (%s)", [rows])

    assert log.verify(at=log.noon + KEPT).findings == []
    assert {finding.day for finding in log.verify(at=log.noon + KEPT - 2 * DAY).findings} == {day}


def test_a_row_put_into_a_closed_day_is_named_before_and_after_it_is_sealed(log: Sealed) -> None:
    put = log.write(at=log.noon - DAY, marked=False)
    assert named(log.verify()) == [(What.INSERTED, put)]

    log.seal(at=log.noon)
    assert named(log.verify()) == [(What.INSERTED, put)]


def test_a_fresh_row_that_nobody_marked_is_named(log: Sealed) -> None:
    put = log.write(at=log.noon, marked=False)

    assert named(log.verify()) == [(What.INSERTED, put)]


def test_without_the_key_a_row_that_claims_to_be_older_than_its_seals_is_named(log: Sealed) -> None:
    put = log.write(at=log.noon - DAY)
    log.seal(at=log.noon)

    assert named(log.verify(keys=None)) == [(What.INSERTED, put)]


def test_a_row_that_commits_late_is_sealed_late_and_holds(log: Sealed) -> None:
    log.write(at=log.noon - 5 * MINUTE)
    assert log.seal(at=log.noon) == 1

    assert log.verify().holds
    assert log.verify(keys=None).holds


def test_swapped_rows_are_named(log: Sealed) -> None:
    _, rows = log.yesterday()
    log.sql(
        "UPDATE privacy_audit_event e SET at = o.at, salt = o.salt, workspace_id = o.workspace_id, mac = o.mac "
        "FROM privacy_audit_event o WHERE (e.id, o.id) IN ((%s, %s), (%s, %s))",
        [rows[0], rows[1], rows[1], rows[0]],
    )

    assert named(log.verify()) == [(What.EDITED, rows[0]), (What.EDITED, rows[1])]


def test_swapped_salts_are_named(log: Sealed) -> None:
    _, rows = log.yesterday()
    log.sql(
        "UPDATE privacy_audit_event e SET salt = o.salt FROM privacy_audit_event o "
        "WHERE (e.id, o.id) IN ((%s, %s), (%s, %s))",
        [rows[0], rows[5], rows[5], rows[0]],
    )

    assert named(log.verify()) == [(What.EDITED, rows[0]), (What.EDITED, rows[5])]


def test_reordered_rows_are_named(log: Sealed) -> None:
    day, rows = log.yesterday()
    log.sql("UPDATE privacy_audit_seal SET events = ARRAY[events[2], events[1], events[3]] WHERE number = 3")

    found = log.verify().findings

    assert Finding(what=What.REORDERED, day=day, event=rows[0]) in found
    assert What.SEAL_CHANGED in {finding.what for finding in found}


def test_an_edit_with_a_fitting_leaf_breaks_the_seal_the_day_and_the_mark(log: Sealed) -> None:
    day, rows = log.yesterday()
    log.sql("UPDATE privacy_audit_event SET actor_id = gen_random_uuid() WHERE id = %s", [rows[1]])
    leaf = log.log.rows([rows[1]])[rows[1]].leaf
    log.sql("UPDATE privacy_audit_seal SET leaves = overlay(leaves placing %s from 33) WHERE number = 3", [leaf])

    found = log.verify().findings

    assert {finding.what for finding in found} == {What.SEAL_CHANGED, What.INSERTED, What.SEGMENT_CHANGED}
    assert {finding.day for finding in found} == {day}
    assert rows[1] in {finding.event for finding in found}


def test_a_row_removed_together_with_its_leaf_leaves_a_broken_seal_and_day(log: Sealed) -> None:
    day, rows = log.yesterday()
    log.sql("DELETE FROM privacy_audit_event WHERE id = %s", [rows[2]])
    log.sql(
        "UPDATE privacy_audit_seal SET events = events[1:2], leaves = substring(leaves for 64) WHERE number = 3",
    )

    found = [finding for finding in log.verify().findings if finding.day == day]

    assert [finding.place[:7] for finding in found[:2]] == ["seal 3 ", "seal 4 "]
    assert found[-1].what == What.SEGMENT_CHANGED


@pytest.mark.parametrize("numbers", [(3, 3), (3, 4), (1, 2)])
def test_removed_seals_are_named(log: Sealed, numbers: tuple[int, int]) -> None:
    log.sql("DELETE FROM privacy_audit_seal WHERE number BETWEEN %s AND %s", numbers)

    places = {finding.place for finding in log.verify().findings if finding.what == What.SEALS_MISSING}

    assert places == {f"seals {numbers[0]} to {numbers[1]}"}


def test_a_truncated_log_is_named(log: Sealed) -> None:
    for table in ("event", "seal", "segment"):
        log.sql(f"DELETE FROM privacy_audit_{table}")  # of the names above

    assert [finding.what for finding in log.verify().findings] == [What.CUT_OFF]


def test_truncated_rows_are_all_named(log: Sealed) -> None:
    log.sql("DELETE FROM privacy_audit_event")

    rows = {event for events in log.days.values() for event in events}
    assert {finding.event for finding in log.verify().findings} == rows


def test_a_log_that_was_cut_off_today_is_named(log: Sealed) -> None:
    today = log.days[log.noon.date()]
    log.sql("DELETE FROM privacy_audit_event WHERE id = ANY (%s)", [today[3:]])
    log.sql("DELETE FROM privacy_audit_seal WHERE number = 6")

    assert [str(finding) for finding in log.verify().findings] == [
        "log: cut off: seals end with 5, the key store knows 6"
    ]


@pytest.mark.parametrize("column", ["root", "chain"])
def test_a_changed_day_is_named(log: Sealed, column: str) -> None:
    day, _ = log.yesterday()
    log.sql(
        f"UPDATE privacy_audit_segment SET {column} = %s WHERE day_on = %s",  # the cases above
        [os.urandom(32), day],
    )

    assert log.verify().findings[0].day in (day, log.noon.date())


def test_a_removed_day_is_named(log: Sealed) -> None:
    day = log.noon.date() - 2 * DAY
    log.sql("DELETE FROM privacy_audit_segment WHERE day_on = %s", [day])

    assert What.SEGMENT_MISSING in {finding.what for finding in log.verify().findings}


def test_a_day_that_was_rebuilt_to_fit_is_not_what_was_signed(log: Sealed) -> None:
    """Row, leaf and root agree again; only the keys were not at hand."""
    day, rows = log.yesterday()
    log.sql("DELETE FROM privacy_audit_event WHERE id = %s", [rows[0]])
    log.sql("UPDATE privacy_audit_seal SET events = events[2:3], leaves = substring(leaves from 33) WHERE number = 3")
    leaves = [leaf for seal in log.log.seals(3, 4) for leaf in seal.leaves]
    log.sql("UPDATE privacy_audit_segment SET root = %s, count = 5 WHERE day_on = %s", [merkle.root(leaves), day])

    offline = log.verify(keys=None).findings

    assert Finding(what=What.TREE_CHANGED, day=day, place="checkpoint 2 signs another tree") in offline


def test_a_tree_that_was_rolled_back_is_not_the_one_somebody_kept(log: Sealed) -> None:
    kept = notes.checkpoint(signing.verifier().open(log.log.segments()[-1].note))
    day, _ = log.yesterday()
    log.sql("DELETE FROM privacy_audit_segment WHERE day_on = %s", [day])

    assert Finding(what=What.CUT_OFF, place="1 days, where a checkpoint has 2") in log.verify(checkpoint=kept).findings
    assert What.CUT_OFF in {finding.what for finding in log.verify().findings}


def test_a_tree_that_was_built_anew_is_not_the_one_somebody_kept(log: Sealed) -> None:
    """Even with the keys: what was published once stays."""
    kept = notes.checkpoint(signing.verifier().open(log.log.segments()[-1].note))
    _, rows = log.yesterday()
    log.sql("DELETE FROM privacy_audit_event WHERE id = %s", [rows[0]])
    for table in ("seal", "segment"):
        log.sql(f"DELETE FROM privacy_audit_{table}")  # of the names above
    for ago in (2, 1, 0):
        log.seal(at=log.noon - ago * DAY)

    assert log.verify().holds
    found = log.verify(checkpoint=kept).findings
    assert [finding.what for finding in found] == [What.TREE_CHANGED]


def test_one_day_is_verified_by_itself(log: Sealed) -> None:
    day, rows = log.yesterday()
    log.sql("DELETE FROM privacy_audit_event WHERE id = %s", [rows[0]])

    assert named(log.verify(day=day)) == [(What.REMOVED, rows[0])]
    assert log.verify(day=day - DAY).holds
    assert log.verify(day=day + 7 * DAY).findings[0].what == What.SEGMENT_MISSING


def test_days_on_which_nobody_sealed_are_closed_empty(log: Sealed) -> None:
    log.seal(at=log.noon + dt.timedelta(days=3))

    segments = log.log.segments()
    assert [segment.count for segment in segments[2:]] == [6, 0, 0]
    assert log.verify().holds
