"""Keeping the time: reminders, what lapses, and what the live checks say when nobody keeps it."""

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from privacy.live import people
from privacy.models import DataRequest
from privacy.models.data_request import About, Kind, State
from privacy.requests import desk, fulfilling, proofs, watching
from privacy.requests.proofs import Identity
from smsplatform.lib import clock
from tests.factories.letters import Letters

DAY = dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def letters() -> Any:
    with Letters.at_once() as found:
        yield found


def waiting(*, at: dt.datetime, residence: str = "") -> DataRequest:
    identity = Identity(kind="mail", value=f"{uuid4().hex}@example.org")
    made = desk.receive(kind=Kind.ERASURE, about=About.VISITOR, identity=identity, residence=residence, at=at)
    desk.await_proof(made, at=at)
    return made


def at_desk(*, at: dt.datetime, residence: str = "") -> DataRequest:
    made = waiting(at=at, residence=residence)
    desk.prove(made, how="mail", at=at)
    return made


def stored(row: DataRequest) -> DataRequest:
    return DataRequest.objects.get(pk=row.pk)


@given(hours=st.integers(1, 24 * 100), passed=st.lists(st.floats(0, 1.2), min_size=2, max_size=6))
def test_reminders_never_grow_fewer_and_there_are_four_at_most(hours: int, passed: list[float]) -> None:
    begun = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    due = begun + dt.timedelta(hours=hours)

    steps = [watching.steps_due(begun=begun, due=due, at=begun + share * (due - begun)) for share in sorted(passed)]

    assert steps == sorted(steps)
    assert set(steps) <= {0, 1, 2, 3, 4}
    assert watching.steps_due(begun=begun, due=due, at=due) >= 2


@pytest.mark.parametrize(
    ("days", "moments"),
    [
        (30, [15, 24, 25, 30]),  # half, four fifths, five days before, over
        (45, [22.5, 36, 40, 45]),
        (10, [5, 8, 10]),  # half of it is five days before
        (25, [12.5, 20, 25]),
        (3, [0, 1.5, 2.4, 3]),  # five days before the end it has not begun: at once
    ],
)
def test_each_length_has_its_own_moments(days: int, moments: list[float]) -> None:
    begun = dt.datetime(2026, 6, 1, 9, tzinfo=dt.UTC)
    due = begun + days * DAY

    for number, moment in enumerate(moments):
        at = begun + moment * DAY
        assert watching.steps_due(begun=begun, due=due, at=at) == number + 1
        assert watching.steps_due(begun=begun, due=due, at=at - SECOND) <= max(number, days == 3)


def test_the_desk_is_reminded_once_for_each_moment_and_with_another_word_when_it_is_late(letters: Letters) -> None:
    begun = clock.now() - 400 * DAY
    row = at_desk(at=begun)
    mails = []
    for share in (0.49, 0.5, 0.6, 0.8, 1.0, 1.1):
        moment = row.received_at + share * (row.due_at - row.received_at)
        for _ in range(2):
            watching.remind(at=moment)
        mails.append(stored(row).reminded)

    assert mails == [0, 1, 1, 2, 4, 4]
    subjects = [one.subject for one in _of_desk(letters) if str(row) in one.subject]
    assert len(subjects) == 3
    assert subjects[-1].startswith("Overdue")
    desk.withdraw(stored(row), at=clock.now())


def _of_desk(letters: Letters) -> list[Any]:
    return letters.to(settings.PRIVACY_EMAIL)


def test_after_it_was_put_off_the_time_is_counted_anew(letters: Letters) -> None:
    begun = clock.now()
    row = at_desk(at=begun, residence="DE")
    watching.remind(at=row.due_at - DAY)
    before = stored(row).reminded

    desk.extend(stored(row), reason="Much to search.", actor=uuid4(), at=row.due_at - DAY)
    later = stored(row)
    watching.remind(at=row.due_at + DAY)

    assert before >= 2
    assert (later.reminded, stored(row).reminded) == (0, 0)


def test_what_nobody_proves_within_a_week_lapses_and_no_proof_wakes_it() -> None:
    at = clock.now()
    young, old = waiting(at=at - 6 * DAY), waiting(at=at - 8 * DAY)
    identity = Identity(kind="mail", value=old.identity or "")

    watching.lapse(at=at)
    proof = proofs.begin(identity=identity, about=About.VISITOR, locale="", at=at)
    shown = proofs.show(proof_id=proof.pk, secret=_armed(proof), at=at)
    fulfilling.proved(shown, at=at)

    assert (stored(young).state, stored(old).state) == (State.VERIFYING, State.LAPSED)
    assert stored(old).closed_at == at
    assert stored(old).reason == "unproved"


def _armed(proof: Any) -> str:
    return proofs.link(proof).partition(".")[2]


def neglected(at: dt.datetime) -> list[Any]:
    """As the checks count them: requests nobody was reminded of, and those that should have lapsed."""
    return [people.requests_reminded(at).evidence["requests"], people.requests_lapsed(at).evidence["older"]]


@pytest.mark.promise("transit-82")
def test_the_checks_fail_when_nobody_watches_and_hold_again_when_somebody_does() -> None:
    at = clock.now()
    before = neglected(at)
    late, unproved = at_desk(at=at - 29 * DAY, residence="DE"), waiting(at=at - 9 * DAY)

    behind = neglected(at)
    assert not people.requests_reminded(at).holds
    assert not people.requests_lapsed(at).holds
    watching.remind(at=at)
    watching.lapse(at=at)

    assert behind == [before[0] + 1, before[1] + 1]
    assert neglected(at) <= before
    assert (stored(late).reminded, stored(unproved).state) == (3, State.LAPSED)
    desk.withdraw(stored(late), at=at)


def test_a_date_beyond_the_law_and_a_silent_delay_are_found() -> None:
    at = clock.now()
    row = at_desk(at=at, residence="BR")
    before = people.requests_clocks(at).evidence

    DataRequest.objects.filter(pk=row.pk).update(due_at=at + 16 * DAY)
    beyond = people.requests_clocks(at)
    DataRequest.objects.filter(pk=row.pk).update(due_at=row.due_at, extended_at=at)
    silent = people.requests_clocks(at)

    assert (beyond.holds, silent.holds) == (False, False)
    assert beyond.evidence == {**before, "beyond": int(before["beyond"]) + 1}
    assert silent.evidence == {**before, "put_off_unsaid": int(before["put_off_unsaid"]) + 1}
    desk.withdraw(stored(row), at=at)
