"""The session without a socket: time is a number here, the carrier a list of bytes."""

import gc
import weakref
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging.carriers.smpp import errors, pdu
from messaging.carriers.smpp.errors import Outcome
from messaging.carriers.smpp.pdu import Address, Command, Tag
from messaging.carriers.smpp.session import BindMode, LinkState, Session, SessionOptions
from messaging.carriers.smpp.throttle import Throttle
from messaging.carriers.smpp.window import SubmitRequest, SubmitResult

PHONE, SENDER = Address(1, 1, b"15005550001"), Address(5, 0, b"Acme")
RECEIPT = b"id:%b sub:001 dlvrd:001 submit date:2611210930 done date:2611210931 stat:DELIVRD err:000 text:"


def new_session(*, throttle: Throttle | None = None, sequence: int = 0, **options: object) -> Session:
    values = {"system_id": "us", "password": "secret", "window": 4, **options}
    return Session(SessionOptions(**values), throttle=throttle, sequence=sequence)  # type: ignore[arg-type]  # test values


def sent(session: Session) -> list[pdu.Frame]:
    return pdu.Framer().feed(session.take_output())


def bound(session: Session, now: float = 0.0) -> Session:
    session.connected(now)
    [(command, _, sequence, _)] = sent(session)
    session.received(pdu.encode(command | pdu.RESPONSE, sequence, b"smsc\0"), now)
    assert session.state is LinkState.BOUND
    return session


def requests(*tokens: object) -> list[SubmitRequest]:
    return [SubmitRequest(token, b"body") for token in tokens]


def submit(session: Session, *tokens: object, now: float = 0.0) -> list[int]:
    """Sequence numbers of what went out."""
    session.submit(requests(*tokens), now)
    return [frame[2] for frame in sent(session) if frame[0] == pdu.SUBMIT_SM]


def answer(session: Session, sequence: int, message_id: bytes = b"1", status: int = 0, now: float = 0.0) -> None:
    session.received(pdu.encode(pdu.SUBMIT_SM_RESP, sequence, message_id + b"\0", status), now)


def results(session: Session) -> list[SubmitResult]:
    taken, session.results = session.results, []
    return taken


def receipt(sequence: int, raw_id: bytes = b"1") -> bytes:
    body = pdu.short_message_body(source=PHONE, destination=SENDER, payload=RECEIPT % raw_id, esm_class=4)
    return pdu.encode(pdu.DELIVER_SM, sequence, body)


def outcomes(found: Iterable[SubmitResult]) -> list[tuple[object, Outcome, str]]:
    return [(result.token, result.outcome, result.code) for result in found]


@pytest.mark.parametrize(
    ("status", "reason"), [(0x0E, "bind_refused"), (0x0F, "bind_refused"), (0x0D, "bind_refused"), (5, "already_bound")]
)
def test_a_refused_bind_closes_and_alarms(status: int, reason: str) -> None:
    """Cases 1 and 2."""
    session = new_session()
    session.connected(0)
    [(command, _, sequence, _)] = sent(session)

    session.received(pdu.encode(command | pdu.RESPONSE, sequence, status=status), 0.1)

    assert (session.closing, session.bind_status) == (reason, status)
    assert [alarm.code for alarm in session.alarms] == ["bind_refused"]
    assert session.free_window() == 0


def test_a_bind_that_is_not_answered_ends() -> None:
    """Case 3."""
    session = new_session(bind_seconds=10)
    session.connected(100)
    assert session.deadline(100) == 110

    session.tick(110)

    assert session.closing == "bind_timeout"


@pytest.mark.parametrize(
    ("mode", "command"),
    [
        (BindMode.TRANSCEIVER, Command.BIND_TRANSCEIVER),
        (BindMode.TRANSMITTER, Command.BIND_TRANSMITTER),
        (BindMode.RECEIVER, Command.BIND_RECEIVER),
    ],
)
def test_each_kind_of_bind_uses_its_command(mode: BindMode, command: Command) -> None:
    session = new_session(mode=mode)
    session.connected(0)

    [frame] = sent(session)

    assert frame[0] == command
    assert pdu.parse_bind(frame[3]) == ("us", "secret", "", 0x34)


