"""The JSON documents of the messaging API. Requests are checked against these, answers are tested against these."""

import datetime as dt
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from messaging.drafting import SendRequest
from messaging.models.suppression import Suppression
from messaging.models.webhook import EVENT_TYPES
from smsplatform.lib.api.openapi import FieldFault

StatusWord = Literal[
    "scheduled", "queued", "submitting", "submitted", "delivered", "undelivered", "expired", "rejected", "failed",
    "canceled",
]  # fmt: skip
CategoryWord = Literal["otp", "transactional", "marketing"]
_TYPES = Meta(max_length=40, extra_json_schema={"items": {"enum": list(EVENT_TYPES)}})
Number = Annotated[str, Meta(description="E.164", examples=["+31612345678"])]
Amount = Annotated[str, Meta(description="A decimal", examples=["0.071"])]


class Price(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a message costs. Held until it is final, then charged or released.

    Of a long message that is charged, the parts that are not owed were returned: ``amount`` less ``returned`` is paid.
    """

    amount: Amount
    currency: str
    state: Literal["held", "charged", "released"]
    returned: Amount


class Reason(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why a message failed."""

    code: str
    detail: str | None


class MessageDocument(
    msgspec.Struct,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"from_": "from"},
    tag_field="object",
    tag="message",
):
    """A message."""

    id: Annotated[str, Meta(examples=["msg_01h455vb4pex5vsknk084sn02q"])]
    status: StatusWord
    to: Annotated[str | None, Meta(description="E.164; null once redacted")]
    from_: str | None
    from_used: str | None
    route_class: Literal["carrier", "simulated"]
    encoding: Literal["gsm7", "ucs2"]
    parts: int
    price: Price
    body: Annotated[str | None, Meta(description="null once redacted or expired, and for texts with a one-time code")]
    redact_at: dt.datetime
    redacted_at: dt.datetime | None
    created_at: dt.datetime
    send_at: dt.datetime | None
    expires_at: dt.datetime
    error: Reason | None
    reference: str | None
    livemode: bool
    metadata: dict[str, str] | None
    category: CategoryWord
    country: str
    batch_id: str | None
    code: Annotated[str | UnsetType, Meta(description="The one-time code that was made; only in this answer")] = UNSET
    timeline: "list[Step] | UnsetType" = UNSET


