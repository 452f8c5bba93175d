import datetime as dt
import os
import threading
import time
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsplatform.lib import ids

AT = dt.datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=dt.UTC)


def test_a_uuid7_has_version_seven_the_rfc_variant_and_the_present_time() -> None:
    before = time.time_ns() // 1_000_000

    value = ids.uuid7()

    assert value.version == 7
    assert value.variant == "specified in RFC 4122"
    assert before <= value.int >> 80 <= time.time_ns() // 1_000_000 + 1
    assert value == UUID(str(value))
    assert hash(value) == hash(UUID(str(value)))


def test_ids_of_one_thread_strictly_increase() -> None:
    made = [ids.uuid7() for _ in range(50_000)]

    assert all(first < second for first, second in pairwise(made))


def test_ids_of_eight_threads_are_distinct_and_increase_within_each() -> None:
    made: list[list[UUID]] = [[] for _ in range(8)]
    threads = [threading.Thread(target=lambda own=own: own.extend(ids.uuid7() for _ in range(5_000))) for own in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(own == sorted(own) for own in made)
    assert len({value for own in made for value in own}) == 40_000


def test_ids_still_increase_when_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    first = ids.uuid7()
    earlier = time.time_ns() - 5_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: earlier)

    assert ids.uuid7() > first


def test_ids_for_a_given_moment_carry_exactly_its_millisecond_and_increase() -> None:
    made = [ids.uuid7(AT) for _ in range(10_000)]

    assert {ids.time_of(value) for value in made} == {AT.replace(microsecond=123000)}
    assert made == sorted(set(made))


def test_the_floor_is_below_every_id_of_its_millisecond_and_above_the_one_before() -> None:
    assert ids.floor(AT) <= ids.uuid7(AT)
    assert ids.floor(AT) > ids.uuid7(AT - dt.timedelta(milliseconds=1))
    assert ids.time_of(ids.floor(AT)) == AT.replace(microsecond=123000)
    assert ids.floor(AT).version == 7


def test_a_time_before_1970_is_refused() -> None:
    with pytest.raises(ValueError, match="1970"):
        ids.uuid7(dt.datetime(1969, 1, 1, tzinfo=dt.UTC))


def test_a_forked_child_does_not_repeat_the_ids_of_its_parent() -> None:
    ids.uuid7()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, b"".join(ids.uuid7().bytes[10:] for _ in range(50)))
        os._exit(0)
    own = {ids.uuid7().bytes[10:] for _ in range(50)}
    os.waitpid(child, 0)
    theirs = os.read(reader, 300)
    os.close(reader)
    os.close(writer)

    assert len(theirs) == 300
    assert not own & {theirs[start : start + 6] for start in range(0, 300, 6)}


# The vectors of the TypeID specification (valid.yml).
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("00000000000000000000000000", "00000000-0000-0000-0000-000000000000"),
        ("00000000000000000000000001", "00000000-0000-0000-0000-000000000001"),
        ("0000000000000000000000000a", "00000000-0000-0000-0000-00000000000a"),
        ("0000000000000000000000000g", "00000000-0000-0000-0000-000000000010"),
        ("00000000000000000000000010", "00000000-0000-0000-0000-000000000020"),
        ("7zzzzzzzzzzzzzzzzzzzzzzzzz", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
        ("0123456789abcdefghjkmnpqrs", "0110c853-1d09-52d8-d73e-1194e95b5f19"),
        ("01h455vb4pex5vsknk084sn02q", "01890a5d-ac96-774b-bcce-b302099a8057"),
    ],
)
def test_the_text_form_agrees_with_the_typeid_vectors(text: str, value: str) -> None:
    assert ids.encode("prefix", UUID(value)) == f"prefix_{text}"
    assert ids.decode("prefix", f"prefix_{text}") == UUID(value)


@given(st.uuids())
def test_every_uuid_survives_the_round_trip(value: UUID) -> None:
    assert ids.decode(ids.MESSAGE, ids.encode(ids.MESSAGE, value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "msg",
        "msg_",
        "01h455vb4pex5vsknk084sn02q",
        "_01h455vb4pex5vsknk084sn02q",
        "bat_01h455vb4pex5vsknk084sn02q",
        "msg_01H455VB4PEX5VSKNK084SN02Q",
        "msg_01h455vb4pex5vsknk084sn02",
        "msg_01h455vb4pex5vsknk084sn02qq",
        "msg_8zzzzzzzzzzzzzzzzzzzzzzzzz",
        "msg_01h455vb4pex5vsknk084sn02i",
        "msg_01h455vb4pex5vsknk084sn02l",
        "msg_01h455vb4pex5vsknk084sn02o",
        "msg_01h455vb4pex5vsknk084sn02u",
        "msg_01h455vb4pex5vsknk084sn0-q",
        "msg_01h455vb4pex5vsknk084sn02q\n",
        "msg__1h455vb4pex5vsknk084sn02q",
        "msg_٠1h455vb4pex5vsknk084sn02q",
    ],
)
def test_anything_but_the_canonical_text_is_refused(text: str) -> None:
    with pytest.raises(ids.InvalidId):
        ids.decode("msg", text)
