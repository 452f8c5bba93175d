import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.carriers.smpp import pdu
from messaging.carriers.smpp.pdu import Address, Framer, MalformedPdu, Tag

bodies = st.binary(max_size=300)
frames = st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), bodies), max_size=8)


def encoded(items: list[tuple[int, int, bytes]]) -> bytes:
    return b"".join(pdu.encode(command, sequence, body) for command, sequence, body in items)


def test_two_pdus_in_one_read_are_two_frames() -> None:
    """Case 34."""
    stream = pdu.encode(pdu.ENQUIRE_LINK, 1) + pdu.encode(pdu.SUBMIT_SM_RESP, 2, b"id\0")

    assert Framer().feed(stream) == [(pdu.ENQUIRE_LINK, 0, 1, b""), (pdu.SUBMIT_SM_RESP, 0, 2, b"id\0")]


@given(frames)
def test_a_stream_byte_by_byte_gives_the_same_frames(items: list[tuple[int, int, bytes]]) -> None:
    """Case 34."""
    stream, framer = encoded(items), Framer()

    found = [frame for octet in stream for frame in framer.feed(bytes((octet,)))]

    assert found == [(command, 0, sequence, body) for command, sequence, body in items]


@given(frames, st.data())
def test_the_cuts_of_the_stream_do_not_matter(items: list[tuple[int, int, bytes]], data: st.DataObject) -> None:
    stream, framer, found = encoded(items), Framer(), []

    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += framer.feed(stream[:size])
        stream = stream[size:]

    assert [(command, sequence, body) for command, _, sequence, body in found] == items


@pytest.mark.parametrize("length", [0, 1, 15, 65537, 0xFFFFFFFF])
def test_an_impossible_length_breaks_the_stream_after_the_good_frames(length: int) -> None:
    """Case 33."""
    framer = Framer()

    good = framer.feed(pdu.encode(pdu.ENQUIRE_LINK, 1) + struct.pack(">IIII", length, 4, 0, 77) + b"x" * 100)

    assert [frame[2] for frame in good] == [1]
    assert framer.broken == (4, 77)
    assert framer.feed(pdu.encode(pdu.ENQUIRE_LINK, 2)) == []


def test_an_unfinished_frame_never_holds_more_than_the_largest_pdu() -> None:
    """Case 33: a peer that announces 64 KiB and dribbles costs linear work and bounded memory."""
    framer = Framer()
    stream = struct.pack(">IIII", pdu.PDU_MAX, 4, 0, 1) + b"x" * (pdu.PDU_MAX - 16)

    found = [frame for start in range(0, len(stream), 7) for frame in framer.feed(stream[start : start + 7])]

    assert [len(frame[3]) for frame in found] == [pdu.PDU_MAX - 16]


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_noise_never_raises_in_the_framer(reads: list[bytes]) -> None:
    """Case 33."""
    framer = Framer()

    for read in reads:
        for _, _, _, body in framer.feed(read):
            assert len(body) <= pdu.PDU_MAX


@given(st.one_of(bodies, st.binary(max_size=40).map(lambda raw: b"\0\1\1123\0\1\1456\0" + raw)))
def test_a_body_is_parsed_or_refused(body: bytes) -> None:
    """Case 33."""
    for parse in (pdu.parse_short_message, pdu.parse_data, pdu.parse_bind):
        with contextlib.suppress(MalformedPdu):
            parse(body)


addresses = st.builds(
    Address, st.integers(0, 6), st.integers(0, 18), st.binary(max_size=20).filter(lambda b: 0 not in b)
)


@given(addresses, addresses, st.binary(max_size=254), st.integers(0, 255), st.integers(0, 255))
def test_a_short_message_survives_the_way_there_and_back(
    source: Address, destination: Address, payload: bytes, esm_class: int, data_coding: int
) -> None:
    body = pdu.short_message_body(
        source=source,
        destination=destination,
        payload=payload,
        esm_class=esm_class,
        data_coding=data_coding,
        registered_delivery=1,
        validity=b"000000010000000R",
        tlvs=pdu.tlv(Tag.SAR_TOTAL, b"\x02"),
    )

    message = pdu.parse_short_message(body)

    assert (message.source, message.destination, message.payload) == (source.digits, destination.digits, payload)
    assert (message.source_ton, message.esm_class, message.data_coding) == (source.ton, esm_class, data_coding)
    assert (message.registered_delivery, message.validity) == (1, b"000000010000000R")
    assert message.tlvs == {Tag.SAR_TOTAL: b"\x02"}


@given(st.binary(max_size=80))
def test_optional_parameters_never_raise(data: bytes) -> None:
    found, sound = pdu.parse_tlvs(data)

    assert sum(4 + len(value) for value in found.values()) <= len(data)
    assert sound or len(data) > 0


def test_a_broken_tail_is_forgiven_when_the_text_is_there() -> None:
    """Case 33."""
    source = Address(1, 1, b"1")

    def body(payload: bytes) -> bytes:
        return pdu.short_message_body(
            source=source, destination=source, payload=payload, tlvs=b"\x04\x24\xff\xff" + b"cut"
        )

    assert pdu.parse_short_message(body(b"text")).payload == b"text"
    with pytest.raises(MalformedPdu):
        pdu.parse_short_message(body(b""))


@pytest.mark.parametrize(
    ("body", "message_id"),
    [
        (b"", ""),
        (b"\0", ""),
        (b"abc\0", "abc"),
        (b"abc", "abc"),
        (b"x" * 300 + b"\0", "x" * 65),
        (b"a-b_c\0", "a-b_c"),
        ("é".encode("latin-1") + b"1\0", "é1"),
        (b"a\nb\x1b\0", "a?b?"),
        (b"id\0junk", "id"),
    ],
)
def test_message_ids_of_all_shapes_are_read(body: bytes, message_id: str) -> None:
    """Case 13."""
    assert pdu.message_id_of(body) == message_id


def test_secrets_too_long_for_any_carrier_are_refused() -> None:
    with pytest.raises(MalformedPdu):
        pdu.bind_body(system_id="a" * 65, password="")
    with pytest.raises(MalformedPdu):
        pdu.bind_body(system_id="ä", password="")
    with pytest.raises(MalformedPdu):
        pdu.bind_body(system_id="a\0b", password="")
