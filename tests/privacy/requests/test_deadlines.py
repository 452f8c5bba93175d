"""Until when a request must be answered, by residence and by promise."""

import datetime as dt

import pytest
from django.test import override_settings

from privacy.models.data_request import Kind
from privacy.requests import authorities, deadlines

DAY = dt.timedelta(days=1)
MONDAY = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
JANUARY_30 = dt.datetime(2026, 1, 30, 9, 30, tzinfo=dt.UTC)


def days(residence: str, *, received: dt.datetime = MONDAY) -> tuple[int, int]:
    """The first deadline in days, and the last one after an extension."""
    due = deadlines.due(kind=Kind.ACCESS, residence=residence, received=received)
    last = deadlines.longest(law_code=deadlines.law(residence).code, due_at=due)
    return (due - received).days, (last - received).days


@pytest.mark.promise("transit-80", "transit-84", "transit-85", "api-31", "team-55", "fleet-53")
@pytest.mark.parametrize(
    ("residence", "first", "last"),
    [
        ("DE", 30, 90),
        ("GB", 30, 90),
        ("US-CA", 30, 75),  # the law gives 45, we promise 30
        ("US-TX", 30, 90),
        ("BR", 15, 15),
        ("KR", 10, 10),
        ("MX", 15, 15),
        ("CA", 30, 60),
        ("CH", 30, 30),
        ("SG", 30, 30),
        ("AU", 30, 30),
        ("MY", 21, 35),
        ("", 30, 90),
        ("ZZ", 30, 90),
    ],
)
def test_the_earlier_of_law_and_promise_counts(residence: str, first: int, last: int) -> None:
    assert days(residence) == (first, last)


def test_a_month_of_february_is_shorter_than_thirty_days() -> None:
    assert days("FR", received=JANUARY_30)[0] == 29
    assert days("", received=JANUARY_30)[0] == 30


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (dt.datetime(2026, 1, 31), dt.datetime(2026, 2, 28)),
        (dt.datetime(2028, 1, 31), dt.datetime(2028, 2, 29)),
        (dt.datetime(2026, 12, 31), dt.datetime(2027, 1, 31)),
        (dt.datetime(2026, 4, 15), dt.datetime(2026, 5, 15)),
    ],
)
def test_a_month_ends_on_the_same_day_or_the_last(received: dt.datetime, expected: dt.datetime) -> None:
    assert deadlines.month_after(received) == expected


@pytest.mark.promise("api-38", "otp-52")
@pytest.mark.parametrize(
    ("profile", "received", "expected"),
    [
        ("api", MONDAY, MONDAY + 2 * DAY),
        ("api", MONDAY + 3 * DAY, MONDAY + 7 * DAY),  # Thursday: Friday, Monday
        ("api", MONDAY + 4 * DAY, MONDAY + 8 * DAY),  # Friday: Monday, Tuesday
        ("api", MONDAY + 5 * DAY, MONDAY + 9 * DAY),  # Saturday counts as the Monday after
        ("otp", MONDAY, MONDAY + 7 * DAY),
        ("fleet", MONDAY, MONDAY + 30 * DAY),
    ],
)
def test_questions_are_answered_within_business_days(
    profile: str, received: dt.datetime, expected: dt.datetime
) -> None:
    with override_settings(POLICY_PROFILE=profile):
        assert deadlines.due(kind=Kind.INQUIRY, residence="", received=received) == expected


@pytest.mark.promise("otp-50", "team-57", "transit-112")
def test_the_account_of_a_child_goes_first() -> None:
    assert deadlines.due(kind=Kind.CHILD_ACCOUNT, residence="DE", received=MONDAY) == MONDAY + 3 * DAY


@pytest.mark.promise("fleet-54", "transit-71", "team-56")
def test_every_country_of_the_gdpr_has_an_authority() -> None:
    missing = [country for country in deadlines.EUROPE | {"GB"} if authorities.of(country) is None]

    assert missing == []
    assert all(one.url.startswith("https://") for one in authorities.AUTHORITIES.values())
    assert authorities.of("US-TX") is None
