"""How the simulated carrier spells message ids and receipts."""

import datetime as dt
import uuid
from typing import NamedTuple

from messaging.carriers.smpp import pdu
from messaging.carriers.smpp.pdu import Address, Tag
from messaging.sandbox.script import IdStyle, ReceiptForm

_STATES = {
    "ENROUTE": 1,
    "DELIVRD": 2,
    "EXPIRED": 3,
    "DELETED": 4,
    "UNDELIV": 5,
    "ACCEPTD": 6,
    "UNKNOWN": 7,
    "REJECTD": 8,
}
_FINAL, _INTERMEDIATE = 0x04, 0x20
_NAMESPACE = uuid.UUID("6f0b5d8c-6a43-4c0b-9d3f-2f0a7a0b0c55")


class Spelled(NamedTuple):
    """One message id as it stands in the response and in the receipt."""

    in_response: bytes
    in_receipt: bytes


def spell(number: int, style: IdStyle) -> Spelled:
    decimal, hexadecimal = b"%d" % number, b"%X" % number
    if style is IdStyle.HEX:
        return Spelled(hexadecimal, hexadecimal)
    if style is IdStyle.HEX_IN_RESPONSE:
        return Spelled(hexadecimal, decimal)
    if style is IdStyle.HEX_IN_RECEIPT:
        return Spelled(decimal, hexadecimal)
    if style is IdStyle.PADDED:
        return Spelled(b"%x" % number, hexadecimal.rjust(16, b"0"))
    if style is IdStyle.UUID:
        text = str(uuid.uuid5(_NAMESPACE, str(number))).encode()
        return Spelled(text, text)
    return Spelled(decimal, decimal)


class Receipt(NamedTuple):
    """``source`` is the phone, ``destination`` the sender of the message."""

    message_id: bytes
    source: Address
    destination: Address
    state: str
    error: str
    submitted_at: dt.datetime
    done_at: dt.datetime


def receipt_pdu(receipt: Receipt, form: ReceiptForm) -> tuple[int, bytes]:
    """Command and body of the PDU that tells ``receipt``."""
    text = _text(receipt)
    tlvs = _tlvs(receipt)
    esm_class = _INTERMEDIATE if receipt.state == "ENROUTE" else _FINAL
    if form is ReceiptForm.DATA_SM:
        return pdu.DATA_SM, _data_body(receipt, esm_class, tlvs)
    if form is ReceiptForm.PAYLOAD:
        text, tlvs = b"", pdu.tlv(Tag.MESSAGE_PAYLOAD, text)
    elif form is ReceiptForm.TLV:
        text = b""
    elif form is ReceiptForm.TEXT:
        tlvs = b""
    return pdu.DELIVER_SM, pdu.short_message_body(
        source=receipt.source, destination=receipt.destination, payload=text, esm_class=esm_class, tlvs=tlvs
    )


def _text(receipt: Receipt) -> bytes:
    delivered = 1 if receipt.state == "DELIVRD" else 0
    return b"id:%b sub:001 dlvrd:%03d submit date:%b done date:%b stat:%b err:%b text:" % (
        receipt.message_id,
        delivered,
        receipt.submitted_at.strftime("%y%m%d%H%M").encode(),
        receipt.done_at.strftime("%y%m%d%H%M").encode(),
        receipt.state.encode(),
        receipt.error.encode(),
    )


def _tlvs(receipt: Receipt) -> bytes:
    tlvs = pdu.tlv(Tag.RECEIPTED_MESSAGE_ID, receipt.message_id + b"\0")
    tlvs += pdu.tlv(Tag.MESSAGE_STATE, bytes((_STATES.get(receipt.state, 7),)))
    error = int(receipt.error) if receipt.error.isdecimal() else 0
    return tlvs + (pdu.tlv(Tag.NETWORK_ERROR_CODE, b"\x03" + error.to_bytes(2, "big")) if error else b"")


def _data_body(receipt: Receipt, esm_class: int, tlvs: bytes) -> bytes:
    source, destination = receipt.source, receipt.destination
    return b"\0%c%c%b\0%c%c%b\0%c\0\0%b" % (*source, *destination, esm_class, tlvs)