def test_a_lost_connection_leaves_everything_in_flight_unknown_and_nothing_dropped() -> None:
    """Case 4."""
    session = bound(new_session())
    submit(session, "a", "b", "c", "d", "e", "f")

    session.lost(1)

    unknown, unsent = (Outcome.UNKNOWN, "disconnected"), (Outcome.UNSENT, "not_sent")
    assert outcomes(results(session)) == [(t, *unknown) for t in "abcd"] + [(t, *unsent) for t in "ef"]


def test_a_response_that_misses_its_time_is_unknown_and_frees_its_slot_once_committed() -> None:
    """Case 5."""
    session = bound(new_session(response_seconds=30))
    submit(session, "a", "b", "c", "d")
    session.received(pdu.encode(pdu.ENQUIRE_LINK, 9), 29)

    session.tick(30)

    assert outcomes(results(session)) == [(t, Outcome.UNKNOWN, "response_timeout") for t in "abcd"]
    assert (session.state, session.closing, session.free_window()) == (LinkState.BOUND, None, 0)
    session.release(4, 30)
    assert session.free_window() == 4


def test_a_late_response_is_matched_within_the_grace_time_and_wins() -> None:
    """Cases 5 and 6."""
    session = bound(new_session(response_seconds=30, grace_seconds=300))
    [sequence] = submit(session, "a")
    session.tick(30)
    results(session)

    answer(session, sequence, b"77", now=200)

    [late] = results(session)
    assert (late.token, late.outcome, late.ref, late.late) == ("a", Outcome.ACCEPTED, "77", True)


def test_a_response_after_the_grace_time_is_counted_and_ignored() -> None:
    session = bound(new_session(response_seconds=30, grace_seconds=300))
    [sequence] = submit(session, "a")
    session.tick(30)
    session.tick(331)
    results(session)

    answer(session, sequence, now=332)

    assert results(session) == []
    assert session.counters["stray_responses"] == 1


def test_a_response_nobody_waits_for_is_counted_and_ignored() -> None:
    """Case 7."""
    session = bound(new_session())

    answer(session, 4711)

    assert (results(session), session.counters["stray_responses"], session.closing) == ([], 1, None)


def test_a_second_response_changes_nothing() -> None:
    """Case 8."""
    session = bound(new_session())
    [sequence] = submit(session, "a")

    answer(session, sequence, b"1")
    answer(session, sequence, b"2")

    assert [result.ref for result in results(session)] == ["1"]


@pytest.mark.parametrize("status", [0x58, 0x14])
def test_a_throttled_submit_slows_the_session_down(status: int) -> None:
    """Case 9."""
    throttle = Throttle(100.0)
    session = bound(new_session(throttle=throttle))
    [sequence] = submit(session, "a")

    answer(session, sequence, status=status, now=0.1)

    [result] = results(session)
    assert result.outcome is Outcome.THROTTLED
    assert throttle.rate == 50.0
    assert submit(session, "b", now=0.2) == []
    session.release(1, 0.3)
    session.tick(1.2)
    assert len(sent(session)) == 1


@pytest.mark.parametrize(
    ("status", "outcome", "code", "fallback", "alarms"),
    [
        (0x08, Outcome.TEMPORARY, "system_error", True, 0),
        (0x45, Outcome.TEMPORARY, "submit_failed", True, 0),
        (0x450, Outcome.TEMPORARY, "vendor_status", True, 1),
        (0x0B, Outcome.FINAL, "invalid_destination", False, 0),
        (0x01, Outcome.FINAL, "invalid_message_length", False, 0),
        (0x0A, Outcome.FINAL, "invalid_sender", True, 0),
        (0x999, Outcome.TEMPORARY, "unlisted_status", True, 1),
    ],
)
def test_refusals_have_their_meaning(status: int, outcome: Outcome, code: str, fallback: bool, alarms: int) -> None:
    """Cases 10, 11 and 12."""
    session = bound(new_session())
    [sequence] = submit(session, "a")

    answer(session, sequence, status=status)

    [result] = results(session)
    assert (result.outcome, result.code, result.fallback, result.status) == (outcome, code, fallback, status)
    assert len(session.alarms) == alarms


