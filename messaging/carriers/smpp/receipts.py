"""Delivery receipts in all the forms carriers send them (SMPP 3.4 appendix B, section 5.3.2.35 and the field).

The text form is a convention, not a standard: fields are missing, renamed, in another order, dates have 10 to 16
digits. So it is scanned for known keys up to the quoted text, and anything unreadable is simply absent. Parameters
(TLVs) win over text. Nothing here raises on any input.

Ids need care because carriers print one number in two bases: ``hex`` in the response and decimal in the receipt is
common. ``response_ref`` and ``receipt_ref`` bring both sides to one comparable form.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from messaging.carriers.smpp.pdu import Tag

# Plain integers: hashing an enum member costs more than the look-up it is for.
_RECEIPTED_MESSAGE_ID = int(Tag.RECEIPTED_MESSAGE_ID)
_MESSAGE_STATE = int(Tag.MESSAGE_STATE)
_NETWORK_ERROR_CODE = int(Tag.NETWORK_ERROR_CODE)


class ReceiptState(StrEnum):
    ENROUTE = "enroute"
    DELIVERED = "delivered"
    EXPIRED = "expired"
    DELETED = "deleted"
    UNDELIVERABLE = "undeliverable"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    REJECTED = "rejected"


class IdFormat(StrEnum):
    """How a carrier prints its message ids in responses and in receipts.

    ``auto`` compares them as text and offers the other base as second candidate; ``text`` never converts.
    """

    AUTO = "auto"
    TEXT = "text"
    DECIMAL = "decimal"
    HEX = "hex"
    HEX_IN_RESPONSE = "hex_in_response"
    HEX_IN_RECEIPT = "hex_in_receipt"


# Names of the module, because reading a member from its enum class takes longer than the comparison.
_HEX_RESPONSES = (IdFormat.HEX, IdFormat.HEX_IN_RESPONSE)
_HEX_RECEIPTS = (IdFormat.HEX, IdFormat.HEX_IN_RECEIPT)

FINAL_STATES = frozenset(
    {
        ReceiptState.DELIVERED,
        ReceiptState.EXPIRED,
        ReceiptState.DELETED,
        ReceiptState.UNDELIVERABLE,
        ReceiptState.REJECTED,
    }
)

# Five letters are enough for every spelling seen (UNDELIV, UNDELIVERABLE, UNDELIVERED; DELIVRD, DELIVERED).
_WORDS = {
    "DELIV": ReceiptState.DELIVERED,
    "EXPIR": ReceiptState.EXPIRED,
    "DELET": ReceiptState.DELETED,
    "UNDEL": ReceiptState.UNDELIVERABLE,
    "FAILE": ReceiptState.UNDELIVERABLE,
    "ACCEP": ReceiptState.ACCEPTED,
    "ACKED": ReceiptState.ACCEPTED,
    "REJEC": ReceiptState.REJECTED,
    "ENROU": ReceiptState.ENROUTE,
    "BUFFR": ReceiptState.ENROUTE,
    "BUFFE": ReceiptState.ENROUTE,
    "SCHED": ReceiptState.ENROUTE,
    "SUBMI": ReceiptState.ENROUTE,
}
_NUMBERS = {
    0: ReceiptState.ENROUTE,
    1: ReceiptState.ENROUTE,
    2: ReceiptState.DELIVERED,
    3: ReceiptState.EXPIRED,
    4: ReceiptState.DELETED,
    5: ReceiptState.UNDELIVERABLE,
    6: ReceiptState.ACCEPTED,
    7: ReceiptState.UNKNOWN,
    8: ReceiptState.REJECTED,
    9: ReceiptState.REJECTED,
}

# The words of appendix B: state, whether final, message_state parameter of the same meaning.
_USUAL_WORDS = {
    b"DELIVRD": (ReceiptState.DELIVERED, True, b"\x02"),
    b"EXPIRED": (ReceiptState.EXPIRED, True, b"\x03"),
    b"DELETED": (ReceiptState.DELETED, True, b"\x04"),
    b"UNDELIV": (ReceiptState.UNDELIVERABLE, True, b"\x05"),
    b"ACCEPTD": (ReceiptState.ACCEPTED, False, b"\x06"),
    b"UNKNOWN": (ReceiptState.UNKNOWN, False, b"\x07"),
    b"REJECTD": (ReceiptState.REJECTED, True, b"\x08"),
    b"ENROUTE": (ReceiptState.ENROUTE, False, b"\x01"),
}
_LAYOUTS = {10: ["%y%m%d%H%M"], 12: ["%y%m%d%H%M%S"], 14: ["%Y%m%d%H%M%S"]}

ESM_TYPE = 0x3C
ESM_RECEIPT = 0x04
ESM_ACKNOWLEDGEMENTS = frozenset({0x08, 0x10, 0x18})
ESM_INTERMEDIATE = 0x20

_QUOTED_TEXT = re.compile(rb"\btext\s*:", re.IGNORECASE)
_KEY = re.compile(
    rb"(?:^|(?<=[\s;,|]))(id|sub|dlvrd|submit ?date|done ?date|stat|err)\s*[:=]\s*"
    rb"((?!(?:sub|dlvrd|submit ?date|done ?date|stat|err|text)\s*[:=])[^\s;,|]*)",
    re.IGNORECASE,
)
# A whole deliver_sm in the form of appendix B to the letter, with no parameters or the two that repeat the text, which
# is what nearly all receipts are. Reading it in one match takes a third of the time of the general way.
_USUAL = re.compile(
    rb"[^\0]*\0..([^\0]*)\0..([^\0]*)\0\x04..[^\0]*\0[^\0]*\0....(.)"
    rb"(id:([0-9A-Za-z-]{1,65}) sub:\d{3} dlvrd:\d{3} submit date:\d{10,12} done date:(\d{10,12}) "
    rb"stat:(DELIVRD|UNDELIV|EXPIRED|REJECTD|DELETED|ACCEPTD|UNKNOWN|ENROUTE) err:(\w{1,4})(?: [Tt]ext:[^\0]*)?)"
    rb"(?:\x00\x1e\x00.\5\0?\x04\x27\x00\x01(.))?\Z",
    re.DOTALL,
)


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """One receipt. ``ref`` is the id to look up, comparable with a result's ref, '' when there was none.

    ``conflict`` says that parameters and text named different states. ``error_code`` is the carrier's own, '' when it
    gave none or said there was no error.
    """

    ref: str
    state: ReceiptState
    final: bool
    error_code: str
    done: str
    conflict: bool
    raw_id: str
    id_format: IdFormat

    @property
    def alternatives(self) -> tuple[str, ...]:
        """Further refs to try, in order, when ``ref`` is not found: with ``auto``, the id read in the other base.

        A wrong reading can hit another message, so compare the receipt's source with that message's destination.
        """
        return receipt_refs(self.raw_id, self.id_format)[1:]

    def at(self, utc_offset: dt.timedelta = dt.timedelta(0)) -> dt.datetime | None:
        """When the carrier says it happened, with zone; ``utc_offset`` is the carrier's clock. None if unreadable."""
        return parse_date(self.done, utc_offset)


