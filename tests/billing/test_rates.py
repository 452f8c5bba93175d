import datetime as dt
import uuid

import pytest
from django.db import DatabaseError, connections, transaction
from hypothesis import given
from hypothesis import strategies as st

from billing import rates
from billing.models import PriceItem, PricePlan, PriceVersion
from smsplatform.lib import clock, ids

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def plan(*, base: PricePlan | None = None) -> PricePlan:
    return PricePlan.objects.using("owner").create(name=uuid.uuid4().hex, currency="EUR", base=base, created_at=AT)


def item(prefix: str, micro: int, *, country: str = "DE", reject: bool = False) -> PriceItem:
    return PriceItem(
        id=ids.uuid7(), prefix=prefix, country=country, unit_micro=micro, currency="EUR", reject=reject
    )  # fmt: skip


def publish(to: PricePlan, *items: PriceItem, effective_at: dt.datetime = AT) -> PriceVersion:
    return rates.publish(plan=to, items=items, effective_at=effective_at, by=None, at=AT)


def price(book: rates.PriceBook, number: str) -> int | None:
    quote = book.quote(number)
    return quote.unit_micro if quote else None


digits = st.text("0123456789", min_size=1, max_size=6)


@given(prefixes=st.dictionaries(digits, st.integers(0, 100), max_size=20), number=digits)
def test_the_longest_prefix_decides(prefixes: dict[str, int], number: str) -> None:
    quotes = {
        "+" + prefix: rates.Quote(
            item_id=uuid.uuid4(), version_id=uuid.uuid4(), unit_micro=micro, currency="EUR", country="DE",
            refund_basis="submit",
        )
        for prefix, micro in prefixes.items()
    }  # fmt: skip
    candidates = [prefix for prefix in prefixes if number.startswith(prefix)]

    found = price(rates.PriceBook().over(rates.PriceBook()), "+" + number)
    assert found is None
    found = price(rates._indexed(dict(quotes)), "+" + number)

    assert found == (prefixes[max(candidates, key=len)] if candidates else None)


def test_a_version_prices_from_its_moment_until_the_next() -> None:
    own = plan()
    publish(own, item("49", 10))
    publish(own, item("49", 20), effective_at=AT + DAY)

    assert price(rates.book(own.pk, AT - DAY), "+4915112345678") is None
    assert price(rates.book(own.pk, AT), "+4915112345678") == 10
    assert price(rates.book(own.pk, AT + DAY - dt.timedelta(microseconds=1)), "+4915112345678") == 10
    assert price(rates.book(own.pk, AT + DAY), "+4915112345678") == 20


def test_a_plan_builds_on_its_base() -> None:
    base = plan()
    publish(base, item("49", 10), item("4915", 11), item("33", 12, country="FR"))
    own = plan(base=base)
    publish(own, item("49", 5), item("33", 0, country="FR", reject=True))

    book = rates.book(own.pk, AT)

    assert price(book, "+49301234567") == 5
    assert price(book, "+4915112345678") == 11
    assert price(book, "+33612345678") is None


def test_a_book_is_made_once() -> None:
    own = plan()
    publish(own, item("49", 10))

    assert rates.book(own.pk, AT) is rates.book(own.pk, AT + DAY)


def test_a_rejected_prefix_is_not_served_whatever_the_shorter_one_says() -> None:
    own = plan()
    publish(own, item("49", 10), item("49137", 0, reject=True))

    book = rates.book(own.pk, AT)

    assert price(book, "+4913712345") is None
    assert price(book, "+4913812345") == 10


def test_approved_prices_cannot_change() -> None:
    own = plan()
    version = publish(own, item("49", 10))
    stored = PriceItem.objects.using("owner").get(version=version)
    stored.unit_micro = 1
    late = item("43", 1, country="AT")
    late.version = version

    for write in (
        lambda: stored.save(using="owner"),
        lambda: stored.delete(using="owner"),
        lambda: late.save(using="owner"),
        lambda: PriceVersion.objects.using("owner").filter(pk=version.pk).update(effective_at=AT + DAY),
        lambda: version.delete(using="owner"),
    ):
        with pytest.raises(DatabaseError, match="does not change"), transaction.atomic(using="owner"):
            write()


def test_drafts_price_nothing() -> None:
    own = plan()
    version = PriceVersion.objects.using("owner").create(plan=own, effective_at=AT, created_at=AT)
    PriceItem.objects.using("owner").create(version=version, prefix="49", country="DE", unit_micro=1, currency="EUR")

    assert rates.in_force(own.pk, AT + DAY) is None
    assert rates.book(own.pk, AT + DAY).quote("+4915112345678") is None


def test_the_state_of_a_version_follows_from_the_time() -> None:
    own = plan()
    first = publish(own, item("49", 10))
    second = publish(own, item("49", 20), effective_at=AT + DAY)
    states = PriceVersion.State

    def seen(version: PriceVersion, at: dt.datetime) -> str:
        return version.state(at=at, in_force=rates.in_force(own.pk, at))

    assert seen(PriceVersion(plan=own), AT) == states.DRAFT
    assert [seen(v, AT) for v in (first, second)] == [states.EFFECTIVE, states.APPROVED]
    assert [seen(v, AT + DAY) for v in (first, second)] == [states.SUPERSEDED, states.EFFECTIVE]


@pytest.mark.parametrize("alias", ["default", "system"])
def test_run_time_roles_read_prices_and_write_none(alias: str) -> None:
    own = plan()

    assert PricePlan.objects.using(alias).filter(pk=own.pk).exists()
    for query in ("UPDATE billing_price_plan SET currency = 'USD'", "DELETE FROM billing_price_item"):
        with pytest.raises(DatabaseError, match="permission denied"), connections[alias].cursor() as cursor:
            cursor.execute(query)


def test_the_default_plan_prices_the_world_once() -> None:
    at = clock.now()

    assert rates.install_default(at=at) == rates.install_default(at=at) == rates.DEFAULT_PLAN

    book = rates.book(rates.DEFAULT_PLAN, clock.now())
    countries = {quote.country for quote in book.by_prefix.values() if quote}
    assert len(countries) >= 60
    magic = book.quote("+15005550006")
    canada = book.quote("+14165550123")
    assert magic
    assert canada
    assert (magic.country, canada.country) == ("US", "CA")
    assert PricePlan.objects.get(pk=rates.DEFAULT_PLAN).sample
