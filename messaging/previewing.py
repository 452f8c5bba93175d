"""What sending would amount to: parts, price by country, and the characters that make it dear. Stores nothing."""

import datetime as dt
from collections import Counter
from typing import Any, Protocol

import msgspec

from messaging import endpoints
from messaging.drafting import Plan, SendRequest, Source, plan
from messaging.presenting import amount, price_document
from smsplatform.lib.api.problems import FieldError, Problem

REFUSED_MAX = 100


class Wanted(Protocol):
    """A text and who it is for, with all the other fields of ``SendRequest``."""

    to: list[str] | str
    body: str | None
    status_callback: str | None


def preview(wanted: Wanted, source: Source, *, at: dt.datetime) -> dict[str, Any]:
    """The totals of sending ``wanted``. Raises ``Problem`` for faults of the text, or when no recipient is left."""
    numbers = [wanted.to] if isinstance(wanted.to, str) else wanted.to
    if wanted.status_callback is not None:
        endpoints.check_callback(wanted.status_callback)
    others = {name: getattr(wanted, name) for name in SendRequest.__struct_fields__ if name != "to"}
    request = SendRequest(to="", **others)
    plans: list[Plan] = []
    refused: list[FieldError] = []
    for position, number in enumerate(numbers):
        pointer = "#/to" if isinstance(wanted.to, str) else f"#/to/{position}"
        found = _planned(msgspec.structs.replace(request, to=number), source, pointer, at)
        plans += [found] if isinstance(found, Plan) else []
        refused += [] if isinstance(found, Plan) else found
    if not plans:
        raise Problem.of(refused[:REFUSED_MAX])
    return _totals(plans, refused, wanted)


def _planned(request: SendRequest, source: Source, pointer: str, at: dt.datetime) -> Plan | list[FieldError]:
    """The plan, or the faults of the recipient; faults of anything else are the whole request's."""
    try:
        return plan(request, source, at=at)
    except Problem as problem:
        others = [error for error in problem.errors if error.pointer != "#/to" and error.code != "price_above_max"]
        if others:
            raise Problem.of(others) from None
        return [FieldError(pointer=pointer, code=error.code, detail=error.detail) for error in problem.errors]


def _totals(plans: list[Plan], refused: list[FieldError], wanted: Wanted) -> dict[str, Any]:
    first = plans[0]
    messages = Counter(made.number.region for made in plans)
    prices: Counter[str] = Counter()
    for made in plans:
        prices[made.number.region] += made.price
    parts = first.segmented.parts
    return {
        "object": "preview",
        "from": first.sender.address,
        "encoding": first.segmented.encoding,
        "parts": parts,
        "units": first.segmented.units,
        "body": first.text,
        "substituted": wanted.body is not None and first.text != wanted.body,
        "offending_characters": first.segmented.offending,
        "price": price_document(sum(prices.values()), first.quote.currency, 0, final=False),
        "messages": len(plans),
        "countries": [
            {"country": country, "messages": count, "parts": count * parts, "amount": amount(prices[country])}
            for country, count in messages.most_common()
        ],
        "refused": [error.to_body() for error in refused[:REFUSED_MAX]],
    }
