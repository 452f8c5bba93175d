"""What the overview shows, made of figures: cards, the chart, corridors and first steps."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.roles import Scope
from billing.ledger import Balance
from messaging.figures import Figures, Sum
from messaging.first_steps import Progress
from smsplatform import charts
from smsplatform.templatetags.ui import money

GOOD, FAIR = 0.97, 0.9  # delivery rates
CORRIDORS_MAX = 6
SPENDING_DAYS = 7
SOON_DAYS = 3
LONG_DAYS = 365


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """A figure, how it moved, and its line over the days."""

    title: str
    value: str
    note: str
    tone: str  # "", ok, bad, warn
    line: Sequence[float | None]
    lowest: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Corridor:
    """One country as a way for messages."""

    country: str
    messages: int
    rate: float | None
    percent: str
    latency: str
    tone: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A first step; without ``url`` there is nowhere to go, or nothing left to do."""

    label: str
    done: bool
    url: str


def cards(figures: Figures, balance: Balance | None, *, livemode: bool) -> list[Card]:
    """The four figures. Those who may not see money get what is on its way instead."""
    days = list(figures.days.values())
    last = _open(figures) if balance is None else _balance(balance, days, livemode=livemode)
    return [_messages(figures, days), _rate(figures, days), _latency(figures, days), last]


def _messages(figures: Figures, days: Sequence[Sum]) -> Card:
    count, before = figures.now.messages, figures.before.messages
    note = _percent(_signed((count - before) / before * 100)) if before else ""
    return Card(
        title=ngettext("Messages, %(count)d day", "Messages, %(count)d days", len(days)) % {"count": len(days)},
        value=_whole(count),
        note=note or _("%(count)s today") % {"count": _whole(days[-1].messages)},
        tone="",
        line=[day.messages for day in days],
        lowest=0,
    )


def _rate(figures: Figures, days: Sequence[Sum]) -> Card:
    now, before = figures.now.rate, figures.before.rate
    change = None if now is None or before is None else (now - before) * 100
    return Card(
        title=_("Delivery rate"),
        value=percent(now),
        note=_rate_note(figures.now, change),
        tone=_better(change),
        line=[day.rate for day in days],
    )


def _rate_note(now: Sum, change: float | None) -> str:
    """How the rate moved; without a period before, what it is made of."""
    if now.rate is None:
        return _("no message has ended yet")
    words = {"delivered": _whole(now.delivered), "ended": _whole(now.delivered + now.failed)}
    return _change(change, _("pt")) or _("%(delivered)s of %(ended)s") % words


def _latency(figures: Figures, days: Sequence[Sum]) -> Card:
    now, before = figures.now.median, figures.before.median
    change = None if now is None or before is None else now - before
    return Card(
        title=_("Median latency"),
        value=seconds(now),
        note=_("nothing delivered yet") if now is None else _change(change, "s") or _("half were faster"),
        tone=_better(None if change is None else -change),
        line=[day.median for day in days],
    )


def _open(figures: Figures) -> Card:
    return Card(
        title=_("On their way"),
        value=_whole(figures.now.open),
        note=_("accepted and not final yet"),
        tone="",
        line=[day.open for day in figures.days.values()],
        lowest=0,
    )


def _balance(balance: Balance, days: Sequence[Sum], *, livemode: bool) -> Card:
    """Money, and for how many days it lasts when every day costs what the last seven did on average."""
    lately = days[-SPENDING_DAYS:]
    spent = sum(day.price for day in lately)
    left = balance.available * len(lately) // spent if spent else None
    return Card(
        title=_("Balance") if livemode else _("Test money"),
        value=money(balance.available, balance.currency),
        note=_lasts(left),
        tone="bad" if balance.available <= 0 else "warn" if left is not None and left < SOON_DAYS else "",
        line=[day.price for day in days],
        lowest=0,
    )


def _lasts(days: int | None) -> str:
    if days is None:
        return _("nothing spent lately")
    if days > LONG_DAYS:
        return _("lasts more than a year")
    return ngettext("≈ %(count)d day left", "≈ %(count)d days left", days) % {"count": days}


