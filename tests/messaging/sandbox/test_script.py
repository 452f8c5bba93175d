import phonenumbers
import pytest

from messaging.sandbox.script import MAGIC_NUMBERS, Behaviour, IdStyle, Plan, Planner, Script, ScriptError


def plans(count: int, **script: object) -> list[Plan]:
    planner = Planner(Script().changed(script))
    return [planner.plan(b"15005551234", 1) for _ in range(count)]


def magic(behaviour: Behaviour) -> bytes:
    return next(m.number for m in MAGIC_NUMBERS if m.behaviour is behaviour)[1:].encode()


def test_every_behaviour_has_one_number_and_a_description() -> None:
    assert sorted(m.behaviour for m in MAGIC_NUMBERS) == sorted(Behaviour)
    assert len({m.number for m in MAGIC_NUMBERS}) == len(MAGIC_NUMBERS)
    assert all(m.description for m in MAGIC_NUMBERS)


@pytest.mark.parametrize("number", [m.number for m in MAGIC_NUMBERS])
def test_magic_numbers_are_possible_phone_numbers(number: str) -> None:
    assert phonenumbers.is_possible_number(phonenumbers.parse(number))


def test_every_nth_is_counted_over_all_submits() -> None:
    assert [plan.status for plan in plans(6, throttle_every=3)] == [0, 0, 0x58, 0, 0, 0x58]
    assert [plan.status for plan in plans(4, reject_every=2, reject_status=0x0A)] == [0, 0x0A, 0, 0x0A]
    assert [len(plan.receipts) for plan in plans(4, lose_receipt_every=2)] == [1, 0, 1, 0]
    assert [len(plan.receipts) for plan in plans(4, duplicate_receipt_every=4)] == [1, 1, 1, 2]
    assert [plan.disconnect for plan in plans(3, disconnect_every=3)] == [False, False, True]
    assert [plan.status for plan in plans(2, no_response_every=2)] == [0, None]


@pytest.mark.parametrize(
    ("behaviour", "statuses"),
    [
        (Behaviour.DELIVERED, [0, 0, 0]),
        (Behaviour.REJECTED, [0x0B, 0x0B, 0x0B]),
        (Behaviour.THROTTLED_ONCE, [0x58, 0, 0x58]),
        (Behaviour.TEMPORARY_ONCE, [0x08, 0, 0x08]),
        (Behaviour.CARRIER_FAILS, [0x45, 0x45, 0x45]),
        (Behaviour.NO_RESPONSE, [None, None, None]),
    ],
)
def test_magic_numbers_answer_as_described(behaviour: Behaviour, statuses: list[int | None]) -> None:
    planner = Planner(Script())

    assert [planner.plan(magic(behaviour), 1).status for _ in statuses] == statuses


@pytest.mark.parametrize(
    ("behaviour", "states", "arrives"),
    [
        (Behaviour.DELIVERED, ["DELIVRD"], True),
        (Behaviour.UNDELIVERED, ["UNDELIV"], False),
        (Behaviour.EXPIRED, ["EXPIRED"], False),
        (Behaviour.BLOCKED, ["REJECTD"], False),
        (Behaviour.NO_RECEIPT, [], True),
        (Behaviour.DUPLICATE_RECEIPT, ["DELIVRD", "DELIVRD"], True),
        (Behaviour.CONTRADICTED, ["DELIVRD", "UNDELIV"], True),
    ],
)
def test_magic_numbers_have_the_receipts_described(behaviour: Behaviour, states: list[str], arrives: bool) -> None:
    plan = Planner(Script()).plan(magic(behaviour), 1)

    assert [receipt.state for receipt in plan.receipts] == states
    assert plan.arrives is arrives


def test_a_number_with_or_without_plus_is_the_same() -> None:
    assert Planner(Script()).plan(b"+" + magic(Behaviour.REJECTED), 1).status == 0x0B


def test_the_second_part_of_a_long_message_can_fail_alone() -> None:
    planner = Planner(Script())

    states = [planner.plan(magic(Behaviour.ONE_PART_FAILS), part).receipts[0].state for part in (1, 2, 3)]

    assert states == ["DELIVRD", "UNDELIV", "DELIVRD"]


def test_a_script_survives_json() -> None:
    script = Script().changed({"id_style": "hex", "response_delay": 1, "stall": True})

    assert script.id_style is IdStyle.HEX
    assert script.response_delay == 1.0
    assert Script().changed(script.to_json()) == script


@pytest.mark.parametrize(
    "options", [{"nonsense": 1}, {"id_style": "roman"}, {"stall": 1}, {"throttle_every": True}, {"receipt_state": 7}]
)
def test_a_script_with_mistakes_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(ScriptError):
        Script().changed(options)
