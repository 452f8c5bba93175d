import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.carriers.smpp import pdu, submits
from messaging.carriers.smpp.inbound import PartOf, decode
from messaging.carriers.smpp.pdu import ShortMessage, Tag
from messaging.carriers.smpp.submits import (
    InvalidDestination,
    InvalidSender,
    LongMessage,
    References,
    SubmitOptions,
    Validity,
    source_address,
    validity_period,
)
from smsplatform.lib.segments import Encoding, NotEncodable, count_fast

AT = dt.datetime(2026, 11, 21, 9, 30, tzinfo=dt.UTC)


def messages(text: str, encoding: Encoding = "gsm7", source: str = "Acme", **options: object) -> list[ShortMessage]:
    found = submits.bodies(
        SubmitOptions(**options),  # type: ignore[arg-type]  # test values
        source=source,
        destination="+15005551234",
        text=text,
        encoding=encoding,
        reference=0x142,
        validity=b"000000010000000R",
    )
    return [pdu.parse_short_message(body) for body in found]


@pytest.mark.promise("otp-22", "transit-53", "transit-54")
def test_a_short_text_is_one_submit_that_asks_for_a_receipt() -> None:
    [message] = messages("Hi @ €")

    assert (message.source_ton, message.source, message.destination) == (5, b"Acme", b"15005551234")
    assert (message.esm_class, message.data_coding, message.registered_delivery) == (0, 0, 1)
    assert message.payload == b"Hi \x00 \x1be"
    assert message.validity == b"000000010000000R"


def test_every_part_of_a_long_text_has_the_header_flag_and_asks_for_a_receipt() -> None:
    """Case 41."""
    parts = messages("a" * 161)

    assert [part.esm_class for part in parts] == [0x40, 0x40]
    assert [part.registered_delivery for part in parts] == [1, 1]
    assert [part.payload[:6] for part in parts] == [b"\x05\x00\x03\x42\x02\x01", b"\x05\x00\x03\x42\x02\x02"]


def test_parts_by_parameters_carry_no_header_flag() -> None:
    """Case 41."""
    parts = messages("a" * 161, long_message=LongMessage.SAR)

    assert [part.esm_class for part in parts] == [0, 0]
    assert [part.tlvs[Tag.SAR_NUMBER] for part in parts] == [b"\x01", b"\x02"]
    assert {part.tlvs[Tag.SAR_REFERENCE] for part in parts} == {b"\x01\x42"}


def test_a_payload_parameter_carries_the_whole_text_in_one_submit() -> None:
    """Case 41."""
    [message] = messages("a" * 500, long_message=LongMessage.PAYLOAD)

    assert (message.esm_class, message.payload) == (0, b"a" * 500)


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=500),
    st.sampled_from(list(LongMessage)),
    st.booleans(),
)
def test_any_text_reads_the_same_on_the_other_side(text: str, long_message: LongMessage, wide: bool) -> None:
    """Case 41."""
    count = count_fast(text)

    parts = messages(text, count.encoding, long_message=long_message, wide_reference=wide)

    shorts = [decode(p.payload, esm_class=p.esm_class, data_coding=p.data_coding, tlvs=p.tlvs) for p in parts]
    assert "".join(short.text for short in shorts) == text
    if len(parts) > 1:
        expected = 0x142 if wide or long_message is LongMessage.SAR else 0x42
        assert [short.part for short in shorts] == [PartOf(expected, len(parts), n + 1) for n in range(len(parts))]


def test_a_latin1_carrier_gets_latin1_or_nothing() -> None:
    """Case 43."""
    [message] = messages("é[@]", charset="latin1")
    assert message.payload == "é[@]".encode("latin-1")

    with pytest.raises(NotEncodable):
        messages("5 €", charset="latin1")


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("Acme", (5, 0, b"Acme")),
        ("Acme Ltd. 12", None),
        ("Acme-12 Ltd", (5, 0, b"Acme-12 Ltd")),
        ("+15005550001", (1, 1, b"15005550001")),
        ("12345", (3, 0, b"12345")),
        ("12345678", (3, 0, b"12345678")),
        ("15005550001", None),
        ("12", None),
        ("", None),
        ("Änne", None),
        ("a\nb", None),
        ("a[b]", None),
        ("...", None),
        ("+0123456", None),
    ],
)
def test_senders_become_addresses_or_are_refused(sender: str, address: tuple[int, int, bytes] | None) -> None:
    """Case 44."""
    if address is None:
        with pytest.raises(InvalidSender):
            source_address(sender)
    else:
        assert source_address(sender) == address


@pytest.mark.parametrize("destination", ["15005551234", "+0", "+1500555123x", "", "+1" + "0" * 15])
def test_destinations_are_international(destination: str) -> None:
    with pytest.raises(InvalidDestination):
        submits.destination_address(destination)


@pytest.mark.parametrize(
    ("options", "seconds", "field"),
    [
        (SubmitOptions(), 90, b"000000000130000R"),
        (SubmitOptions(), 86400 * 3 + 3661, b"000003010101000R"),
        (SubmitOptions(), 86400 * 90, b"000030000000000R"),
        (SubmitOptions(), 0.2, b"000000000001000R"),
        (SubmitOptions(validity=Validity.ABSOLUTE), 3600, b"261121103000000+"),
        (SubmitOptions(validity=Validity.ABSOLUTE, utc_quarters=23), 3600, b"261121161500023+"),
        (SubmitOptions(validity=Validity.ABSOLUTE, utc_quarters=-14), 3600, b"261121070000014-"),
        (SubmitOptions(validity=Validity.NONE), 3600, b""),
    ],
)
def test_validity_is_spelled_as_the_carrier_wants_it(options: SubmitOptions, seconds: float, field: bytes) -> None:
    """Case 45."""
    assert validity_period(options, at=AT, expires_at=AT + dt.timedelta(seconds=seconds)) == field


def test_an_expired_message_has_no_validity() -> None:
    """Case 45."""
    with pytest.raises(AssertionError):
        validity_period(SubmitOptions(), at=AT, expires_at=AT)


def test_a_reference_returns_to_a_destination_only_after_all_others() -> None:
    """Case 41."""
    references = References()

    found = []
    for _ in range(256):
        found.append(references.next("+15005551234"))
        references.next("+15005559999")

    assert len(set(found)) == 256


def test_references_remember_a_bounded_number_of_destinations() -> None:
    references = References(numbers_max=10, wide=True)

    for n in range(1000):
        assert 0 <= references.next(str(n)) <= 0xFFFF

    assert len(references._last) == 10


@given(
    st.binary(max_size=160),
    st.integers(0, 255),
    st.integers(0, 255),
    st.dictionaries(st.integers(0x200, 0x210), st.binary(max_size=3)),
)
def test_no_inbound_text_raises(payload: bytes, esm_class: int, data_coding: int, tlvs: dict[int, bytes]) -> None:
    assert isinstance(decode(payload, esm_class=esm_class, data_coding=data_coding, tlvs=tlvs).text, str)
