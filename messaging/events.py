"""What a webhook says: the payload of one event for one endpoint, made when it is sent and never stored.

Thin by default: ids, status, a masked number. An endpoint that asked for full content also gets number, text while it
is kept, reference and metadata.
"""

import datetime as dt
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from messaging.drafting import unsealed
from messaging.models.message import FINAL, Status
from messaging.presenting import UNREADABLE, error_of, price_document
from privacy import profiles
from smsplatform.lib import ids, phone


class Claimed(NamedTuple):
    """A row of ``pipeline.claim_deliveries``. Without ``url`` the endpoint is gone or off."""

    id: UUID
    workspace_id: UUID
    endpoint_id: UUID
    event_id: UUID
    type: str
    error: str | None
    occurred_at: dt.datetime
    attempts: int  # this one included
    url: bytes | None
    secret: bytes | None
    previous_secret: bytes | None
    previous_until: dt.datetime | None
    content: str | None
    message_id: UUID | None
    livemode: bool | None
    sender_id: UUID | None
    to_ct: bytes | None
    country: str | None
    category: str | None
    parts: int | None
    price: int | None
    currency: str | None
    returned: int | None
    reference_ct: bytes | None
    metadata_ct: bytes | None
    body_until: dt.datetime | None
    text_ct: bytes | None


REQUEST_TYPE = "privacy_request.created"
REQUEST_TYPES = frozenset({
    REQUEST_TYPE, "privacy_request.due_soon", "privacy_request.overdue", "privacy_request.decided"
})  # fmt: skip
_VERSION = 76  # where the version stands in the bits of a UUID
_CREATED = 7
INCIDENT = "security.incident"
_STATUSES = frozenset(Status.values)
LONG = dt.timedelta(days=7)  # longer than attempts go on
_NOTHING: dict[str, Any] = dict.fromkeys(
    Claimed._fields[Claimed._fields.index("sender_id") :]
)  # as when the message was erased
_encoder = msgspec.json.Encoder()


def payload(row: Claimed, *, at: dt.datetime) -> bytes:
    """The body of the request: ``{type, timestamp, data}``, with what may still be told at ``at``."""
    if row.type in REQUEST_TYPES:
        data = _ticket(row)
    elif row.type == INCIDENT:
        data = _incident(row)
    else:
        data = _endpoint(row) if row.message_id is None else _message(row, row.message_id, at)
    return _encoder.encode({"type": row.type, "timestamp": row.occurred_at, "data": data})


def _incident(row: Claimed) -> dict[str, Any]:
    """Which notice there is; its words are behind the API and on the page, for those who may read them."""
    return {"id": ids.encode(ids.NOTICE, row.event_id), "object": "security_notice"}


def _endpoint(row: Claimed) -> dict[str, Any]:
    """What a test event is about: the endpoint itself."""
    return {"id": ids.encode("whk", row.endpoint_id), "object": "webhook_endpoint", "livemode": row.livemode}


def request_event(ticket: UUID, happening: int) -> UUID:
    """The id of what happened to a ticket: 0 it came, 1 to 4 a reminder, more a decision; stable over repetitions.

    It is the ticket's own with another version number, so that the ticket is found without a table.
    """
    return UUID(int=ticket.int + (happening << _VERSION))


def ticket_of(event: UUID) -> UUID:
    """The ticket that ``request_event`` made this id of."""
    return UUID(int=event.int & ~(0xF << _VERSION) | _CREATED << _VERSION)


def _ticket(row: Claimed) -> dict[str, Any]:
    """A request about somebody's data. What is asked, and how it stands, is read from the API."""
    return {"id": ids.encode(ids.TICKET, ticket_of(row.event_id)), "object": "privacy_request"}


def _message(row: Claimed, message_id: UUID, at: dt.datetime) -> dict[str, Any]:
    if _is_past(row, message_id, at):
        row = row._replace(**_NOTHING)
    word = row.type.rpartition(".")[2]
    number = None if _ended(row, at) else _opened("to", row.to_ct, row, message_id)
    data: dict[str, Any] = {
        "id": ids.encode("msg", message_id),
        "object": "message",
        "status": word if word in _STATUSES else None,
        "to": phone.mask(number) if number else None,
        "country": row.country,
        "category": row.category,
        "parts": row.parts,
        "price": _price(row, word),
        "error": error_of(row.error),
        "livemode": row.livemode,
        "created_at": ids.time_of(message_id),
    }
    if row.content == "full":
        metadata = _opened("metadata", row.metadata_ct, row, message_id)
        data["to"] = number
        data["body"] = _opened("text", row.text_ct, row, message_id)
        data["reference"] = _opened("reference", row.reference_ct, row, message_id)
        data["metadata"] = msgspec.json.decode(metadata) if metadata else None
    return data


def _is_past(row: Claimed, message_id: UUID, at: dt.datetime) -> bool:
    """Whether the message outlived its time while its event waited for the end of a restriction."""
    waited = at - row.occurred_at > LONG
    return waited and at - ids.time_of(message_id) > profiles.duration("retention.delivery_meta")


def _ended(row: Claimed, at: dt.datetime) -> bool:
    """Whether the number has gone with the text, as some policies say: to the minute, its key dies at midnight."""
    over = row.body_until is not None and row.body_until <= at
    return over and bool(profiles.value("redact.recipient_with_body"))


def _price(row: Claimed, word: str) -> dict[str, Any] | None:
    """None when the message was erased in the meantime."""
    if row.price is None or row.currency is None:
        return None
    return price_document(row.price, row.currency, row.returned or 0, final=word in FINAL)


def _opened(field: str, value: bytes | None, row: Claimed, message_id: UUID) -> str | None:
    if value is None:
        return None
    try:
        return unsealed(field, value, row.workspace_id, message_id)
    except UNREADABLE:
        return None
