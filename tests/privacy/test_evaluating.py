"""What is known of a promise: the weakest of what shows it, and never more than was looked at."""

import datetime as dt
from dataclasses import replace

import pytest
from django.db import Error, connections

from privacy.models import CheckResult, PromiseAttestation
from privacy.promises import Attestation, Check, Outcome, Promise, Status, evaluating, tested
from privacy.promises import model as register
from smsplatform.lib import clock

HOUR = dt.timedelta(hours=1)
NAME = "tests.looked"
PROMISE = Promise(id="test-01", clause="We do.", mechanism="here", checks=(NAME,))


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    """What the check of these tests answers next: the last one."""
    given = [Outcome(holds=True, evidence={"rows": 3})]
    looked = Check(name=NAME, method="database", what="Rows.", run=lambda at: given[-1])
    monkeypatch.setitem(register._checks, NAME, looked)
    return given


def look(promise: Promise = PROMISE, *, at: dt.datetime, looked_at: dt.datetime | None = None) -> evaluating.Standing:
    """What is known at ``at`` after the check ran at ``looked_at``."""
    declared = register.check(NAME)
    results = {NAME: evaluating.run(declared, at=looked_at or at)} if declared else {}
    return evaluating.standing(promise, results, {}, at=at)


def test_what_a_machine_just_saw_is_proven(answers: list[Outcome]) -> None:
    at = clock.now()

    found = look(at=at)

    assert (found.status, found.at, found.until) == (Status.PROVEN, at, at + HOUR)
    assert found.methods == ("database",)


def test_what_does_not_hold_is_failing_and_says_why(answers: list[Outcome]) -> None:
    answers.append(Outcome(holds=False, why="3 rows too old"))

    found = look(at=clock.now())

    assert (found.status, found.why) == (Status.FAILING, "3 rows too old")


def test_what_could_not_be_told_is_a_gap(answers: list[Outcome]) -> None:
    answers.append(Outcome(holds=None, why="no server"))

    assert look(at=clock.now()).status == Status.GAP


def test_an_answer_that_is_too_old_is_stale_and_an_old_failure_stays_one(answers: list[Outcome]) -> None:
    at = clock.now()

    assert look(at=at, looked_at=at - HOUR - dt.timedelta(seconds=1)).status == Status.STALE

    answers.append(Outcome(holds=False))
    assert look(at=at, looked_at=at - 2 * HOUR).status == Status.FAILING


def test_a_check_that_breaks_is_a_gap_with_the_name_of_what_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(at: dt.datetime) -> Outcome:
        raise LookupError("a text that must not be kept")

    monkeypatch.setitem(register._checks, NAME, Check(name=NAME, method="database", what="", run=breaks))

    found = look(at=clock.now())

    assert (found.status, found.why) == (Status.GAP, "LookupError")


def test_a_name_that_nobody_declared_is_a_gap() -> None:
    found = evaluating.standing(PROMISE, {}, {}, at=clock.now())

    assert found.status == Status.GAP
    assert NAME in found.why


def test_what_was_never_looked_at_is_a_gap(answers: list[Outcome]) -> None:
    assert evaluating.standing(PROMISE, {}, {}, at=clock.now()).status == Status.GAP


def test_a_sentence_without_its_test_is_a_gap_whatever_a_machine_saw(answers: list[Outcome]) -> None:
    found = look(replace(PROMISE, tested=True), at=clock.now())

    assert found.status == Status.GAP


def test_a_marked_test_shows_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tested, "entries", lambda: {"test-01": ["tests/x.py::test_y"]})

    found = evaluating.standing(replace(PROMISE, checks=(), tested=True), {}, {}, at=clock.now())

    assert (found.status, found.methods) == (Status.PROVEN, ("test",))


def test_what_somebody_attested_is_attested_until_it_runs_out(answers: list[Outcome]) -> None:
    at = clock.now()
    promise = replace(PROMISE, attested=Attestation(evidence="The report"))
    row = PromiseAttestation(promise=promise.id, at=at, evidence="seen", document="abc", expires_on=at.date())
    results = {NAME: evaluating.run(register.checks()[-1], at=at)}

    def status(day: int) -> Status:
        later = at + dt.timedelta(days=day)
        fresh = {NAME: CheckResult(name=NAME, at=later, holds=True)}
        return evaluating.standing(promise, fresh, {promise.id: row}, at=later).status

    assert evaluating.standing(promise, results, {}, at=at).status == Status.GAP
    assert (status(0), status(1)) == (Status.ATTESTED, Status.GAP)


def test_a_declared_gap_outweighs_everything_but_a_failure(answers: list[Outcome]) -> None:
    promise = replace(PROMISE, gap="It is not built.")

    assert look(promise, at=clock.now()).status == Status.GAP
    answers.append(Outcome(holds=False))
    assert look(promise, at=clock.now()).status == Status.FAILING


def test_a_check_is_due_when_half_of_its_time_is_over(answers: list[Outcome], monkeypatch: pytest.MonkeyPatch) -> None:
    only = register._checks[NAME]
    monkeypatch.setattr(evaluating, "checks", lambda: [only])
    at = clock.now()

    ran = [len(evaluating.run_due(at=at + wait)) for wait in (dt.timedelta(0), HOUR / 4, HOUR / 2)]

    assert ran in ([1, 0, 1], [0, 0, 1])


def test_an_attestation_cannot_be_changed() -> None:
    at = clock.now()
    row = evaluating.attest(
        promise=PROMISE, by=None, evidence="seen", document="abc", expires_on=at.date(), at=at
    )  # fmt: skip

    for statement in ("UPDATE privacy_attestation SET expires_on = '2099-01-01'", "DELETE FROM privacy_attestation"):
        with pytest.raises(Error), connections["owner"].cursor() as cursor:
            cursor.execute(f"{statement} WHERE id = %s", [row.pk])