def test_a_carrier_can_have_its_own_meanings() -> None:
    """Cases 10 and 12."""
    session = bound(new_session(overrides={0x450: Outcome.FINAL, 0x08: Outcome.THROTTLED}))
    first, second = submit(session, "a", "b")

    answer(session, first, status=0x450)
    answer(session, second, status=0x08)

    assert [result.outcome for result in results(session)] == [Outcome.FINAL, Outcome.THROTTLED]
    assert session.alarms == []


@pytest.mark.parametrize("body", [b"", b"\0", b"x" * 200 + b"\0", "ü".encode("latin-1") + b"\0"])
def test_responses_with_any_body_are_taken(body: bytes) -> None:
    """Case 13."""
    session = bound(new_session())
    first, second = submit(session, "a", "b")

    session.received(pdu.encode(pdu.SUBMIT_SM_RESP, first, body, 0x08), 0)
    session.received(pdu.encode(pdu.SUBMIT_SM_RESP, second, body), 0)

    assert [result.outcome for result in results(session)] == [Outcome.TEMPORARY, Outcome.ACCEPTED]


def test_a_receipt_before_its_response_is_handed_over() -> None:
    """Case 16."""
    session = bound(new_session())
    [sequence] = submit(session, "a")

    session.received(receipt(1, b"abc") + pdu.encode(pdu.SUBMIT_SM_RESP, sequence, b"ABC\0"), 0)

    [delivery], [result] = session.deliveries, session.results
    assert delivery.receipt is not None
    assert delivery.receipt.ref == result.ref == "abc"


def test_a_delivery_is_answered_only_when_the_caller_says_so() -> None:
    """Cases 17, 18 and 25."""
    session = bound(new_session())
    session.received(receipt(41), 0)
    session.received(receipt(42), 0)
    assert sent(session) == []

    session.ack([session.deliveries[1].token])
    session.ack([session.deliveries[0].token] * 3)

    assert [(f[0], f[1], f[2], f[3]) for f in sent(session)] == [
        (pdu.DELIVER_SM_RESP, 0, 42, b"\0"),
        (pdu.DELIVER_SM_RESP, 0, 41, b"\0"),
    ]


def test_a_caller_that_could_not_store_a_delivery_has_it_sent_again() -> None:
    session = bound(new_session())
    session.received(receipt(41), 0)

    session.ack([session.deliveries[0].token], errors.STATUS_TRY_LATER)

    assert [(f[0], f[1], f[2]) for f in sent(session)] == [(pdu.DELIVER_SM_RESP, errors.STATUS_TRY_LATER, 41)]


def test_the_acknowledgement_of_an_earlier_connection_goes_nowhere() -> None:
    """Case 25."""
    session = bound(new_session())
    session.received(receipt(41), 0)
    token = session.deliveries[0].token
    session.lost(1)
    bound(session, 2)
    session.received(receipt(41), 2)

    session.ack([token])

    assert sent(session) == []
    assert session.deliveries[1].token != token


@pytest.mark.parametrize("command", [pdu.DATA_SM, pdu.DELIVER_SM])
def test_a_receipt_in_data_sm_or_payload_is_a_receipt(command: int) -> None:
    """Case 24."""
    session = bound(new_session())
    tlvs = pdu.tlv(Tag.MESSAGE_PAYLOAD, RECEIPT % b"77")
    body = pdu.short_message_body(source=PHONE, destination=SENDER, payload=b"", esm_class=4, tlvs=tlvs)
    if command == pdu.DATA_SM:
        body = b"\0%c%c%b\0%c%c%b\0\x04\0\0%b" % (*PHONE, *SENDER, tlvs)

    session.received(pdu.encode(command, 5, body), 0)
    session.ack([session.deliveries[0].token])

    [delivery] = session.deliveries
    assert delivery.receipt is not None
    assert (delivery.receipt.ref, delivery.receipt.state, delivery.receipt.final) == ("77", "delivered", True)
    assert (delivery.source, delivery.destination) == (PHONE.digits, SENDER.digits)
    assert sent(session)[0][0] == command | pdu.RESPONSE