def is_receipt(esm_class: int, tlvs: Mapping[int, bytes]) -> bool:
    """By flag or parameter only: a text that merely looks like a receipt may come from anybody's phone."""
    return esm_class & ESM_TYPE in (ESM_RECEIPT, ESM_INTERMEDIATE) or _RECEIPTED_MESSAGE_ID in tlvs


# A receipt in the common form, and source, destination and payload of its deliver_sm.
UsualReceipt = tuple[Receipt, bytes, bytes, bytes]


def parse_usual(body: bytes, id_format: IdFormat = IdFormat.AUTO) -> UsualReceipt | None:
    """The receipt in the body of a deliver_sm, when it has the common form; else the general way must be taken."""
    match = _USUAL.match(body)
    if match is None:
        return None
    source, destination, length, text, raw, done, word, error, number = match.groups()
    state, final, expected = _USUAL_WORDS[word]
    if length[0] != len(text) or (number is not None and number != expected):
        return None
    raw_id = raw.decode()
    code = "" if error == b"000" else _error_code(error.decode())
    ref = receipt_ref(raw_id, id_format)
    receipt = Receipt(ref, state, final, code, done.decode(), False, raw_id, id_format)
    return receipt, source, destination, text


def parse(
    payload: bytes, tlvs: Mapping[int, bytes], esm_class: int = ESM_RECEIPT, id_format: IdFormat = IdFormat.AUTO
) -> Receipt:
    """Never raises; a receipt that says nothing has the ref '' and the state unknown."""
    raw_id, done, word, error = _scan(payload)
    state = told = _state_of_word(word)
    if tlvs:
        raw_id = _text_of(tlvs.get(_RECEIPTED_MESSAGE_ID, b"")) or raw_id
        error = _network_error(tlvs) or error
        number = tlvs.get(_MESSAGE_STATE)
        if number:
            state = _NUMBERS.get(number[-1], ReceiptState.UNKNOWN)
    return Receipt(
        ref=receipt_ref(raw_id, id_format),
        state=state,
        final=state in FINAL_STATES and esm_class & ESM_TYPE != ESM_INTERMEDIATE,
        error_code=_error_code(error),
        done=done,
        conflict=bool(word) and state is not told,
        raw_id=raw_id,
        id_format=id_format,
    )


