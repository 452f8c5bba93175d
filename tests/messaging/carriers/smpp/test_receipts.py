import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.carriers.smpp import pdu, receipts
from messaging.carriers.smpp.pdu import Address, Tag
from messaging.carriers.smpp.receipts import IdFormat, ReceiptState

USUAL = b"id:%b sub:001 dlvrd:001 submit date:2611210930 done date:2611210931 stat:%b err:%b text:Hello"
UUID = "3f2a1c9e-0b1d-4c5e-8f00-112233445566"
PHONE, SENDER = Address(1, 1, b"15005550001"), Address(5, 0, b"Acme")


def usual(raw_id: bytes = b"123", state: bytes = b"DELIVRD", error: bytes = b"000") -> bytes:
    return USUAL % (raw_id, state, error)


@pytest.mark.parametrize(
    ("text", "raw_id", "state", "error", "done"),
    [
        (usual(), "123", "delivered", "", "2611210931"),
        (usual(state=b"UNDELIV", error=b"027"), "123", "undeliverable", "027", "2611210931"),
        (b"id:9 stat:EXPIRED", "9", "expired", "", ""),
        (b"id:9 done date:261121093116 stat:REJECTD err:0x1F", "9", "rejected", "0x1F", "261121093116"),
        (b"id:9 done date:20261121093116 stat:DELIVRD err:1234 Text:", "9", "delivered", "1234", "20261121093116"),
        (b"id:9 done date:261121093015004+ stat:DELIVRD err:A1 text:", "9", "delivered", "A1", "261121093015004+"),
        (b"  id:9   stat:DELIVRD   err:000  TEXT: stat:UNDELIV id:666", "9", "delivered", "", ""),
        (b"id:9 sub: dlvrd: submit date: done date: stat:DELIVRD err: text:", "9", "delivered", "", ""),
        (b"ID:9 STAT:delivrd ERR:000", "9", "delivered", "", ""),
        (b"id: 9 stat: DELIVRD", "9", "delivered", "", ""),
        (b"id:" + UUID.encode() + b" stat:DELIVERED", UUID, "delivered", "", ""),
        (b"id:00-aa-11 sub:001 stat:UNDELIVERABLE err:5", "00-aa-11", "undeliverable", "5", ""),
        (b"stat:DELIVRD id:9", "9", "delivered", "", ""),
        (b"id:9 stat:BUFFRED", "9", "enroute", "", ""),
        (b"id:9 stat:WHATEVER err:7", "9", "unknown", "7", ""),
        (b"id:9 stat:2", "9", "delivered", "", ""),
        (b"id:9;stat:DELIVRD;err:0", "9", "delivered", "", ""),
        (b"", "", "unknown", "", ""),
        (b"hello", "", "unknown", "", ""),
    ],
)  # fmt: skip
def test_text_receipts_of_all_spellings_are_read(text: bytes, raw_id: str, state: str, error: str, done: str) -> None:
    """Case 22."""
    receipt = receipts.parse(text, {})

    assert (receipt.raw_id, receipt.state, receipt.error_code, receipt.done) == (raw_id, state, error, done)


@pytest.mark.parametrize(
    ("digits", "moment"),
    [
        ("2611210931", "2026-11-21T09:31:00+00:00"),
        ("261121093116", "2026-11-21T09:31:16+00:00"),
        ("202611210931", "2026-11-21T09:31:00+00:00"),
        ("20261121093116", "2026-11-21T09:31:16+00:00"),
        ("261121093116004+", "2026-11-21T09:31:16+01:00"),
        ("261121093116014-", "2026-11-21T09:31:16-03:30"),
        ("2613990931", None),
        ("", None),
        ("soon", None),
        ("٢٦١١٢١٠٩٣١", None),
    ],
)
def test_dates_of_all_lengths_are_read(digits: str, moment: str | None) -> None:
    """Case 22."""
    read = receipts.parse_date(digits)

    assert (read.isoformat() if read else None) == moment