def test_a_flood_of_receipts_takes_bounded_memory_and_leaves_room_for_submits() -> None:
    """Case 26."""
    session = bound(new_session(deliveries_max=10))

    session.received(b"".join(receipt(n) for n in range(1, 101)), 0)
    [sequence] = submit(session, "a")
    answer(session, sequence)

    assert len(session.deliveries) == 10
    assert session.counters["deliveries_put_off"] == 90
    assert [result.outcome for result in results(session)] == [Outcome.ACCEPTED]
    session.ack([delivery.token for delivery in session.deliveries])
    session.received(receipt(200), 1)
    assert len(session.deliveries) == 11


def test_put_off_receipts_are_refused_for_later_and_not_lost() -> None:
    """Case 26."""
    session = bound(new_session(deliveries_max=1))

    session.received(receipt(1) + receipt(2), 0)

    assert [(f[2], f[1]) for f in sent(session)] == [(2, errors.STATUS_TRY_LATER)]


def test_a_silent_link_is_asked_and_then_given_up() -> None:
    """Cases 28 and 31."""
    session = bound(new_session(enquire_seconds=30, response_seconds=20))
    assert session.deadline(0) == 30
    session.tick(30)
    assert [frame[0] for frame in sent(session)] == [pdu.ENQUIRE_LINK]
    submit(session, "a", now=31)

    assert session.deadline(31) == 50
    session.tick(50)

    assert session.closing == "enquire_timeout"
    session.lost(50)
    assert [result.outcome for result in results(session)] == [Outcome.UNKNOWN]


def test_an_answered_enquiry_keeps_the_link() -> None:
    session = bound(new_session(enquire_seconds=30, response_seconds=20))
    session.tick(30)
    [enquiry] = sent(session)

    session.received(pdu.encode(pdu.ENQUIRE_LINK_RESP, enquiry[2]), 35)
    session.tick(64)

    assert (session.closing, sent(session)) == (None, [])
    session.tick(65)
    assert len(sent(session)) == 1


def test_an_enquiry_is_answered_ahead_of_data_with_the_window_full() -> None:
    """Case 29."""
    session = bound(new_session())
    session.submit(requests(*"abcdef"), 0)

    session.received(pdu.encode(pdu.ENQUIRE_LINK, 99), 0)

    frames = sent(session)
    assert (frames[0][0], frames[0][2]) == (pdu.ENQUIRE_LINK_RESP, 99)
    assert len(frames) == 5


def test_an_unbind_of_the_peer_waits_for_what_is_in_flight() -> None:
    """Case 30."""
    session = bound(new_session())
    first, *_ = submit(session, "a", "b", "c", "d", "e")

    session.received(pdu.encode(pdu.UNBIND, 7), 1)

    assert outcomes(results(session)) == [("e", Outcome.UNSENT, "not_sent")]
    assert (session.free_window(), session.closing, sent(session)) == (0, None, [])
    assert submit(session, "f", now=1) == []
    for sequence in range(first, first + 4):
        answer(session, sequence, now=2)
    assert [(f[0], f[2]) for f in sent(session)] == [(pdu.UNBIND_RESP, 7)]
    assert session.closing == "unbound_by_peer"


def test_an_unbind_of_the_peer_does_not_wait_for_ever() -> None:
    """Case 30."""
    session = bound(new_session(drain_seconds=10))
    submit(session, "a")
    session.received(pdu.encode(pdu.UNBIND, 7), 1)

    assert session.deadline(1) == 11
    session.tick(11)

    assert session.closing == "unbound_by_peer"


@pytest.mark.parametrize("status", [0, 0x03, 0x02])
def test_a_generic_nack_ends_that_submit_and_alarms(status: int) -> None:
    """Case 32."""
    session = bound(new_session())
    [sequence] = submit(session, "a")

    session.received(pdu.encode(pdu.GENERIC_NACK, sequence, status=status), 0)

    assert outcomes(results(session)) == [("a", Outcome.FINAL, "refused_pdu")]
    assert session.alarms[0] == ("generic_nack", status)


