"""SMPP 3.4 on the wire: frames, the few PDUs a sender of texts needs, optional parameters (TLVs).

Everything here takes and gives bytes; nothing waits, logs or keeps a clock. Frames are plain tuples
``(command, status, sequence, body)``, because one is made for every message in each direction.
"""

import re
import struct
from enum import IntEnum
from typing import NamedTuple

PDU_MIN = 16
PDU_MAX = 65536
SEQUENCE_MAX = 0x7FFFFFFF
RESPONSE = 0x80000000
VERSION = 0x34

Frame = tuple[int, int, int, bytes]

HEADER = struct.Struct(">IIII")
_pack = HEADER.pack
_unpack_from = HEADER.unpack_from
_unpack_tlv = struct.Struct(">HH").unpack_from


class Command(IntEnum):
    """Command ids of requests; the response to one has the top bit set as well (SMPP 3.4 section 5.1.2.1)."""

    GENERIC_NACK = 0x80000000
    BIND_RECEIVER = 0x01
    BIND_TRANSMITTER = 0x02
    QUERY_SM = 0x03
    SUBMIT_SM = 0x04
    DELIVER_SM = 0x05
    UNBIND = 0x06
    BIND_TRANSCEIVER = 0x09
    ENQUIRE_LINK = 0x15
    DATA_SM = 0x103


# Plain integers for the loops that compare them once per message: an IntEnum member compares three times slower.
SUBMIT_SM, SUBMIT_SM_RESP = 0x04, 0x80000004
DELIVER_SM, DELIVER_SM_RESP = 0x05, 0x80000005
DATA_SM, DATA_SM_RESP = 0x103, 0x80000103
ENQUIRE_LINK, ENQUIRE_LINK_RESP = 0x15, 0x80000015
UNBIND, UNBIND_RESP = 0x06, 0x80000006
GENERIC_NACK = 0x80000000
BINDS = frozenset({Command.BIND_RECEIVER, Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER})


class Tag(IntEnum):
    """Optional parameters we read or write (SMPP 3.4 section 5.3.2)."""

    SC_INTERFACE_VERSION = 0x0210
    SAR_REFERENCE = 0x020C
    SAR_TOTAL = 0x020E
    SAR_NUMBER = 0x020F
    RECEIPTED_MESSAGE_ID = 0x001E
    MESSAGE_STATE = 0x0427
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    CONGESTION_STATE = 0x0428


_MESSAGE_PAYLOAD = int(Tag.MESSAGE_PAYLOAD)


class MalformedPdu(ValueError):
    """The peer sent something that is not SMPP."""

    code = "malformed_pdu"


class Framer:
    """Cuts a byte stream into frames, whatever the reads look like.

    Pieces of an unfinished frame are kept apart until it is complete, so a peer that dribbles single bytes costs
    linear work, and never more memory than ``PDU_MAX``. After a length outside 16..PDU_MAX there is no way to find
    the next frame: ``broken`` holds that header's (command, sequence) and further input is ignored.
    """

    __slots__ = ("_have", "_need", "_pieces", "broken")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._have = 0
        self._need = PDU_MIN
        self.broken: tuple[int, int] | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """The frames completed by ``data``, in order."""
        if self.broken:
            return []
        if self._pieces:
            self._pieces.append(data)
            self._have += len(data)
            if self._have < self._need:
                return []
            data = b"".join(self._pieces)
            self._pieces.clear()
        frames, position = self._cut(data)
        rest = len(data) - position
        if rest and not self.broken:
            self._pieces.append(data[position:])
        self._have = rest
        return frames

    def _cut(self, data: bytes) -> tuple[list[Frame], int]:
        frames: list[Frame] = []
        position, end = 0, len(data)
        self._need = PDU_MIN
        while end - position >= PDU_MIN:
            length, command, status, sequence = _unpack_from(data, position)
            if not PDU_MIN <= length <= PDU_MAX:
                self.broken = (command, sequence)
                break
            following = position + length
            if following > end:
                self._need = length
                break
            frames.append((command, status, sequence, data[position + PDU_MIN : following]))
            position = following
        return frames, position


