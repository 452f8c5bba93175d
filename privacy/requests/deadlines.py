"""Until when a request must be answered: what the law of a residence says, and what we promise everybody.

The earlier of the two counts. Sources: GDPR Art. 12(3); CCPA 1798.130(a)(2); LGPD Art. 19; PIPA (Korea) Art. 35 with
its decree; LFPDPPP (Mexico) Art. 32; PIPEDA 8(3); revDSG Art. 25(7); PDPA (Singapore) reg. 5; Privacy Act (Australia)
APP 12.4; PDPA (Malaysia) sec. 31. Residence is never required: without one our own promise counts.
"""

import calendar
import datetime as dt
from dataclasses import dataclass

from privacy import profiles
from privacy.models.data_request import Kind

DAY = dt.timedelta(days=1)
CHILD = 3 * DAY  # a child's account goes first
BUSINESS_UNTIL = 7 * DAY  # answers promised within a week are counted in business days
SATURDAY = 5
_EUROPE = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK IS LI NO"
EUROPE = frozenset(_EUROPE.split())


@dataclass(frozen=True, kw_only=True, slots=True)
class Law:
    """What a law gives us to answer, and how much longer with notice. ``month``: not longer than a calendar month."""

    code: str
    name: str
    first: dt.timedelta
    longer: dt.timedelta = dt.timedelta(0)
    month: bool = False


NONE = Law(code="", name="", first=10_000 * DAY, longer=10_000 * DAY)
GDPR = Law(code="gdpr", name="GDPR", first=30 * DAY, longer=60 * DAY, month=True)
UK_GDPR = Law(code="uk_gdpr", name="UK GDPR", first=30 * DAY, longer=60 * DAY, month=True)
CCPA = Law(code="ccpa", name="CCPA", first=45 * DAY, longer=45 * DAY)
LAWS = {
    "GB": UK_GDPR,
    "US-CA": CCPA,
    "BR": Law(code="lgpd", name="LGPD", first=15 * DAY),
    "KR": Law(code="pipa", name="PIPA", first=10 * DAY),
    "MX": Law(code="lfpdppp", name="LFPDPPP", first=15 * DAY),
    "CA": Law(code="pipeda", name="PIPEDA", first=30 * DAY, longer=30 * DAY),
    "CH": Law(code="dsg", name="DSG", first=30 * DAY),
    "SG": Law(code="pdpa_sg", name="PDPA", first=30 * DAY),
    "AU": Law(code="app", name="Privacy Act", first=30 * DAY),
    "MY": Law(code="pdpa_my", name="PDPA", first=21 * DAY, longer=14 * DAY),
} | dict.fromkeys(EUROPE, GDPR)
_BY_CODE = {law.code: law for law in LAWS.values()}


def law(residence: str) -> Law:
    """The law of a residence: a country, or a state of one as in US-CA."""
    return LAWS.get(residence) or LAWS.get(residence[:2], NONE)


def due(*, kind: str, residence: str, received: dt.datetime) -> dt.datetime:
    """When the first answer is owed."""
    if kind == Kind.CHILD_ACCOUNT:
        return received + CHILD
    if kind == Kind.INQUIRY:
        return inquiry(received)
    found = law(residence)
    promised = min(found.first, profiles.duration("sla.request"))
    return min(received + promised, month_after(received)) if found.month else received + promised


def longest(*, law_code: str, due_at: dt.datetime) -> dt.datetime:
    """Until when the answer may be put off with notice; ``due_at`` itself where the law gives no more time."""
    longer = min(_BY_CODE.get(law_code, NONE).longer, profiles.duration("sla.request_extension"))
    return due_at + longer


def inquiry(received: dt.datetime) -> dt.datetime:
    """When a question is to be answered. Short promises are in business days, which have 24 hours each."""
    promised = profiles.duration("sla.inquiry")
    return business(received, promised) if promised <= BUSINESS_UNTIL else received + promised


def business(start: dt.datetime, length: dt.timedelta) -> dt.datetime:
    """``length`` later, Saturdays and Sundays not counted."""
    at, left = _weekday(start), length
    while left >= DAY:
        at, left = _weekday(at + DAY), left - DAY
    return _weekday(at + left)


def month_after(at: dt.datetime) -> dt.datetime:
    """The same day of the next month, or its last one."""
    year, month = divmod(at.year * 12 + at.month, 12)
    day = min(at.day, calendar.monthrange(year, month + 1)[1])
    return at.replace(year=year, month=month + 1, day=day)


def _weekday(at: dt.datetime) -> dt.datetime:
    """The moment itself, or the same time on the Monday after."""
    return at + max(0, 7 - at.weekday()) * DAY if at.weekday() >= SATURDAY else at
