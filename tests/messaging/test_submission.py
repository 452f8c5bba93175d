"""The policy of submission: what each answer of a carrier means for the message."""

import datetime as dt
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.carriers.smpp.errors import Outcome
from messaging.carriers.smpp.window import SubmitResult
from messaging.submission import LADDER, Claimed, Decision, Flight, PartAnswer, decide
from smsplatform.lib import clock

AT = clock.now()
FIRST, SECOND = uuid4(), uuid4()


def claimed(*, failures: int = 0, hop: int = 0, lane: int = 1, sent: list[int] | None = None) -> Claimed:
    return Claimed(
        message_id=uuid4(), workspace_id=uuid4(), attempt=1, failures=failures, hop=hop, lane=lane, livemode=True,
        sender_id=uuid4(), sender_ct=b"", template_id=None, template_ct=None, code_digits=None, to_ct=b"",
        encoding="gsm7", parts=1, expires_at=AT, body_expires_at=AT, text_ct=b"", sent=sent, suppressed=False,
    )  # fmt: skip


def answer(outcome: Outcome, *, fallback: bool = True, part: int = 1) -> PartAnswer:
    return PartAnswer(
        part,
        SubmitResult(
            token=None, outcome=outcome, code=f"code_{outcome}", ref="", message_id="", status=0, sequence=1,
            fallback=fallback, late=False,
        ),
    )  # fmt: skip


def decided(
    *answers: PartAnswer, row: Claimed | None = None, carriers: tuple[UUID, ...] = (FIRST, SECOND), chance: float = 0.5
) -> Decision:
    return decide(Flight(row or claimed(), carriers, len(answers), list(answers)), carrier=FIRST, at=AT, chance=chance)


def test_a_message_is_submitted_when_every_part_is_accepted() -> None:
    assert decided(answer(Outcome.ACCEPTED), answer(Outcome.ACCEPTED, part=2)).action == "submitted"


def test_one_part_that_is_not_accepted_decides_for_the_message() -> None:
    assert decided(answer(Outcome.ACCEPTED), answer(Outcome.TEMPORARY, part=2)).action == "retry"


def test_a_final_refusal_that_another_carrier_may_not_share_goes_to_the_next_carrier_at_once() -> None:
    next_step = decided(answer(Outcome.FINAL))

    assert (next_step.action, next_step.carrier, next_step.hop, next_step.due_at) == ("retry", SECOND, 1, AT)


@pytest.mark.parametrize(
    ("row", "fallback", "carriers"),
    [
        (claimed(), False, (FIRST, SECOND)),  # a wrong number is wrong everywhere
        (claimed(hop=1), True, (FIRST, SECOND)),  # no carrier left
        (claimed(), True, (FIRST,)),
        (claimed(sent=[1]), True, (FIRST, SECOND)),  # a part is out already: the phone cannot join two carriers' parts
    ],
)
def test_a_final_refusal_ends_the_message(row: Claimed, fallback: bool, carriers: tuple[UUID, ...]) -> None:
    refused = decided(answer(Outcome.FINAL, fallback=fallback), row=row, carriers=carriers)

    assert (refused.action, refused.code) == ("failed", "code_final")


def test_a_final_refusal_of_one_part_after_another_was_taken_ends_the_message() -> None:
    assert decided(answer(Outcome.ACCEPTED), answer(Outcome.FINAL, part=2)).action == "failed"


def test_throttling_is_no_failure_and_never_ends_a_message() -> None:
    again = decided(answer(Outcome.THROTTLED), row=claimed(failures=len(LADDER.delays)))

    assert (again.action, again.failures, again.carrier) == ("retry", len(LADDER.delays), FIRST)


@pytest.mark.parametrize(("lane", "seconds"), [(0, 0), (1, 0), (2, 60)])
def test_an_unknown_outcome_waits_for_a_receipt_only_in_marketing(lane: int, seconds: int) -> None:
    again = decided(answer(Outcome.UNKNOWN), row=claimed(lane=lane))

    assert (again.action, again.due_at) == ("retry", AT + dt.timedelta(seconds=seconds))


@pytest.mark.parametrize("lane", [0, 1, 2])
def test_a_carrier_that_never_answers_gets_no_endless_copies(lane: int) -> None:
    steps = [
        decided(answer(Outcome.UNKNOWN), row=claimed(lane=lane, failures=n)) for n in range(len(LADDER.delays) + 1)
    ]
    waits = [step.due_at - AT for step in steps if step.due_at]

    assert [step.action for step in steps] == ["retry"] * len(LADDER.delays) + ["failed"]
    assert [step.failures for step in steps[:-1]] == list(range(1, len(LADDER.delays) + 1))
    assert waits == sorted(waits)
    assert steps[-1].code == "retries_exhausted"


@pytest.mark.promise("transit-25")
def test_every_second_temporary_failure_tries_the_next_carrier() -> None:
    carriers = [decided(answer(Outcome.TEMPORARY), row=claimed(failures=n)).carrier for n in range(4)]

    assert carriers == [FIRST, SECOND, FIRST, SECOND]


@given(
    outcomes=st.lists(st.sampled_from([Outcome.TEMPORARY, Outcome.UNKNOWN, Outcome.FINAL]), min_size=40, max_size=40),
    chance=st.floats(0, 1),
    number=st.integers(1, 3),
)
def test_failures_always_come_to_an_end(outcomes: list[Outcome], chance: float, number: int) -> None:
    carriers = tuple(uuid4() for _ in range(number))
    row, steps = claimed(), 0
    for outcome in outcomes:
        step = decided(answer(outcome), row=row, carriers=carriers, chance=chance)
        steps += 1
        if step.action == "failed":
            break
        assert step.due_at is not None
        assert step.due_at >= AT
        assert step.carrier in (*carriers, FIRST)
        row = claimed(failures=step.failures, hop=step.hop)

    assert step.action == "failed"
    assert steps <= (len(LADDER.delays) + 1) * number + number
