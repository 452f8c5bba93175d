"""From a request to a draft: checked, split, priced, routed and sealed, ready to be charged and stored.

Everything here works on values already at hand (a ``Source`` and its key ring entries); nothing waits. All faults of a
request are reported together, each with its field and what to do.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from billing.rates import PriceBook, Quote
from messaging import templating
from messaging.models.message import Category
from messaging.routing import RouteBook
from privacy import ciphers
from privacy.ciphers import DataKey
from smsplatform.lib import ids, phone, segments
from smsplatform.lib.api import structs
from smsplatform.lib.api.problems import FieldError, Problem

PARTS_DEFAULT, PARTS_LIMIT = 10, 20
AHEAD_MAX = dt.timedelta(days=7)
SKEW = dt.timedelta(minutes=5)  # a send_at this far in the past is a slow clock, not a mistake
TTL_MIN = dt.timedelta(seconds=30)
TTL_DEFAULT = {
    Category.OTP: dt.timedelta(minutes=10),
    Category.TRANSACTIONAL: dt.timedelta(hours=12),
    Category.MARKETING: dt.timedelta(hours=24),
}
LANE = {Category.OTP: 0, Category.TRANSACTIONAL: 1, Category.MARKETING: 2}
MICRO = 1_000_000
EXPONENT_MAX = 12  # of a price ceiling; beyond it decimal arithmetic can overflow


def _says(text: str) -> Meta:
    """What the API reference says of a field."""
    return Meta(description=text)


class TemplateRef(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which template, and the values of its placeholders."""

    id: str
    variables: dict[str, str] = {}


class Privacy(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is kept of this message; only ever less than the workspace's setting."""

    content: Literal["default", "discard"] = "default"
    recipient: Literal["default", "mask"] = "default"
    retain_hours: int | None = None


class SendRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, rename={"from_": "from"}):
    """The body of ``POST /v1/messages``."""

    to: Annotated[str, Meta(description="The number in E.164", examples=["+15005550001"])]
    from_: Annotated[str | None, _says("A sender's address or id; the workspace's default when left out")] = None
    body: Annotated[str | None, Meta(description="The text; this or a template", examples=["Hello!"])] = None
    template: TemplateRef | None = None
    category: Annotated[
        Literal["otp", "transactional", "marketing"], _says("Decides queue lane, validity and how failures are retried")
    ] = "transactional"
    send_at: Annotated[dt.datetime | None, _says("Not before this time, at most 7 days ahead")] = None
    expires_at: Annotated[dt.datetime | None, _says("Not after this time; this or ttl")] = None
    ttl: Annotated[int | None, _says("Seconds until it is no longer worth delivering")] = None
    encoding: Literal["auto", "gsm7", "ucs2"] = "auto"
    smart_encoding: Annotated[bool, _says("Replace characters such as typographic quotes that make a text long")] = (
        False
    )
    max_parts: Annotated[int, Meta(ge=1, le=PARTS_LIMIT, description="Refuse the message when it takes more parts")] = (
        PARTS_DEFAULT
    )
    max_price: Annotated[str | None, _says("Refuse the message when it costs more; a decimal")] = None
    fallback: Annotated[
        Literal["any", "same_sender", "none"], _says("What may be tried when a carrier fails or is slow")
    ] = "any"
    privacy: Privacy | None = None
    status_callback: Annotated[str | None, _says("A URL for the events of this message, besides the endpoints")] = None
    reference: (
        Annotated[str, Meta(min_length=1, max_length=128, description="A word of yours that finds the message again")]
        | None
    ) = None
    metadata: Annotated[
        dict[str, str] | None, _says("Names and values that come back in full events; no personal data")
    ] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SenderInfo:
    """A registered sender, as much as drafting needs."""

    id: UUID
    address: str
    approved: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class TemplateInfo:
    """A template, as much as drafting needs."""

    id: UUID
    text: str
    code_digits: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BodyKept:
    """How long the texts of a workspace are kept, in whole hours, by the policy and its own setting.

    From acceptance (or the time it was scheduled for), or from the final status: then carriers are tried for
    ``retries`` hours, and the key lasts for both. With ``redacts`` the number is under the same key and ends with it.
    """

    hours: int
    retries: int = 0  # 0: counted from acceptance
    discard: bool = False  # dropped as soon as the message is final
    redacts: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Who sends: one key (or person) in one mode of a workspace, with what its messages need."""

    workspace_id: UUID
    livemode: bool
    wallet: UUID
    currency: str
    body: "BodyKept"
    key_id: UUID | None
    user_id: UUID | None
    senders: dict[str, SenderInfo]
    default_sender: SenderInfo | None
    templates: dict[UUID, TemplateInfo]
    prices: PriceBook
    routes: RouteBook
    contacts: DataKey
    index: DataKey
    callbacks: dict[str, UUID]  # filled as they are met
    senders_allowed: frozenset[UUID] | None = None  # of the key; None allows all
    countries_allowed: frozenset[str] | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a request amounts to, before anything is sealed: also the answer of a preview."""

    request: SendRequest
    number: phone.Number
    sender: SenderInfo
    template: TemplateInfo | None
    text: str
    segmented: segments.Segmented
    quote: Quote
    price: int  # micro-units
    carrier: UUID
    send_at: dt.datetime | None
    expires_at: dt.datetime
    body_expires_at: dt.datetime
    body_hours: int | None  # after the final status, where that is the anchor
    discard: bool


