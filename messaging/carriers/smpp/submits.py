"""From a text to the submit_sm bodies that carry it, in the dialect of one carrier.

Long texts go as parts with a user data header (esm_class 0x40), as parts with SAR parameters, or whole in
message_payload. Every part asks for a receipt, because a message is delivered when all its parts are.
"""

import datetime as dt
import random
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from messaging.carriers.smpp import pdu
from messaging.carriers.smpp.pdu import Address, Tag
from smsplatform.lib import segments
from smsplatform.lib.segments import BASIC, Charset, Encoding

ESM_UDH = 0x40
REGISTERED_DELIVERY = 1
VALIDITY_MAX = dt.timedelta(days=30)

TON_INTERNATIONAL, TON_NETWORK, TON_ALPHANUMERIC = 1, 3, 5
NPI_UNKNOWN, NPI_ISDN = 0, 1

_E164 = re.compile(r"\+[1-9]\d{4,14}", re.ASCII)
_SHORT_CODE = re.compile(r"\d{3,8}", re.ASCII)


class LongMessage(StrEnum):
    UDH = "udh"
    SAR = "sar"
    PAYLOAD = "payload"


class Validity(StrEnum):
    RELATIVE = "relative"
    ABSOLUTE = "absolute"
    NONE = "none"


class InvalidSender(ValueError):
    """The sender is neither a number, nor a short code, nor at most 11 characters of the plain alphabet."""

    code = "invalid_sender"


class InvalidDestination(ValueError):
    """The destination is not an E.164 number."""

    code = "invalid_destination"


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmitOptions:
    """A carrier's dialect. ``utc_quarters`` is its clock for absolute validity, in quarter hours from UTC."""

    long_message: LongMessage = LongMessage.UDH
    charset: Charset = "gsm7"
    wide_reference: bool = False
    validity: Validity = Validity.RELATIVE
    utc_quarters: int = 0
    service_type: bytes = b""
    short_code_ton: int = TON_NETWORK
    short_code_npi: int = NPI_UNKNOWN


def bodies(
    options: SubmitOptions,
    *,
    source: str,
    destination: str,
    text: str,
    encoding: Encoding,
    reference: int = 0,
    validity: bytes = b"",
) -> list[bytes]:
    """One submit_sm body per part, in order; a single one for ``message_payload``.

    ``validity`` comes from ``validity_period``, ``reference`` from ``References``. Raises InvalidSender,
    InvalidDestination, segments.SegmentError.
    """
    sender = source_address(source, options.short_code_ton, options.short_code_npi)
    recipient = destination_address(destination)
    payloads, coding = segments.encode_whole(
        text, encoding, wide_reference=options.wide_reference, charset=options.charset
    )
    total = len(payloads)

    def body(payload: bytes, esm_class: int = 0, tlvs: bytes = b"") -> bytes:
        return pdu.short_message_body(
            source=sender,
            destination=recipient,
            payload=payload,
            data_coding=coding,
            esm_class=esm_class,
            registered_delivery=REGISTERED_DELIVERY,
            validity=validity,
            service_type=options.service_type,
            tlvs=tlvs,
        )

    if total == 1:
        return [body(payloads[0])]
    if options.long_message == LongMessage.PAYLOAD:
        return [body(b"", tlvs=pdu.tlv(Tag.MESSAGE_PAYLOAD, b"".join(payloads)))]
    if options.long_message == LongMessage.SAR:
        return [body(payload, tlvs=_sar(reference, total, n)) for n, payload in enumerate(payloads, 1)]
    wide = options.wide_reference
    return [
        body(segments.header(reference, total, n, wide=wide) + payload, ESM_UDH)
        for n, payload in enumerate(payloads, 1)
    ]


@lru_cache(maxsize=4096)
def source_address(sender: str, short_code_ton: int = TON_NETWORK, short_code_npi: int = NPI_UNKNOWN) -> Address:
    """Raises InvalidSender."""
    if _E164.fullmatch(sender):
        return Address(TON_INTERNATIONAL, NPI_ISDN, sender[1:].encode())
    if _SHORT_CODE.fullmatch(sender):
        return Address(short_code_ton, short_code_npi, sender.encode())
    if not (0 < len(sender) <= 11 and sender.isascii() and BASIC.issuperset(sender) and sender.isprintable()):
        raise InvalidSender("sender is not a number, a short code or up to 11 plain characters")
    if not any(map(str.isalpha, sender)):
        raise InvalidSender("an alphanumeric sender needs a letter")
    return Address(TON_ALPHANUMERIC, NPI_UNKNOWN, sender.encode())


def destination_address(e164: str) -> Address:
    """Raises InvalidDestination."""
    if not _E164.fullmatch(e164):
        raise InvalidDestination("destination is not E.164")
    return Address(TON_INTERNATIONAL, NPI_ISDN, e164[1:].encode())


def validity_period(options: SubmitOptions, *, at: dt.datetime, expires_at: dt.datetime) -> bytes:
    """The validity field for a message that must not be delivered after ``expires_at``; never over 30 days.

    ``at`` before ``expires_at`` is the caller's duty: an expired message is not submitted at all.
    """
    assert at < expires_at, "submitting an expired message"
    left = min(expires_at - at, VALIDITY_MAX)
    if options.validity == Validity.NONE:
        return b""
    if options.validity == Validity.ABSOLUTE:
        quarters = options.utc_quarters
        local = (at + left).astimezone(dt.timezone(dt.timedelta(minutes=15 * quarters)))
        return local.strftime(f"%y%m%d%H%M%S0{abs(quarters):02d}{'-' if quarters < 0 else '+'}").encode()
    seconds = max(1, int(left.total_seconds()))
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    return f"0000{days:02d}{hours:02d}{minutes:02d}{seconds % 60:02d}000R".encode()


class References:
    """Concatenation references: consecutive for each destination, so that none returns within an hour.

    A handset tells the parts of two long messages apart by sender and reference only. Holds the last ``numbers_max``
    destinations by hash, in memory; a new one begins at a random reference, so that processes do not agree on one.
    """

    def __init__(self, *, wide: bool = False, numbers_max: int = 50_000, seed: int | None = None) -> None:
        self._last: OrderedDict[int, int] = OrderedDict()
        self._mask = 0xFFFF if wide else 0xFF
        self._numbers_max = numbers_max
        # Not a secret: only the spread of starting points matters.
        self._random: Callable[[int], int] = random.Random(seed).randrange  # noqa: S311 - references are not secrets

    def next(self, destination: str) -> int:
        key = hash(destination)
        last = self._last.pop(key, None)
        reference = (self._random(self._mask + 1) if last is None else last + 1) & self._mask
        self._last[key] = reference
        if len(self._last) > self._numbers_max:
            self._last.popitem(last=False)
        return reference


def _sar(reference: int, total: int, number: int) -> bytes:
    return (
        pdu.tlv(Tag.SAR_REFERENCE, (reference & 0xFFFF).to_bytes(2, "big"))
        + pdu.tlv(Tag.SAR_TOTAL, bytes((total,)))
        + pdu.tlv(Tag.SAR_NUMBER, bytes((number,)))
    )
