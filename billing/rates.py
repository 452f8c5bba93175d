"""What a message part costs. A version of a price plan is immutable, so the books made from it are kept for good."""

import datetime as dt
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction

from billing.models import PriceItem, PricePlan, PriceVersion
from billing.sample_prices import SAMPLE
from smsplatform.lib import ids

# The plan that ships with the product; workspaces are created with it unless told otherwise.
DEFAULT_PLAN = UUID("01890000-0000-7000-8000-000000000001")
BOOKS_MAX = 256


class InvalidBase(ValueError):
    """A plan may only build on plans of its own currency, and not on itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """The price of one part, in micro-units."""

    item_id: UUID
    version_id: UUID
    unit_micro: int
    currency: str
    country: str
    refund_basis: str  # accept | submit | delivered


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Prices by prefix, each beginning with "+"; None under a prefix means not served."""

    by_prefix: Mapping[str, Quote | None] = field(default_factory=dict)
    lengths: tuple[int, ...] = ()  # of the prefixes, longest first

    def quote(self, e164: str) -> Quote | None:
        """The price to this number by its longest known prefix; None when it is not served."""
        by_prefix = self.by_prefix
        for length in self.lengths:
            if (prefix := e164[:length]) in by_prefix:
                return by_prefix[prefix]
        return None

    def over(self, base: "PriceBook") -> "PriceBook":
        """These prices, and those of ``base`` where this book says nothing about the very prefix."""
        return _indexed({**base.by_prefix, **self.by_prefix})


def book(plan_id: UUID, at: dt.datetime, *, using: str = "default") -> PriceBook:
    """The prices of a plan and of the plans below it at ``at``; empty when no version is in force.

    Asks the database which versions are in force; their items are read once per process.
    """
    versions = tuple(_chain(plan_id, at, using))
    with _lock:
        known = _books.get(versions)
    if known is not None:
        return known
    made = PriceBook()
    for version in reversed(versions):
        made = read(version, using=using).over(made)
    with _lock:
        if len(_books) >= BOOKS_MAX:
            _books.clear()
        _books[versions] = made
    return made


def read(version_id: UUID, *, using: str = "default") -> PriceBook:
    """The items of one version alone."""
    items = PriceItem.objects.using(using).filter(version_id=version_id)
    return _indexed({f"+{item.prefix}": _quote(item) for item in items})


def in_force(plan_id: UUID, at: dt.datetime, *, using: str = "default") -> PriceVersion | None:
    """The version of a plan that prices what is accepted at ``at``."""
    approved = PriceVersion.objects.using(using).filter(plan_id=plan_id, approved_at__isnull=False)
    return approved.filter(effective_at__lte=at).order_by("-effective_at").first()


def publish(
    *,
    plan: PricePlan,
    items: Iterable[PriceItem],
    effective_at: dt.datetime,
    by: UUID | None,
    at: dt.datetime,
    using: str = "owner",
) -> PriceVersion:
    """Store ``items`` (their version unset) as an approved version of ``plan``; from now on it cannot change."""
    with transaction.atomic(using=using):
        version = PriceVersion(plan=plan, effective_at=effective_at, created_at=at, created_by=by)
        version.save(using=using, force_insert=True)
        new = list(items)
        for item in new:
            item.version = version
        PriceItem.objects.using(using).bulk_create(new)
        version.approved_at, version.approved_by = at, by
        version.save(using=using, update_fields=["approved_at", "approved_by"])
    return version


def install_default(*, at: dt.datetime, using: str = "owner") -> UUID:
    """Create the plan "List" with sample prices in EUR, unless it exists; answers its id."""
    plan, made = PricePlan.objects.using(using).get_or_create(
        id=DEFAULT_PLAN, defaults={"name": "List", "currency": "EUR", "sample": True, "created_at": at}
    )
    if made:
        publish(plan=plan, items=sample_items(), effective_at=at, by=None, at=at, using=using)
    return plan.id


def sample_items() -> list[PriceItem]:
    """The sample prices as items without a version."""
    return [
        PriceItem(id=ids.uuid7(), prefix=prefix, country=country, unit_micro=micro, currency="EUR")
        for country, (micro, prefixes) in SAMPLE.items()
        for prefix in prefixes
    ]


def _chain(plan_id: UUID, at: dt.datetime, using: str) -> Iterable[UUID]:
    """Versions in force of the plan, its base, and so on."""
    seen: set[UUID] = set()
    following: UUID | None = plan_id
    while following is not None:
        if following in seen:
            raise InvalidBase
        seen.add(following)
        version = in_force(following, at, using=using)
        if version is not None:
            yield version.pk
        plan = PricePlan.objects.using(using).filter(pk=following).only("base_id").first()
        following = plan.base_id if plan else None


def _indexed(by_prefix: dict[str, Quote | None]) -> PriceBook:
    return PriceBook(by_prefix, tuple(sorted({len(prefix) for prefix in by_prefix}, reverse=True)))


def _quote(item: PriceItem) -> Quote | None:
    if item.reject:
        return None
    return Quote(
        item_id=item.pk,
        version_id=item.version_id,
        unit_micro=item.unit_micro,
        currency=item.currency,
        country=item.country,
        refund_basis=item.refund_basis,
    )


_books: dict[tuple[UUID, ...], PriceBook] = {}
_lock = threading.Lock()