def response_ref(message_id: str, id_format: IdFormat = IdFormat.AUTO) -> str:
    """The comparable form of the id in a submit_sm_resp; '' for none."""
    if id_format in _HEX_RESPONSES:
        return _from_base(message_id, 16)
    return message_id if message_id.isdecimal() and message_id[0] != "0" else _plain(message_id)


def receipt_ref(raw_id: str, id_format: IdFormat = IdFormat.AUTO) -> str:
    """The comparable form of the id in a receipt; '' for none."""
    if id_format in _HEX_RECEIPTS:
        return _from_base(raw_id, 16)
    return raw_id if raw_id.isdecimal() and raw_id[0] != "0" else _plain(raw_id)


def receipt_refs(raw_id: str, id_format: IdFormat = IdFormat.AUTO) -> tuple[str, ...]:
    """All comparable forms of the id in a receipt, best first."""
    ref = receipt_ref(raw_id, id_format)
    if not ref or id_format != IdFormat.AUTO:
        return (ref,) if ref else ()
    if ref.isdecimal() and ref.isascii():
        return _distinct(ref, _hex_of(ref), _from_base(ref, 16))
    return _distinct(ref, _from_base(ref, 16))


def detect_format(pairs: Iterable[tuple[str, str]]) -> IdFormat | None:
    """The one format in which every (id in response, id in receipt) agrees; None when no format does.

    For onboarding a carrier: send a few test messages with one outstanding at a time and hand in what came back.
    """
    sample = list(pairs)
    order = (IdFormat.TEXT, IdFormat.HEX_IN_RESPONSE, IdFormat.HEX_IN_RECEIPT)
    for candidate in order if sample else ():
        if all(response_ref(sent, candidate) in receipt_refs(told, candidate) for sent, told in sample):
            return candidate
    return None


def parse_date(digits: str, utc_offset: dt.timedelta = dt.timedelta(0)) -> dt.datetime | None:
    """A receipt's date: YYMMDDhhmm, with seconds, with a four-digit year, or SMPP absolute time with its zone."""
    if len(digits) == 16 and digits[:13].isdecimal() and digits[13:15].isdecimal() and digits[15] in "+-":
        quarters = int(digits[13:15]) * (1 if digits[15] == "+" else -1)
        return _moment(digits[:12], "%y%m%d%H%M%S", dt.timedelta(minutes=15 * quarters))
    layouts = _LAYOUTS.get(len(digits), [])
    if len(digits) == 12 and digits.startswith("20"):
        layouts = ["%Y%m%d%H%M", *layouts]
    moments = (_moment(digits, layout, utc_offset) for layout in layouts if digits.isdecimal())
    return next(filter(None, moments), None)


def _scan(payload: bytes) -> tuple[str, str, str, str]:
    """id, done date, stat and err as text, '' where missing."""
    quoted = _QUOTED_TEXT.search(payload)
    found: dict[bytes, bytes] = {}
    for key, value in _KEY.findall(payload[: quoted.start()] if quoted else payload):
        found.setdefault(key.lower().replace(b" ", b""), value)
    return (
        _text_of(found.get(b"id", b"")),
        _text_of(found.get(b"donedate", b""))[:16],
        _text_of(found.get(b"stat", b"")),
        _text_of(found.get(b"err", b""))[:16],
    )


def _text_of(raw: bytes) -> str:
    text = raw.partition(b"\0")[0][:65].decode("latin-1").strip()
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)


def _error_code(error: str) -> str:
    return error if error.strip("0") else ""


def _state_of_word(word: str) -> ReceiptState:
    if word.isdecimal() and word.isascii() and len(word) <= 2:
        return _NUMBERS.get(int(word), ReceiptState.UNKNOWN)
    return _WORDS.get(word[:5].upper(), ReceiptState.UNKNOWN)


def _network_error(tlvs: Mapping[int, bytes]) -> str:
    """Network type and code (section 5.3.2.31) as one number; '' when absent, short or zero."""
    raw = tlvs.get(_NETWORK_ERROR_CODE, b"")
    return str(int.from_bytes(raw[1:3], "big") or "") if len(raw) == 3 else ""


def _plain(message_id: str) -> str:
    text = message_id.strip().lower()
    return (text.lstrip("0") or text[:1]) if text[:1] == "0" else text


def _from_base(message_id: str, base: int) -> str:
    """The id as a decimal number; ids that are no numbers stay as they are."""
    text = _plain(message_id).removeprefix("x")
    try:
        return str(int(text, base)) if text.isalnum() and len(text) <= 32 else text
    except ValueError:
        return text


def _hex_of(decimal: str) -> str:
    return f"{int(decimal):x}" if len(decimal) <= 38 else decimal


def _distinct(*refs: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(refs))


def _moment(digits: str, layout: str, utc_offset: dt.timedelta) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(digits, layout).replace(tzinfo=dt.timezone(utc_offset))
    except (ValueError, OverflowError):
        return None