def encode(command: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    return _pack(PDU_MIN + len(body), command, status, sequence) + body


def tlv(tag: int, value: bytes) -> bytes:
    return struct.pack(">HH", tag, len(value)) + value


def parse_tlvs(data: bytes) -> tuple[dict[int, bytes], bool]:
    """The optional parameters in ``data`` and whether all of it was well formed; the first of a repeated tag wins."""
    found: dict[int, bytes] = {}
    position, end = 0, len(data)
    while end - position >= 4:
        tag, length = _unpack_tlv(data, position)
        position += 4
        if position + length > end:
            return found, False
        if tag not in found:
            found[tag] = data[position : position + length]
        position += length
    return found, position == end


def c_string(text: str, size_max: int) -> bytes:
    """An ASCII C-octet string of at most ``size_max`` octets with its NUL. Raises MalformedPdu."""
    try:
        raw = text.encode("ascii")
    except UnicodeEncodeError:
        raise MalformedPdu("not ASCII") from None
    if len(raw) >= size_max or b"\0" in raw:
        raise MalformedPdu(f"longer than {size_max - 1} octets, or holds NUL")
    return raw + b"\0"


def bind_body(
    *, system_id: str, password: str, system_type: str = "", ton: int = 0, npi: int = 0, address_range: str = ""
) -> bytes:
    """The limits of the standard are 15 and 8 characters, but carriers hand out longer ones. Raises MalformedPdu."""
    return (
        c_string(system_id, 65)
        + c_string(password, 65)
        + c_string(system_type, 13)
        + bytes((VERSION, ton, npi))
        + c_string(address_range, 41)
    )


class Bind(NamedTuple):
    system_id: str
    password: str
    system_type: str
    version: int


def parse_bind(body: bytes) -> Bind:
    """Raises MalformedPdu."""
    fields = body.split(b"\0", 3)
    if len(fields) < 4 or not fields[3]:
        raise MalformedPdu("truncated bind")
    system_id, password, system_type = (field.decode("latin-1") for field in fields[:3])
    return Bind(system_id, password, system_type, fields[3][0])


def parse_bind_response(body: bytes) -> tuple[str, dict[int, bytes]]:
    """The system id of the peer and its optional parameters; the body may be missing when the bind was refused."""
    system_id, _, rest = body.partition(b"\0")
    return system_id.decode("latin-1"), parse_tlvs(rest)[0]


class ShortMessage(NamedTuple):
    """The parts of submit_sm, deliver_sm and data_sm that we use. ``payload`` includes a user data header, if any."""

    source_ton: int
    source: bytes
    destination: bytes
    esm_class: int
    registered_delivery: int
    data_coding: int
    payload: bytes
    tlvs: dict[int, bytes]
    validity: bytes


# service_type, source ton+npi+address, destination ton+npi+address, esm_class+protocol+priority, schedule, validity,
# registered+replace+coding+default id, length. One match is five times quicker than walking the fields.
_SHORT_MESSAGE = re.compile(rb"[^\0]*\0(..)([^\0]*)\0..([^\0]*)\0(...)[^\0]*\0([^\0]*)\0(....)(.)", re.DOTALL)
_DATA = re.compile(rb"[^\0]*\0(..)([^\0]*)\0..([^\0]*)\0(...)", re.DOTALL)
_NO_TLVS: dict[int, bytes] = {}


def parse_short_message(body: bytes) -> ShortMessage:
    """The body of a submit_sm or deliver_sm.

    A broken tail of optional parameters is forgiven when the short message itself is there. Raises MalformedPdu.
    """
    match = _SHORT_MESSAGE.match(body)
    if match is None:
        raise MalformedPdu("truncated short message")
    source_type, source, destination, classes, validity, flags, length = match.groups()
    start = match.end()
    end = start + length[0]
    if end > len(body):
        raise MalformedPdu("short message longer than its PDU")
    payload, tlvs, sound = body[start:end], _NO_TLVS, True
    if end < len(body):
        tlvs, sound = parse_tlvs(body[end:])
        payload = payload or tlvs.get(_MESSAGE_PAYLOAD, b"")
    if not sound and not payload and Tag.RECEIPTED_MESSAGE_ID not in tlvs:
        raise MalformedPdu("broken optional parameters")
    return ShortMessage(source_type[0], source, destination, classes[0], flags[0], flags[2], payload, tlvs, validity)


def parse_data(body: bytes) -> ShortMessage:
    """The body of a data_sm. Raises MalformedPdu."""
    match = _DATA.match(body)
    if match is None:
        raise MalformedPdu("truncated data_sm")
    source_type, source, destination, flags = match.groups()
    tlvs, sound = parse_tlvs(body[match.end() :])
    payload = tlvs.get(_MESSAGE_PAYLOAD, b"")
    if not sound and not payload and Tag.RECEIPTED_MESSAGE_ID not in tlvs:
        raise MalformedPdu("broken optional parameters")
    return ShortMessage(source_type[0], source, destination, flags[0], flags[1], flags[2], payload, tlvs, b"")


class Address(NamedTuple):
    """A source or destination as SMPP spells it: type of number, numbering plan, digits or letters."""

    ton: int
    npi: int
    digits: bytes


def short_message_body(
    *,
    source: Address,
    destination: Address,
    payload: bytes,
    data_coding: int = 0,
    esm_class: int = 0,
    registered_delivery: int = 0,
    validity: bytes = b"",
    service_type: bytes = b"",
    tlvs: bytes = b"",
) -> bytes:
    """The body of a submit_sm or deliver_sm; ``payload`` of at most 254 octets. Raises MalformedPdu."""
    if len(payload) > 254:
        raise MalformedPdu("short message over 254 octets")
    return b"%b\0%c%c%b\0%c%c%b\0%c\0\0\0%b\0%c\0%c\0%c%b%b" % (
        service_type,
        source.ton,
        source.npi,
        source.digits,
        destination.ton,
        destination.npi,
        destination.digits,
        esm_class,
        validity,
        registered_delivery,
        data_coding,
        len(payload),
        payload,
        tlvs,
    )


def message_id_of(body: bytes) -> str:
    """The message id of a submit_sm_resp: '' when there is none, at most 65 octets, every octet one character.

    Control characters are kept out, because ids are stored, compared and shown.
    """
    raw = body[:-1]
    if raw.isalnum() and len(raw) <= 65 and body[-1] == 0:
        return raw.decode("ascii")
    raw = body.partition(b"\0")[0][:65]
    text = raw.decode("latin-1")
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)