def test_a_generic_nack_that_means_too_fast_slows_down() -> None:
    session = bound(new_session())
    [sequence] = submit(session, "a")

    session.received(pdu.encode(pdu.GENERIC_NACK, sequence, status=0x58), 0)

    assert [result.outcome for result in results(session)] == [Outcome.THROTTLED]


def test_an_unknown_command_is_nacked_and_the_session_goes_on() -> None:
    """Case 33."""
    session = bound(new_session())

    session.received(pdu.encode(0x0777, 5) + pdu.encode(0x80000777, 6), 0)

    assert [(f[0], f[1], f[2]) for f in sent(session)] == [(pdu.GENERIC_NACK, errors.STATUS_INVALID_COMMAND, 5)]
    assert session.closing is None


@pytest.mark.parametrize("length", [0, 15, 70000])
def test_a_broken_stream_is_nacked_and_closed(length: int) -> None:
    """Case 33."""
    session = bound(new_session())

    session.received(pdu.HEADER.pack(length, pdu.DELIVER_SM, 0, 5) + b"x" * 50, 0)

    assert [(f[0], f[2]) for f in sent(session)] == [(pdu.GENERIC_NACK, 5)]
    assert session.closing == "broken_stream"


def test_a_delivery_that_cannot_be_read_is_refused_and_alarms() -> None:
    """Case 33."""
    session = bound(new_session())

    session.received(pdu.encode(pdu.DELIVER_SM, 5, b"\0\1\1"), 0)

    assert [(f[0], f[1], f[2]) for f in sent(session)] == [(pdu.DELIVER_SM_RESP, errors.STATUS_BAD_OPTIONAL, 5)]
    assert (session.deliveries, [alarm.code for alarm in session.alarms]) == ([], ["malformed_delivery"])


def test_sequence_numbers_wrap_past_those_in_flight() -> None:
    """Case 35."""
    session = new_session(window=8)
    bound(session)
    slow = submit(session, "slow", "slow too")
    session.window._sequence = pdu.SEQUENCE_MAX - 2

    found = submit(session, *"abcd")

    top = pdu.SEQUENCE_MAX
    assert found[:2] == [top - 1, top]
    assert not set(found) & set(slow)
    assert found[2:] == [1, 4]


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.sampled_from(["submit", "answer", "release", "tick", "lose"]), st.integers(1, 9)), max_size=60
    )
)
def test_the_window_is_never_exceeded_whatever_happens(steps: list[tuple[str, int]]) -> None:
    """Cases 4 and 36: what is in doubt or in flight is at most the window, also over reconnects; nothing is lost."""
    session, now, given_back, uncommitted, submitted = bound(new_session(window=5)), 0.0, [], 0, 0
    flying: list[int] = []
    for step, n in steps:
        now += n
        if step == "submit":
            session.submit(requests(*range(submitted, submitted + n)), now)
            submitted += n
        elif step == "answer" and flying:
            answer(session, flying[n % len(flying)], now=now)
        elif step == "release" and uncommitted:
            count = min(n, uncommitted)
            uncommitted -= count
            session.release(count, now)
        elif step == "tick":
            session.tick(now)
        elif step == "lose":
            session.lost(now)
            bound(session, now)
        found = results(session)
        uncommitted += len(found)
        given_back += found
        sent(session)
        flying = list(session.window.in_flight)

        assert len(flying) <= 5
        assert len(flying) == 0 or len(flying) + session.window.unreleased <= 5
    session.lost(now)
    given_back += results(session)
    first_results = [result.token for result in given_back if not result.late]
    assert sorted(first_results, key=str) == sorted(range(submitted), key=str)


def test_slots_of_uncommitted_results_stay_taken_over_a_reconnect() -> None:
    """Case 36."""
    session = bound(new_session(window=4))
    submit(session, "a", "b", "c")
    session.lost(1)
    assert len(results(session)) == 3

    bound(session, 2)

    assert session.free_window() == 1
    session.release(3, 2)
    assert session.free_window() == 4


