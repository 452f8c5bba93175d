"""Short messages as text: decoding and concatenation headers, for texts from phones and for the simulated handsets."""

from collections.abc import Mapping
from typing import NamedTuple

from messaging.carriers.smpp.pdu import Tag
from smsplatform.lib.segments import Charset, decode_gsm7

_UDH_INDICATOR = 0x40


class PartOf(NamedTuple):
    """Which part of which long message; ``reference`` is unique only per sender and for a while."""

    reference: int
    total: int
    number: int


class Short(NamedTuple):
    text: str
    part: PartOf | None


def decode(
    payload: bytes, *, esm_class: int, data_coding: int, tlvs: Mapping[int, bytes], charset: Charset = "gsm7"
) -> Short:
    """Never raises: what cannot be read becomes replacement characters, a broken header is no header."""
    part = _sar(tlvs)
    if esm_class & _UDH_INDICATOR and payload and payload[0] < len(payload):
        header, payload = payload[1 : payload[0] + 1], payload[payload[0] + 1 :]
        part = _concatenation(header) or part
    return Short(_text(payload, data_coding, charset), part)


def _text(payload: bytes, data_coding: int, charset: Charset) -> str:
    """Data codings of SMPP 3.4 section 5.2.19, and the classes of 23.038 (0xF0-0xFF) that carriers pass through."""
    if data_coding == 8 or data_coding & 0xEC == 0x08:
        return payload.decode("utf-16-be", "replace")
    if data_coding == 3 or (data_coding == 0 and charset == "latin1"):
        return payload.decode("latin-1")
    if data_coding == 1:
        return payload.decode("ascii", "replace")
    return decode_gsm7(payload)


def _concatenation(header: bytes) -> PartOf | None:
    position = 0
    while position + 2 <= len(header):
        kind, length = header[position], header[position + 1]
        value = header[position + 2 : position + 2 + length]
        if kind == 0x00 and len(value) == 3:
            return _valid(value[0], value[1], value[2])
        if kind == 0x08 and len(value) == 4:
            return _valid(value[0] << 8 | value[1], value[2], value[3])
        position += 2 + length
    return None


def _sar(tlvs: Mapping[int, bytes]) -> PartOf | None:
    values = [tlvs.get(tag, b"") for tag in (Tag.SAR_REFERENCE, Tag.SAR_TOTAL, Tag.SAR_NUMBER)]
    if not all(values):
        return None
    reference, total, number = (int.from_bytes(value[-2:], "big") for value in values)
    return _valid(reference, total, number)


def _valid(reference: int, total: int, number: int) -> PartOf | None:
    return PartOf(reference, total, number) if total > 1 and 1 <= number <= total else None