def test_a_carrier_clock_in_another_zone_is_respected() -> None:
    receipt = receipts.parse(usual(), {})

    at = receipt.at(dt.timedelta(hours=2))

    assert at is not None
    assert at.astimezone(dt.UTC).hour == 7


def test_parameters_alone_make_a_receipt() -> None:
    """Case 23."""
    tlvs = {
        int(Tag.RECEIPTED_MESSAGE_ID): b"abc\0",
        int(Tag.MESSAGE_STATE): b"\x05",
        int(Tag.NETWORK_ERROR_CODE): b"\x03\x00\x1b",
    }

    receipt = receipts.parse(b"", tlvs)

    assert (receipt.ref, receipt.state, receipt.final, receipt.error_code) == ("abc", "undeliverable", True, "27")
    assert not receipt.conflict


def test_parameters_win_over_the_text_and_the_disagreement_is_noted() -> None:
    """Case 23."""
    tlvs = {int(Tag.RECEIPTED_MESSAGE_ID): b"456\0", int(Tag.MESSAGE_STATE): b"\x05"}

    receipt = receipts.parse(usual(), tlvs)

    assert (receipt.ref, receipt.state, receipt.conflict) == ("456", "undeliverable", True)


@pytest.mark.parametrize("word", [b"ENROUTE", b"ACCEPTD", b"BUFFRED", b"UNKNOWN"])
def test_progress_is_never_final(word: bytes) -> None:
    """Case 20."""
    assert not receipts.parse(usual(state=word), {}).final


def test_an_intermediate_notification_is_not_final_whatever_it_says() -> None:
    """Case 20."""
    assert not receipts.parse(usual(), {}, receipts.ESM_INTERMEDIATE).final


@pytest.mark.parametrize(
    ("id_format", "in_response", "in_receipt"),
    [
        (IdFormat.HEX_IN_RESPONSE, "1A2B", "6699"),
        (IdFormat.HEX_IN_RESPONSE, "0x1a2b", "0000006699"),
        (IdFormat.HEX_IN_RECEIPT, "6699", "1a2b"),
        (IdFormat.HEX, "1a2b", "00001A2B"),
        (IdFormat.DECIMAL, "0006699", "6699"),
        (IdFormat.TEXT, "AB-cd", "ab-CD"),
        (IdFormat.AUTO, "1A2B", "6699"),
        (IdFormat.AUTO, "6699", "1a2b"),
        (IdFormat.AUTO, "00001a2b", "1A2B"),
        (IdFormat.AUTO, "0000", "0"),
        (IdFormat.AUTO, " 7f ", "7F"),
    ],
)
def test_ids_of_response_and_receipt_meet(id_format: IdFormat, in_response: str, in_receipt: str) -> None:
    """Cases 14 and 15."""
    stored = receipts.response_ref(in_response, id_format)
    receipt = receipts.parse(b"id:%b stat:DELIVRD" % in_receipt.encode(), {}, id_format=id_format)

    assert stored in (receipt.ref, *receipt.alternatives)


def test_the_id_as_it_stands_is_tried_first() -> None:
    """Case 14: an id that could be read in both bases belongs first to the message that has it literally."""
    assert receipts.receipt_refs("6699") == ("6699", "1a2b", "26265")


@pytest.mark.parametrize(
    ("pairs", "found"),
    [
        ([("1A", "26"), ("ff", "255")], IdFormat.HEX_IN_RESPONSE),
        ([("26", "1A")], IdFormat.HEX_IN_RECEIPT),
        ([("00ab", "AB"), ("7", "7")], IdFormat.TEXT),
        ([("1", "2")], None),
        ([], None),
    ],
)
def test_the_id_format_of_a_carrier_can_be_found_out(pairs: list[tuple[str, str]], found: IdFormat | None) -> None:
    """Case 14."""
    assert receipts.detect_format(pairs) is found