def test_no_second_sees_more_than_the_agreed_rate() -> None:
    """Case 37: within 2 % in each second, and the rate is used."""
    throttle = Throttle(200.0)
    sessions = [bound(new_session(window=10_000, throttle=throttle)) for _ in range(2)]
    for session in sessions:
        session.submit(requests(*range(1000)), 0.0)
    times: list[float] = []

    for millisecond in range(4000):
        now = millisecond / 1000
        for session in sessions:
            session.received(pdu.encode(pdu.ENQUIRE_LINK, 1), now)
            session.tick(now)
            times += [now for frame in sent(session) if frame[0] == pdu.SUBMIT_SM]

    per_second = [sum(1 for at in times if start / 10 <= at < start / 10 + 1) for start in range(30)]
    assert max(per_second) <= 204
    assert min(per_second[1:]) >= 196


def test_half_a_second_of_a_slow_rate_is_all_that_is_asked_for() -> None:
    session = bound(new_session(window=1000, throttle=Throttle(10.0)))

    assert session.free_window() == 5


def test_nothing_is_written_while_the_socket_is_full() -> None:
    session = bound(new_session())
    session.paused = True
    assert submit(session, "a") == []

    session.received(pdu.encode(pdu.ENQUIRE_LINK, 9), 0)
    assert [frame[0] for frame in sent(session)] == [pdu.ENQUIRE_LINK_RESP]

    session.resumed(1)
    assert [frame[0] for frame in sent(session)] == [pdu.SUBMIT_SM]


def test_a_clean_end_waits_for_responses_and_acknowledgements_and_then_unbinds() -> None:
    """Case 50."""
    session = bound(new_session())
    [sequence] = submit(session, "a")
    session.received(receipt(5), 0)

    session.drain(1, 10)
    assert sent(session) == []
    answer(session, sequence, now=2)
    assert sent(session) == []
    session.ack([session.deliveries[0].token])
    session.tick(3)

    frames = sent(session)
    assert [frame[0] for frame in frames] == [pdu.DELIVER_SM_RESP, pdu.UNBIND]
    session.received(pdu.encode(pdu.UNBIND_RESP, frames[1][2]), 4)
    assert session.closing == "closed"
    assert [result.outcome for result in results(session)] == [Outcome.ACCEPTED]


def test_a_clean_end_has_an_end() -> None:
    """Case 50."""
    session = bound(new_session())
    submit(session, "a")
    session.drain(1, 10)

    session.tick(11)
    assert [frame[0] for frame in sent(session)] == [pdu.UNBIND]
    session.tick(13)

    assert session.closing == "closed"


def test_a_submit_without_a_bind_comes_back_unsent() -> None:
    session = new_session()

    session.submit(requests("a"), 0)

    assert outcomes(results(session)) == [("a", Outcome.UNSENT, "not_sent")]


@pytest.mark.promise("duty-04")
def test_a_password_is_not_in_the_repr_of_the_options() -> None:
    assert "secret" not in repr(new_session().options)


@settings(max_examples=200)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=80),
            st.builds(
                pdu.encode,
                st.sampled_from(list(Command)),
                st.integers(0, 2**32 - 1),
                st.binary(max_size=60),
                st.integers(0, 2**32 - 1),
            ),
        ),
        max_size=12,
    )
)
def test_no_carrier_can_make_a_session_raise(reads: list[bytes]) -> None:
    """Case 33."""
    session = bound(new_session())
    submit(session, "a", "b")

    for at, read in enumerate(reads):
        session.received(read, float(at))
        session.tick(float(at))
        session.deadline(float(at))
        session.take_output()
    session.lost(99)

    assert len([r for r in session.results if not r.late]) == 2


def test_a_token_that_keeps_its_result_is_collected() -> None:
    """A caller's token may hold the results of its request, which hold the token."""

    class Flight:
        answer: SubmitResult

    session = bound(new_session())
    flight = Flight()
    answer(session, submit(session, flight)[0])
    [flight.answer] = results(session)
    gone = weakref.ref(flight)

    del flight
    gc.collect()

    assert gone() is None