class Draft(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A plan with its id and ciphertexts: one row to be."""

    id: UUID
    plan: Plan
    batch_id: UUID | None
    callback_id: UUID | None
    to_ct: bytes
    to_idx: bytes
    text_ct: bytes | None
    reference_ct: bytes | None
    reference_idx: bytes | None
    metadata_ct: bytes | None
    code: str | None


def plan(request: SendRequest, source: Source, *, at: dt.datetime) -> Plan:
    """Check and price ``request``. Raises ``Problem`` with every fault found."""
    faults: list[FieldError] = []
    number = _number(request, source, faults)
    sender = _sender(request, source, faults)
    template, text = _text(request, source, faults)
    segmented = _segmented(request, text, faults)
    send_at, expires_at, hours = _times(request, source, at, faults)
    retries = source.body.retries
    _small_fields(request, faults)
    if source.senders_allowed is not None or source.countries_allowed is not None:
        _allowed(number, sender, source, faults)
    quote, carrier = _priced(number, source, faults)
    price = quote.unit_micro * segmented.parts if quote and segmented else 0
    if request.max_price is not None:
        _price_ceiling(request.max_price, price, faults)
    if faults or not (number and sender and segmented and quote and carrier):
        raise Problem.of(faults)
    return Plan(
        request=request, number=number, sender=sender, template=template, text=segmented.text, segmented=segmented,
        quote=quote, price=price, carrier=carrier, send_at=send_at, expires_at=expires_at,
        body_expires_at=(send_at or at) + dt.timedelta(hours=hours + retries), body_hours=hours if retries else None,
        discard=source.body.discard or bool(request.privacy and request.privacy.content == "discard"),
    )  # fmt: skip


def seal(
    made: Plan,
    source: Source,
    body_key: DataKey,
    *,
    batch_id: UUID | None = None,
    callback_id: UUID | None = None,
    at: dt.datetime | None = None,
) -> Draft:
    """Give the plan its id, of this moment unless told otherwise, and encrypt what it holds, bound to that id."""
    message_id, workspace = ids.uuid7(at), source.workspace_id
    request, e164 = made.request, made.number.e164
    has_code = made.template is not None and made.template.code_digits > 0
    reference = request.reference
    return Draft(
        id=message_id,
        plan=made,
        batch_id=batch_id,
        callback_id=callback_id,
        to_ct=_sealed(body_key if source.body.redacts else source.contacts, "to", e164, workspace, message_id),
        to_idx=number_index(source.index, e164),
        text_ct=None if has_code else _sealed(body_key, "text", made.text, workspace, message_id),
        reference_ct=_sealed(source.contacts, "reference", reference, workspace, message_id) if reference else None,
        reference_idx=reference_index(source.index, reference) if reference else None,
        metadata_ct=_sealed(
            source.contacts, "metadata", msgspec.json.encode(request.metadata).decode(), workspace, message_id
        ) if request.metadata else None,
        code=make_code(body_key, message_id, made.template.code_digits) if has_code and made.template else None,
    )  # fmt: skip


def fault(pointer: str, code: str, detail: str = "") -> FieldError:
    """One field that cannot be accepted."""
    return FieldError(pointer=pointer, code=code, detail=detail)


LABELS = {
    "to": "messaging.Message.to",
    "text": "messaging.Body.text",
    "reference": "messaging.Message.reference",
    "metadata": "messaging.Message.metadata",
}


def _sealed(key: DataKey, field: str, value: str, workspace: UUID, message: UUID) -> bytes:
    return ciphers.seal(key, value.encode(), ciphers.aad(LABELS[field], workspace, message))


def unsealed(field: str, value: bytes, workspace: UUID, message: UUID) -> str:
    """The plaintext of a message's ``field``. Raises ``KeyDestroyed`` after its key's day."""
    return ciphers.unseal(bytes(value), ciphers.aad(LABELS[field], workspace, message)).decode()


def number_index(index: DataKey, e164: str) -> bytes:
    """The blind index by which a workspace finds a number."""
    return ciphers.blind_index(index, "messaging.Message.to", e164)


def reference_index(index: DataKey, reference: str) -> bytes:
    """The blind index by which a workspace finds its own reference."""
    return ciphers.blind_index(index, "messaging.Message.reference", reference)


def make_code(body_key: DataKey, message_id: UUID, digits: int) -> str:
    """The one-time code of a message: derived from the day's body key, so it is never stored and dies with the key."""
    mac = body_key.mac(b"otp" + message_id.bytes)
    return str(int.from_bytes(mac, "big") % 10**digits).zfill(digits)


def _number(request: SendRequest, source: Source, faults: list[FieldError]) -> phone.Number | None:
    try:
        return phone.parse(request.to, sandbox=not source.livemode)
    except phone.InvalidNumber as error:
        faults.append(fault("#/to", error.code))
        return None


def _sender(request: SendRequest, source: Source, faults: list[FieldError]) -> SenderInfo | None:
    sender = source.senders.get(request.from_) if request.from_ is not None else source.default_sender
    if sender is None:
        faults.append(fault("#/from", "invalid_sender" if request.from_ is not None else "no_default_sender"))
    elif not sender.approved:
        faults.append(fault("#/from", "sender_not_approved"))
    return sender


def _allowed(number: phone.Number | None, sender: SenderInfo | None, source: Source, faults: list[FieldError]) -> None:
    """The limits of the key that sends."""
    if sender and source.senders_allowed is not None and sender.id not in source.senders_allowed:
        faults.append(fault("#/from", "sender_not_allowed"))
    if number and source.countries_allowed is not None and number.region not in source.countries_allowed:
        faults.append(fault("#/to", "country_not_allowed"))


def _text(request: SendRequest, source: Source, faults: list[FieldError]) -> tuple[TemplateInfo | None, str | None]:
    if (request.body is None) == (request.template is None):
        faults.append(fault("#/body", "body_or_template"))
        return None, None
    if request.template is None:
        if not request.body:
            faults.append(fault("#/body", "too_short"))
        return None, request.body
    try:
        template = source.templates.get(ids.decode(ids.TEMPLATE, request.template.id))
    except ids.InvalidId:
        template = None
    if template is None:
        faults.append(fault("#/template/id", "template_not_found"))
        return None, None
    return template, _filled(template, request.template.variables, faults)


def _filled(template: TemplateInfo, variables: dict[str, str], faults: list[FieldError]) -> str | None:
    if template.code_digits:
        if variables:
            faults.append(fault("#/template/variables", "code_not_accepted"))
        return fill(template.text, {"code": "0" * template.code_digits})
    known = templating.names(template.text)
    faults += [fault(f"#/template/variables/{name}", "required") for name in sorted(known - variables.keys())]
    unknown = (structs.shown(name) for name in variables if name not in known)
    faults += [fault(f"#/template/variables/{name}", "template_variables") for name in unknown]
    if not known <= variables.keys():
        return None
    text = fill(template.text, variables)
    if not text:
        faults.append(fault("#/template/variables", "too_short", "With these values the template's text is empty."))
    return text


def fill(text: str, variables: dict[str, str]) -> str:
    """Replace ``{{name}}``; raises KeyError for a name without a value. No logic, no attributes, by design."""
    out, rest = [], text
    while (start := rest.find("{{")) >= 0 and (end := rest.find("}}", start)) >= 0:
        out.append(rest[:start] + variables[rest[start + 2 : end].strip()])
        rest = rest[end + 2 :]
    return "".join(out) + rest


def _segmented(request: SendRequest, text: str | None, faults: list[FieldError]) -> segments.Segmented | None:
    if not text:
        return None
    where = "#/body" if request.template is None else "#/template"
    if "\x00" in text:
        faults.append(fault(where, "control_character"))
        return None
    try:
        found = segments.split(text, request.encoding, request.smart_encoding)
    except segments.SegmentError as error:
        faults.append(fault(where, error.code))
        return None
    if found.encoding == "gsm7" and found.offending:
        faults.append(fault(where, "offending_characters"))
        return None
    if found.parts > request.max_parts:
        detail = f"The text needs {found.parts} parts and max_parts allows {request.max_parts}."
        faults.append(fault(where, "too_many_parts", detail))
        return None
    return found


def _times(
    request: SendRequest, source: Source, at: dt.datetime, faults: list[FieldError]
) -> tuple[dt.datetime | None, dt.datetime, int]:
    """Not before, not after, and for how many hours the text is kept."""
    send_at = _utc(request.send_at) if request.send_at and request.send_at.tzinfo else None
    if request.send_at is not None and (send_at is None or not at - SKEW <= send_at <= at + AHEAD_MAX):
        faults.append(fault("#/send_at", "send_at_out_of_range"))
        send_at = None
    start = max(send_at, at) if send_at else at
    hours = _kept(request, source, faults)
    longest = dt.timedelta(hours=source.body.retries or hours)  # a text is there for as long as it may be sent
    expires_at, field = _expiry(request, start, longest, faults)
    if not TTL_MIN <= expires_at - start <= longest:
        faults.append(fault(field, "ttl_out_of_range"))
    return (send_at if send_at and send_at > at else None), expires_at, hours


def _kept(request: SendRequest, source: Source, faults: list[FieldError]) -> int:
    hours = source.body.hours
    if request.privacy and (wanted := request.privacy.retain_hours) is not None:
        if not 1 <= wanted <= hours:
            faults.append(fault("#/privacy/retain_hours", "retain_hours_out_of_range"))
        else:
            hours = wanted
    return hours


def _expiry(
    request: SendRequest, start: dt.datetime, kept: dt.timedelta, faults: list[FieldError]
) -> tuple[dt.datetime, str]:
    if request.expires_at is not None:
        if request.ttl is not None:
            faults.append(fault("#/ttl", "ttl_or_expires_at"))
        if request.expires_at.tzinfo is None:
            faults.append(fault("#/expires_at", "zone_missing"))
            return start + kept, "#/expires_at"
        return _utc(request.expires_at) or start, "#/expires_at"
    if request.ttl is not None:
        return start + dt.timedelta(seconds=max(-1, min(request.ttl, 10**7))), "#/ttl"
    return start + min(TTL_DEFAULT[Category(request.category)], kept), "#/ttl"


def _utc(moment: dt.datetime) -> dt.datetime | None:
    """The moment in UTC; None when that is before the first or after the last year there is."""
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError:
        return None


def _small_fields(request: SendRequest, faults: list[FieldError]) -> None:
    if request.reference is not None and not _plain(request.reference):
        faults.append(fault("#/reference", "control_character"))
    if request.metadata is not None and not _metadata_ok(request.metadata):
        faults.append(fault("#/metadata", "metadata_invalid"))


def _metadata_ok(metadata: dict[str, str]) -> bool:
    return len(metadata) <= 20 and all(
        1 <= len(key) <= 40 and len(value) <= 200 and _plain(key) and _plain(value) for key, value in metadata.items()
    )


def _plain(text: str) -> bool:
    """Whether the text can be stored and shown: no control characters, no half characters."""
    return text.isprintable() or all(c.isprintable() or c == "\n" for c in text)


def _priced(number: phone.Number | None, source: Source, faults: list[FieldError]) -> tuple[Quote | None, UUID | None]:
    if number is None:
        return None, None
    quote = source.prices.quote(number.e164)
    if quote is None or quote.currency != source.currency:
        faults.append(fault("#/to", "no_route_price"))
    carriers = source.routes.carriers(number.e164)
    if not carriers:
        faults.append(fault("#/to", "no_route"))
    return quote, carriers[0] if carriers else None


def _price_ceiling(text: str, price: int, faults: list[FieldError]) -> None:
    try:
        ceiling = Decimal(text)
        if not ceiling.is_finite() or ceiling < 0 or ceiling.adjusted() > EXPONENT_MAX:
            raise InvalidOperation
    except InvalidOperation:
        faults.append(fault("#/max_price", "invalid_amount"))
        return
    if price > ceiling * MICRO:
        faults.append(fault("#/max_price", "price_above_max"))
