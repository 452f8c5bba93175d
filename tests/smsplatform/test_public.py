"""Pages that everybody may read."""

import datetime as dt

import pytest
from django.core.cache import cache
from django.db import connections
from django.test import Client

from billing import rates
from smsplatform import status
from smsplatform.lib import clock
from smsplatform.models import Probe
from tests.factories import pages


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


def get(path: str) -> str:
    response = Client().get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_the_first_page_leads_on() -> None:
    html = get("/")

    for path in ("/prices", "/docs", "/status", "/privacy", "/privacy/policy", "/sign-in"):
        assert f'href="{path}"' in html


def test_people_who_signed_in_read_public_pages_in_their_frame() -> None:
    browser = pages.client(pages.shop().owner)

    for path in ("/welcome", "/prices", "/status", "/privacy", "/privacy/policy"):
        response = browser.get(path)
        assert response.status_code == 200
        assert 'id="side"' in response.content.decode()


@pytest.mark.parametrize("query", ["Germany", "germany", "DE", "+49", "0049", "49 151"])
def test_a_price_is_found_by_country_code_or_prefix(query: str) -> None:
    rates.install_default(at=clock.now())

    html = Client().get("/prices", {"q": query}).content.decode()

    assert "Germany" in html
    assert "€" in html
    assert "Netherlands" not in html


def test_the_price_list_is_whole_without_a_query_and_says_that_it_is_a_sample() -> None:
    rates.install_default(at=clock.now())

    html = get("/prices")

    assert "Germany" in html
    assert "Netherlands" in html
    assert "sample prices" in html


def test_a_country_that_is_not_served_is_said_so() -> None:
    rates.install_default(at=clock.now())

    assert "No country fits" in get("/prices?q=Atlantis")
    assert "Germany" in get("/prices?q=%20")


def test_prices_are_what_a_message_costs() -> None:
    rates.install_default(at=clock.now())
    quote = rates.book(rates.DEFAULT_PLAN, clock.now()).quote("+4915123456789")
    assert quote

    assert f"0.{quote.unit_micro:06}".rstrip("0") in get("/prices?q=DE")


def probe_all(at: dt.datetime) -> list[Probe]:
    return Probe.objects.using("system").bulk_create(status.measure(at=at))


@pytest.mark.promise("otp-15", "api-17")
def test_what_is_measured_is_shown_and_what_is_not_is_no_data() -> None:
    at = clock.now()
    Probe.objects.using("system").all().delete()
    assert "No data" in get("/status")
    assert "Every part that is measured works" not in get("/status")
    cache.clear()

    probe_all(at)

    assert "No data: nothing was measured" not in get("/status")
    found = {part.key: part for part in status.parts(at=at)}
    assert found["database"].ok
    assert found["database"].gaps == status.HOURS - 1
    assert found["database"].good == 1


def test_an_old_measurement_says_nothing_about_now() -> None:
    at = clock.now()
    Probe.objects.using("system").all().delete()
    probe_all(at - dt.timedelta(hours=2))

    found = {part.key: part for part in status.parts(at=at)}

    assert found["database"].ok is None
    assert found["database"].good == 1


def test_a_disturbed_hour_is_not_good() -> None:
    at = clock.now()
    Probe.objects.using("system").all().delete()
    Probe.objects.using("system").bulk_create(
        [Probe(at=at, part="webhooks", ok=number > 1, value=90.0) for number in range(10)]
    )

    part = next(part for part in status.parts(at=at) if part.key == "webhooks")

    assert part.hours[-1].good == pytest.approx(0.8)
    assert part.cells[-1].tone == "warn"
    assert part.good_percent == "80\u202f%"


def test_measurements_are_removed_after_a_week() -> None:
    at = clock.now()
    old, new = probe_all(at - dt.timedelta(days=8)), probe_all(at)

    status.purge(at=at)

    left = set(Probe.objects.filter(id__in=[probe.id for probe in (*old, *new)]).values_list("id", flat=True))
    assert left == {probe.id for probe in new}


def test_the_web_role_cannot_write_the_status() -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('sp_app', 'smsplatform_probe', 'INSERT, UPDATE, DELETE')")
        assert cursor.fetchone() == (False,)


def test_the_privacy_page_says_how_to_ask(settings) -> None:  # type: ignore[no-untyped-def]  # pytest-django
    settings.PRIVACY_EMAIL = "privacy@example.org"

    assert "mailto:privacy@example.org" in get("/privacy")