def plot(figures: Figures) -> charts.Plot:
    """Messages per day, stacked by outcome."""
    kinds = [("delivered", _("Delivered"), "ok"), ("open", _("On their way"), "wait"), ("failed", _("Failed"), "bad")]
    if figures.now.canceled:
        kinds.append(("canceled", _("Canceled"), "idle"))
    points = [
        charts.Point(label=_day(day), values=tuple(getattr(sum_, name) for name, _label, _tone in kinds),
                     url=_messages_url(since=day, until=day))
        for day, sum_ in figures.days.items()
    ]  # fmt: skip
    return charts.bars([charts.Series(name=label, tone=tone) for _name, label, tone in kinds], points)


def corridors(figures: Figures, *, days: int) -> list[Corridor]:
    """The countries most messages go to."""
    since = next(iter(figures.days))
    return [
        Corridor(
            country=country,
            messages=sum_.messages,
            rate=sum_.rate,
            percent=percent(sum_.rate),
            latency=seconds(sum_.median),
            tone=_tone(sum_.rate),
            url=_messages_url(country=country, since=since),
        )
        for country, sum_ in list(figures.countries.items())[:CORRIDORS_MAX]
    ]


def steps(progress: Progress, person: Any, place: Any) -> list[Step]:
    """The first steps; none when all are done, when this person hid them or may do none of them."""
    if progress.hidden or not place.allows(Scope.MESSAGES_SEND):
        return []
    made = [
        _step(_("Confirm your e-mail"), "account", done=getattr(person, "email_confirmed_at", True) is not None),
        _step(_("Create an API key"), "api_keys", done=progress.api_keys),
        _step(_("Register a sender"), "senders", done=progress.senders),
        _step(_("Send your first message"), "send", done=progress.send),
        _step(_("Add a webhook"), "webhooks", done=progress.webhooks),
    ]
    return [] if all(step.done for step in made) else made


def percent(rate: float | None) -> str:
    """A rate as people read it; a dash for none. Only a full hundred is called so."""
    if rate is None:
        return "–"
    shown = 100.0 if rate == 1 else min(round(rate * 100, 1), 99.9)
    return _percent(_number(shown, 0 if shown == 100 else 1))


def seconds(value: float | None) -> str:
    """A latency in the unit that fits."""
    if value is None:
        return "–"
    for size, unit in ((3600, "h"), (60, "min")):
        if value >= 2 * size:
            return f"{_number(value / size, 1)}\u202f{unit}"
    return f"{_number(value, 1 if value >= 0.1 else 2)}\u202fs"


def _step(label: str, url_name: str, *, done: bool) -> Step:
    try:
        url = reverse(url_name)
    except NoReverseMatch:
        url = ""
    return Step(label=label, done=done, url="" if done else url)


def _change(change: float | None, unit: str) -> str:
    return "" if change is None else f"{_signed(change)}\u202f{unit}"


def _signed(change: float) -> str:
    shown = round(change, 1)
    sign = "+" if shown > 0 else "−" if shown < 0 else "±"
    return f"{sign}{_number(abs(shown), 1 if shown else 0)}"


def _percent(number: str) -> str:
    # Translators: a share in percent, such as 97.9%
    return _("%(number)s%%") % {"number": number}


def _better(change: float | None) -> str:
    """Whether a change is one; what rounds to nothing is none."""
    if change is None or abs(change) < 0.05:
        return ""
    return "ok" if change > 0 else "bad"


def _tone(rate: float | None) -> str:
    if rate is None:
        return "idle"
    return "ok" if rate >= GOOD else "warn" if rate >= FAIR else "bad"


def _day(day: dt.date) -> str:
    # Translators: a day and a month as the axis of a chart shows them, in Django's format characters
    return formats.date_format(day, pgettext("date format", "j M"))


def _messages_url(**filters: dt.date | str) -> str:
    return f"{reverse('messages')}?{urlencode({name: str(value) for name, value in filters.items()})}"


def _whole(number: int) -> str:
    return _number(number, 0)


def _number(number: float, places: int) -> str:
    return formats.number_format(number, places, use_l10n=True, force_grouping=True)
