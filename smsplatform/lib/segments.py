"""How a text becomes SMS segments (3GPP 23.038 alphabet, 23.040 concatenation).

Counting is on the path of every accepted message, so it works on whole strings (encode, translate, length) and walks
characters only when a text is longer than one segment *and* holds characters of two units, which must not be cut.

One segment holds 160 septets or 70 UCS-2 units; each part of a longer text 153 or 67, because 7 septets or 3 units
carry the concatenation header; 152 or 66 with a 16-bit reference.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import AnyStr, Literal, NamedTuple

Encoding = Literal["gsm7", "ucs2"]
Charset = Literal["gsm7", "latin1"]

PARTS_MAX = 255
DATA_CODING_DEFAULT = 0
DATA_CODING_UCS2 = 8

# 23.038 table 6.2.1 in code order; 0x1B is the escape and stands here as a character that no text may hold.
_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {"\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40}
_EXTENSION["€"] = 0x65
_ESCAPE = "\x1b"

BASIC = frozenset(_ALPHABET) - {_ESCAPE}
EXTENDED = frozenset(_EXTENSION)
_GSM7 = BASIC | EXTENDED

# Encoding goes text -> code points 0-127 -> latin-1 bytes, so one translate call does all of it.
_TO_SEPTETS: dict[int, str] = {ord(c): chr(i) for i, c in enumerate(_ALPHABET) if c != _ESCAPE}
_TO_SEPTETS |= {ord(c): _ESCAPE + chr(code) for c, code in _EXTENSION.items()}
_FROM_EXTENSION = {chr(code): c for c, code in _EXTENSION.items()}

_BASIC_LATIN1 = bytes(sorted(ord(c) for c in BASIC if ord(c) < 256))
_EXTENDED_LATIN1 = bytes(sorted(ord(c) for c in EXTENDED if ord(c) < 256))

# Characters that phones and word processors put in place of plain ones; each has an equivalent a reader will not miss.
_PLAIN: dict[int, str] = {
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b\u2032\u2035\u02bc\u02b9\u00b4\u0060"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb"), '"'),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043"), "-"),
    **dict.fromkeys(map(ord, "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"), " "),
    **dict.fromkeys(map(ord, "\u202f\u205f\u3000\t"), " "),
    **dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u00ad"), ""),
    **dict.fromkeys(map(ord, "\u2022\u00b7\u2219"), "-"),
    **dict.fromkeys(map(ord, "\u2028\u2029\u0085"), "\n"),
    0x2026: "...",
    0x2039: "<",
    0x203A: ">",
    0x2044: "/",
    0x2116: "No",
    0x2122: "TM",
}


class SegmentError(ValueError):
    """The text cannot be sent as SMS."""

    code = "invalid_text"


class LoneSurrogate(SegmentError):
    """The text holds half of a character (an unpaired UTF-16 surrogate)."""

    code = "lone_surrogate"


class NotEncodable(SegmentError):
    """The text holds characters that the wanted encoding does not have."""

    code = "not_encodable"


class TooManyParts(SegmentError):
    """The text needs more than 255 parts."""

    code = "too_many_parts"


@dataclass(frozen=True, kw_only=True, slots=True)
class Segmented:
    """What a text costs and why.

    ``units`` are septets or UCS-2 units without headers. ``offending`` are the distinct characters outside GSM-7 in
    order of appearance: with ``auto`` they are the reason for UCS-2, with a demanded ``gsm7`` they cannot be sent.
    ``text`` is what will be sent; it differs from the input only by smart substitution.
    """

    encoding: Encoding
    parts: int
    units: int
    offending: list[str]
    text: str


class Count(NamedTuple):
    encoding: Encoding
    parts: int
    units: int


class Part(NamedTuple):
    """One segment as carriers want it: GSM-7 unpacked, one septet per octet; ``udh`` is empty for a single part."""

    udh: bytes
    payload: bytes
    data_coding: int


def count_fast(text: str) -> Count:
    """Encoding, parts and units of ``text`` sent as it is. Raises LoneSurrogate."""
    units = _septets(text)
    if units is None:
        return _count_ucs2(text, 67)
    return _GSM7_SINGLE[units] if units <= 160 else _count_gsm7(text, units, 153)


def split(
    text: str,
    encoding: Literal["auto", "gsm7", "ucs2"] = "auto",
    smart: bool = False,
    *,
    wide_reference: bool = False,
) -> Segmented:
    """Segment ``text``. Raises LoneSurrogate.

    ``smart`` replaces typographic characters when that makes the whole text GSM-7, and otherwise leaves it alone.
    """
    _utf16_units(text)
    if smart and encoding != "ucs2" and _septets(text) is None:
        plain = text.translate(_PLAIN)
        text = plain if _septets(plain) is not None else text
    offending = [] if encoding == "ucs2" or _septets(text) is not None else _offending(text)
    if encoding == "ucs2" or (encoding == "auto" and offending):
        count = _count_ucs2(text, 67 - wide_reference)
    else:
        count = _count_gsm7(text, len(_escape(text)), 153 - wide_reference)
    return Segmented(encoding=count.encoding, parts=count.parts, units=count.units, offending=offending, text=text)


def encode_parts(
    text: str,
    encoding: Encoding,
    reference: int,
    wide_reference: bool = False,
    *,
    charset: Charset = "gsm7",
) -> list[Part]:
    """The parts of ``text`` on the wire, with concatenation headers when there is more than one.

    ``charset`` is what the carrier takes data_coding 0 to mean; the cuts, and so the price, are the same for both.
    Raises NotEncodable, LoneSurrogate, TooManyParts.
    """
    payloads, coding = encode_whole(text, encoding, wide_reference=wide_reference, charset=charset)
    total = len(payloads)
    if total == 1:
        return [Part(b"", payloads[0], coding)]
    return [
        Part(header(reference, total, number, wide=wide_reference), payload, coding)
        for number, payload in enumerate(payloads, 1)
    ]


def encode_whole(
    text: str, encoding: Encoding, *, wide_reference: bool = False, charset: Charset = "gsm7"
) -> tuple[list[bytes], int]:
    """The payload of each part without headers, and the data coding. Raises as ``encode_parts``."""
    if encoding == "ucs2":
        raw = _utf16(text)
        pieces = [raw] if len(raw) <= 140 else list(_cut_utf16(raw, 67 - wide_reference))
    elif charset == "gsm7":
        raw = encode_gsm7(text)
        pieces = [raw] if len(raw) <= 160 else list(_cut_escaped(raw, b"\x1b", 153 - wide_reference))
    else:
        escaped = _escape(text).encode("latin-1") if _latin1(text) else b""
        cuts = [escaped] if len(escaped) <= 160 else _cut_escaped(escaped, b"\x1b", 153 - wide_reference)
        pieces = [piece.replace(b"\x1b", b"") for piece in cuts]
    if len(pieces) > PARTS_MAX:
        raise TooManyParts(f"{len(pieces)} parts, at most {PARTS_MAX}")
    return pieces, DATA_CODING_UCS2 if encoding == "ucs2" else DATA_CODING_DEFAULT


class Cut(NamedTuple):
    """One segment as text, and the units it holds."""

    text: str
    units: int


def cuts(text: str, encoding: Encoding) -> list[Cut]:
    """Where ``text`` is cut into segments, for people to see. Raises LoneSurrogate."""
    if encoding == "ucs2":
        raw = _utf16(text)
        parts = [raw] if len(raw) <= 140 else list(_cut_utf16(raw, 67))
        return [Cut(part.decode("utf-16-be"), len(part) // 2) for part in parts]
    escaped = _escape(text)
    pieces = [escaped] if len(escaped) <= 160 else list(_cut_escaped(escaped, _ESCAPE, 153))
    return [Cut(piece.replace(_ESCAPE, ""), len(piece)) for piece in pieces]


def plain(character: str) -> str | None:
    """What smart substitution puts in place of a character; None when it has nothing."""
    return _PLAIN.get(ord(character))


def header(reference: int, total: int, number: int, *, wide: bool = False) -> bytes:
    """The user data header of 23.040 9.2.3.24.1 (8-bit reference) or 9.2.3.24.8 (16-bit)."""
    if wide:
        return bytes((6, 0x08, 4, reference >> 8 & 0xFF, reference & 0xFF, total, number))
    return bytes((5, 0x00, 3, reference & 0xFF, total, number))


def encode_gsm7(text: str) -> bytes:
    """GSM-7, one septet per octet, extension characters as ESC + code. Raises NotEncodable."""
    try:
        raw = text.encode("latin-1")
        if not raw.translate(None, _BASIC_LATIN1):
            return raw.translate(_LATIN1_TO_SEPTETS)
    except UnicodeEncodeError:
        pass  # Greek capitals and the euro sign are GSM-7 without being Latin-1; the general way follows.
    if not _GSM7.issuperset(text):
        raise NotEncodable("text holds characters outside GSM-7")
    return text.translate(_TO_SEPTETS).encode("latin-1")


def decode_gsm7(septets: bytes) -> str:
    """The text of unpacked GSM-7. Tolerant: an unknown escape shows the plain character, octets over 127 lose a bit."""
    return _SEPTETS.sub(_decode_septets, septets.translate(_LOW_SEVEN).decode("latin-1"))


_SEPTETS = re.compile("\x1b?.|\x1b", re.DOTALL)
_LOW_SEVEN = bytes(octet & 0x7F for octet in range(256))
_LATIN1_TO_SEPTETS = bytes(_ALPHABET.index(chr(octet)) if chr(octet) in BASIC else 0 for octet in range(256))
_GSM7_SINGLE = [Count("gsm7", 1, units) for units in range(161)]
_UCS2_SINGLE = [Count("ucs2", 1, units) for units in range(71)]
_EXTENDED_CHARACTER = re.compile("[" + re.escape("".join(sorted(EXTENDED))) + "]")


def _decode_septets(match: re.Match[str]) -> str:
    code = match.group()[-1]
    if len(match.group()) == 2 and code in _FROM_EXTENSION:
        return _FROM_EXTENSION[code]
    return " " if code == _ESCAPE else _ALPHABET[ord(code)]


def _septets(text: str) -> int | None:
    """Units in GSM-7, or None when a character is outside it."""
    try:
        raw = text.encode("latin-1")
    except UnicodeEncodeError:
        return _septets_beyond_latin1(text)
    rest = raw.translate(None, _BASIC_LATIN1)
    if not rest:
        return len(raw)
    return None if rest.translate(None, _EXTENDED_LATIN1) else len(raw) + len(rest)


def _septets_beyond_latin1(text: str) -> int | None:
    return len(_escape(text)) if _GSM7.issuperset(text) else None


def _escape(text: str) -> str:
    """Every character of two units behind an ESC, so that length is units and a cut after an ESC is a wrong one."""
    return _EXTENDED_CHARACTER.sub("\x1b\\g<0>", text)


def _latin1(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        raise NotEncodable("text holds characters outside Latin-1") from None
    return True


def _utf16(text: str) -> bytes:
    try:
        return text.encode("utf-16-be")
    except UnicodeEncodeError as error:
        raise LoneSurrogate(f"unpaired surrogate at {error.start}") from None


def _utf16_units(text: str) -> int:
    return len(_utf16(text)) // 2


def _count_gsm7(text: str, units: int, size: int) -> Count:
    if units <= 160:
        return _GSM7_SINGLE[units]
    if units == len(text):
        return Count("gsm7", -(-units // size), units)
    return Count("gsm7", sum(1 for _ in _cut_escaped(_escape(text), "\x1b", size)), units)


def _count_ucs2(text: str, size: int) -> Count:
    raw = _utf16(text)
    units = len(raw) // 2
    if units <= 70:
        return _UCS2_SINGLE[units]
    if units == len(text):
        return Count("ucs2", -(-units // size), units)
    return Count("ucs2", sum(1 for _ in _cut_utf16(raw, size)), units)


def _cut_escaped(escaped: AnyStr, escape: AnyStr, size: int) -> Iterator[AnyStr]:
    """Pieces of at most ``size`` units, none ending in the escape of the next one's first character."""
    start = 0
    while start < len(escaped):
        end = start + size
        if end < len(escaped) and escaped[end - 1 : end] == escape:
            end -= 1
        yield escaped[start:end]
        start = end


def _cut_utf16(raw: bytes, size: int) -> Iterator[bytes]:
    """Pieces of at most ``size`` units, none ending in the first half of a surrogate pair."""
    start = 0
    while start < len(raw):
        end = start + 2 * size
        if end < len(raw) and 0xD8 <= raw[end - 2] <= 0xDB:
            end -= 2
        yield raw[start:end]
        start = end


def _offending(text: str) -> list[str]:
    return [character for character in dict.fromkeys(text) if character not in _GSM7]
