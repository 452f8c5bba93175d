"""A price list as CSV becomes a new version of a plan: checked as a whole, compared, then published.

Columns: ``prefix, country, price`` and optionally ``refund_basis`` and ``reject``. Prices are decimals of the plan's
currency per part.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import phonenumbers

from billing.models import PriceItem, PricePlan
from billing.rates import PriceBook, Quote
from smsplatform.lib import ids, money

COLUMNS = ("prefix", "country", "price")
PREFIX_MAX = 15


class PriceListRefused(ValueError):
    """The file has faults; ``faults`` names each with its line. Nothing was imported."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(f"{len(faults)} faults, the first: {faults[0]}")
        self.faults = faults


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What an import does to one prefix; a price is None where there is none or it is not served."""

    kind: str  # up | down | new | gone | terms
    prefix: str
    before: int | None
    after: int | None


def parse(lines: Iterable[str], *, plan: PricePlan) -> list[PriceItem]:
    """The items in a CSV file, not stored. Raises ``PriceListRefused`` with every fault of the file."""
    reader = csv.DictReader(lines)
    if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
        raise PriceListRefused([f"line 1: no column {name}" for name in missing])
    faults: list[str] = []
    items: dict[str, PriceItem] = {}
    for row in reader:
        text = {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
        found = list(_faults(text, items))
        faults += [f"line {reader.line_num}: {fault}" for fault in found]
        if not found:
            items[text["prefix"]] = _item(text, plan)
    if not items and not faults:
        faults = ["line 1: no prices"]
    if faults:
        raise PriceListRefused(faults)
    return list(items.values())


def compare(before: PriceBook, items: Iterable[PriceItem]) -> list[Change]:
    """What ``items`` would change, by prefix; prefixes that stay the same are left out."""
    new = {f"+{item.prefix}": item for item in items}
    return [
        change
        for prefix in sorted(before.by_prefix.keys() | new.keys())
        if (change := _change(prefix, before.by_prefix, new.get(prefix)))
    ]


def _change(prefix: str, known: Mapping[str, Quote | None], item: PriceItem | None) -> Change | None:
    quote = known.get(prefix)
    old = quote.unit_micro if quote else None
    new = item.unit_micro if item and not item.reject else None
    if prefix not in known:
        kind = "new"
    elif item is None:
        kind = "gone"
    elif old != new:
        kind = "up" if old is not None and (new is None or new > old) else "down"
    elif quote and (quote.refund_basis, quote.country) != (item.refund_basis, item.country):
        kind = "terms"
    else:
        return None
    return Change(kind=kind, prefix=prefix, before=old, after=new)


def _faults(text: Mapping[str, str], earlier: Mapping[str, PriceItem]) -> Iterator[str]:
    prefix, country = text["prefix"], text["country"]
    if not (prefix.isascii() and prefix.isdigit() and len(prefix) <= PREFIX_MAX and not prefix.startswith("0")):
        yield "the prefix is not digits of an international number"
    elif prefix in earlier:
        yield f"the prefix {prefix} is there twice"
    elif not _leads_to(prefix, country):
        yield f"the prefix {prefix} does not lead to the country"
    if not _is_country(country):
        yield "the country is not a two-letter code that numbers are known for"
    try:
        if money.parse(text["price"]) < 0:
            yield "the price is negative"
    except money.InvalidAmount:
        yield "the price is not a decimal with at most six places"
    if text.get("refund_basis") not in (None, "", *PriceItem.Basis.values):
        yield "the refund basis is not one of accept, submit, delivered"
    if text.get("reject", "").lower() not in ("", "0", "1", "true", "false"):
        yield "reject is neither true nor false"


def _is_country(country: str) -> bool:
    return country in phonenumbers.SUPPORTED_REGIONS


def _leads_to(prefix: str, country: str) -> bool:
    """An unknown country is a fault of its own, so it passes here."""
    return not _is_country(country) or prefix.startswith(str(phonenumbers.country_code_for_region(country)))


def _item(text: Mapping[str, str], plan: PricePlan) -> PriceItem:
    return PriceItem(
        id=ids.uuid7(),
        prefix=text["prefix"],
        country=text["country"],
        unit_micro=money.parse(text["price"]),
        currency=plan.currency,
        refund_basis=text.get("refund_basis") or PriceItem.Basis.SUBMIT,
        reject=text.get("reject", "").lower() in ("1", "true"),
    )