class Step(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Something that happened to a message."""

    at: dt.datetime
    type: Literal["accepted", "scheduled", "attempt", "receipt", "event", "final", "refund", "webhook"]
    code: Annotated[str | None, Meta(description="A stable word: outcome, receipt state, event, status or type")]
    detail: Annotated[
        str | None, Meta(description="The carrier's or network's own code, or why; of a refund, how much")
    ] = None
    part: int | UnsetType = UNSET
    attempt: int | UnsetType = UNSET
    carrier: str | UnsetType | None = UNSET
    delivery: Annotated[str | UnsetType, Meta(description="Id of the webhook delivery")] = UNSET
    state: Annotated[str | UnsetType, Meta(description="State of the webhook delivery")] = UNSET


class Refusal(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, tag_field="object", tag="refusal"):
    """A message of a batch that was not accepted; nothing was charged for it."""

    status: int
    code: str
    title: str
    detail: str
    errors: list[FieldFault]


class BatchRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Up to 1,000 messages, each accepted or refused on its own."""

    messages: Annotated[list[SendRequest], Meta(min_length=1, max_length=1000)]


class BatchDocument(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What became of each message of a batch, in order: a message or a refusal."""

    id: str | None
    object: Literal["batch"]
    accepted: int
    refused: int
    results: list[MessageDocument | Refusal]


class PreviewRequest(SendRequest, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """What would be sent, to one number or to many: the body of a send can be previewed as it is."""

    to: Annotated[list[str], Meta(min_length=1, max_length=1000)] | str  # type: ignore[assignment]  # more than a send


class CountryTotal(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Messages to one country."""

    country: str
    messages: int
    parts: int
    amount: Amount


class PreviewDocument(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """What sending would amount to. Nothing was sent, charged or stored."""

    object: Literal["preview"]
    from_: str | None
    encoding: Literal["gsm7", "ucs2"]
    parts: Annotated[int, Meta(description="Parts of one message")]
    units: Annotated[int, Meta(description="Septets or UTF-16 units")]
    body: Annotated[str, Meta(description="The text as it would be sent, look-alikes replaced")]
    substituted: bool
    offending_characters: Annotated[list[str], Meta(description="What keeps the text from GSM 7-bit")]
    price: Price
    messages: int
    countries: list[CountryTotal]
    refused: Annotated[list[FieldFault], Meta(description="Recipients that would be refused")]


class MessageFilter(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which messages. Not by number: an address may end up in somebody's log, so that is a search by POST."""

    status: StatusWord | None = None
    reference: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    category: CategoryWord | None = None
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None = None
    sender: Annotated[str, Meta(min_length=1, max_length=40, description="Id or address of a sender")] | None = None
    batch: Annotated[str, Meta(max_length=40, description="Id of a batch")] | None = None


class SearchRequest(MessageFilter, kw_only=True, forbid_unknown_fields=True):
    """The filters of the list and a number, in a body that no log keeps."""

    to: Annotated[str, Meta(min_length=1, max_length=40, description="Exactly this number")] | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 25
    cursor: str | None = None


class SenderRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A name, number or short code to send from, and for its review what it is for."""

    address: Annotated[str, Meta(min_length=3, max_length=16)]
    purpose: Annotated[str, Meta(min_length=1, max_length=1000)] | None = None
    example: Annotated[str, Meta(min_length=1, max_length=1000)] | None = None


class SenderDocument(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A source address of the workspace."""

    id: str
    object: Literal["sender"]
    address: str
    kind: Literal["alphanumeric", "number", "short_code"]
    state: Literal["draft", "review", "approved", "rejected"]
    reason: str | None
    default: bool
    created_at: dt.datetime


class TemplateRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A text with ``{{placeholders}}``; with code_digits it has the placeholder code and no other."""

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    text: Annotated[str, Meta(min_length=1, max_length=2000)]
    code_digits: Annotated[int, Meta(ge=0, le=10)] = 0


class TemplateDocument(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A stored text with placeholders."""

    id: str
    object: Literal["template"]
    name: str
    text: str
    code_digits: int
    created_at: dt.datetime


class SuppressionRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A number that must not be sent to."""

    to: Number
    reason: Literal[tuple(Suppression.Reason.values)] = "opt_out"  # type: ignore[valid-type]  # words of the model


class SuppressionDocument(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A suppressed number. The number itself is not kept, only a keyed digest that recognises it."""

    id: str
    object: Literal["suppression"]
    reason: Literal[tuple(Suppression.Reason.values)]  # type: ignore[valid-type]  # words of the model
    created_at: dt.datetime


class EndpointRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where to send events, and which."""

    url: Annotated[str, Meta(max_length=2000, examples=["https://example.com/webhooks/sms"])]
    types: Annotated[list[str], _TYPES, Meta(description="Empty or left out: all final states")] | None = None
    content: Literal["thin", "full"] = "thin"
    description: Annotated[str, Meta(max_length=120)] = ""
    enabled: bool = True
    signature: Annotated[
        Literal["hmac", "ed25519"], Meta(description="hmac: a secret that you share with us; ed25519: a public key")
    ] = "hmac"


class EndpointChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change about an endpoint; fields left out stay."""

    url: Annotated[str, Meta(max_length=2000)] | UnsetType = UNSET
    types: Annotated[list[str], _TYPES] | UnsetType = UNSET
    content: Literal["thin", "full"] | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=120)] | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class SecretRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the new secret is for; left out, the signature stays what it is."""

    signature: Literal["hmac", "ed25519"] | None = None


class EndpointDocument(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A webhook endpoint."""

    id: str
    object: Literal["webhook_endpoint"]
    url: str
    types: list[str]
    content: Literal["thin", "full"]
    description: str
    enabled: bool
    disabled_reason: str | None
    livemode: bool
    previous_secret_until: dt.datetime | None
    signature: Literal["hmac", "ed25519"]
    public_key: Annotated[str | None, Meta(description="Checks what ed25519 signed, whpk_ and base64; no secret")]
    created_at: dt.datetime
    secret: Annotated[str | UnsetType, Meta(description="Signs by hmac; shown only when it is made")] = UNSET


class ReplayRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Deliveries to make again. Their event ids stay the same."""

    since: dt.datetime
    until: dt.datetime | None = None
    failed_only: bool = True


class ReplayDocument(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How many deliveries are made again."""

    object: Literal["replay"]
    deliveries: int


class DeliveryFilter(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which deliveries."""

    state: Literal["pending", "leased", "delivered", "exhausted", "dropped"] | None = None
    type: Annotated[str, Meta(max_length=24, pattern="^[a-z_.]+$")] | None = None
    message: Annotated[str, Meta(max_length=40, description="Id of a message")] | None = None


class DeliveryDocument(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One event on its way to one endpoint."""

    id: str
    object: Literal["webhook_delivery"]
    endpoint_id: str
    event_id: str
    message_id: str | None
    type: str
    state: Literal["pending", "leased", "delivered", "exhausted", "dropped"]
    attempts: int
    next_attempt_at: dt.datetime | None
    last_status: Annotated[int | None, Meta(description="HTTP status of the last answer")]
    last_error: Annotated[
        str | None, Meta(description="timeout, connection, tls, dns, forbidden_address, recipient_restricted, …")
    ]
    occurred_at: dt.datetime
    finished_at: dt.datetime | None