def test_a_text_that_looks_like_a_receipt_is_none_without_the_flag() -> None:
    """Anybody can write "id:1 stat:DELIVRD" on a phone."""
    assert not receipts.is_receipt(0, {})
    assert receipts.is_receipt(0x04, {})
    assert receipts.is_receipt(0x44, {})
    assert receipts.is_receipt(0x20, {})
    assert receipts.is_receipt(0, {int(Tag.RECEIPTED_MESSAGE_ID): b"1\0"})


@pytest.mark.parametrize("raw_id", [b"1", b"00ff", b"3f2a1c9e-0b1d"])
@pytest.mark.parametrize("state", [b"DELIVRD", b"UNDELIV", b"ACCEPTD", b"ENROUTE", b"UNKNOWN"])
@pytest.mark.parametrize("error", [b"000", b"27", b"A01"])
@pytest.mark.parametrize("with_parameters", [False, True])
def test_the_quick_way_reads_what_the_general_way_reads(
    raw_id: bytes, state: bytes, error: bytes, with_parameters: bool
) -> None:
    payload = usual(raw_id, state, error)
    number = {b"DELIVRD": 2, b"UNDELIV": 5, b"ACCEPTD": 6, b"ENROUTE": 1, b"UNKNOWN": 7}[state]
    tlvs = pdu.tlv(Tag.RECEIPTED_MESSAGE_ID, raw_id + b"\0") + pdu.tlv(Tag.MESSAGE_STATE, bytes((number,)))
    body = pdu.short_message_body(
        source=PHONE, destination=SENDER, payload=payload, esm_class=4, tlvs=tlvs if with_parameters else b""
    )

    quick = receipts.parse_usual(body)

    assert quick is not None
    assert quick[0] == receipts.parse(payload, pdu.parse_short_message(body).tlvs)
    assert quick[1:] == (PHONE.digits, SENDER.digits, payload)


def test_the_quick_way_leaves_contradictions_to_the_general_way() -> None:
    def body(state: bytes, raw_id: bytes) -> bytes:
        tlvs = pdu.tlv(Tag.RECEIPTED_MESSAGE_ID, raw_id + b"\0") + pdu.tlv(Tag.MESSAGE_STATE, state)
        return pdu.short_message_body(source=PHONE, destination=SENDER, payload=usual(), esm_class=4, tlvs=tlvs)

    assert receipts.parse_usual(body(b"\x02", b"123")) is not None
    assert receipts.parse_usual(body(b"\x05", b"123")) is None
    assert receipts.parse_usual(body(b"\x02", b"124")) is None


pieces = st.sampled_from(
    [
        b"id:",
        b"stat:",
        b"sub:",
        b"err:",
        b"text:",
        b"done date:",
        b"submit date:",
        b" ",
        b"DELIVRD",
        b"\0",
        b"00",
        b"9" * 70,
    ]
)


@given(
    st.one_of(st.binary(max_size=200), st.lists(st.one_of(pieces, st.binary(max_size=4)), max_size=20).map(b"".join)),
    st.dictionaries(
        st.sampled_from([int(Tag.RECEIPTED_MESSAGE_ID), int(Tag.MESSAGE_STATE), int(Tag.NETWORK_ERROR_CODE)]),
        st.binary(max_size=90),
    ),
    st.integers(0, 255),
    st.sampled_from(list(IdFormat)),
)
def test_no_receipt_whatsoever_raises(payload: bytes, tlvs: dict[int, bytes], esm_class: int, fmt: IdFormat) -> None:
    """Case 22."""
    receipt = receipts.parse(payload, tlvs, esm_class, fmt)
    receipts.parse_usual(payload, fmt)

    assert isinstance(receipt.state, ReceiptState)
    assert receipt.ref.isprintable()
    assert len(receipt.ref) <= 80
    assert isinstance(receipt.alternatives, tuple)
    receipt.at()
