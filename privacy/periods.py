"""How long a retention unit lasts, in words: read from the profile whenever they are shown, so that they stay true."""

import datetime as dt

from django.utils.functional import lazystr
from django.utils.translation import gettext, ngettext, npgettext

from privacy import profiles

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
YEAR = 365 * DAY


def in_words(period: dt.timedelta) -> str:
    """``90 days``: years and days where they come out even, hours else."""
    if period >= YEAR and not period % YEAR:
        return npgettext("kept for", "%(count)d year", "%(count)d years", period // YEAR) % {"count": period // YEAR}
    if period > DAY and not period % DAY:
        return npgettext("kept for", "%(count)d day", "%(count)d days", period // DAY) % {"count": period // DAY}
    return ngettext("%(count)d hour", "%(count)d hours", period // HOUR) % {"count": period // HOUR}


class Words:
    """What a unit says of its period: ``{period}`` is filled in when it is shown, in the reader's language."""

    def __init__(self, text: str, key: str, period: dt.timedelta | None) -> None:
        self.text, self.key, self.period = text or "{period}", key, period

    def __str__(self) -> str:
        period = profiles.value(self.key) if self.key else self.period
        return gettext(self.text).replace("{period}", in_words(period) if period else "")


def lazy(text: str, key: str, period: dt.timedelta | None) -> str:
    """Text that looks its period up each time it is shown."""
    shown: str = lazystr(Words(text, key, period))  # type: ignore[assignment]  # a promise of a str, as Django's are
    return shown
