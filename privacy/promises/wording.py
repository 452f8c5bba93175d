"""Clauses with the values of the profile in force in them, in the language of the reader."""

import datetime as dt

from django.utils.translation import gettext, ngettext

from privacy import profiles
from privacy.profiles import Value
from privacy.promises.model import Promise
from privacy.promises.register.row import PLACEHOLDER

HOUR, DAY, YEAR = 3600, 86400, 365 * 86400


def sentence(promise: Promise, *, profile: str = "") -> str:
    """The promise as it is published: translated, with its settings filled in."""
    return PLACEHOLDER.sub(
        lambda found: words(profiles.value(found.group(1), profile=profile)), gettext(promise.clause)
    )


def words(value: Value) -> str:
    """A setting's value as a reader expects it."""
    if isinstance(value, dt.timedelta):
        return duration(value)
    if isinstance(value, tuple):
        return ", ".join(str(each) for each in value)
    return str(value)


def duration(time: dt.timedelta) -> str:
    """In the largest unit that fits; one day is said as hours, because that is how exact it is."""
    seconds = int(time.total_seconds())
    if seconds % YEAR == 0:
        return ngettext("%(count)d year", "%(count)d years", seconds // YEAR) % {"count": seconds // YEAR}
    if seconds % DAY == 0 and seconds > DAY:
        return ngettext("%(count)d day", "%(count)d days", seconds // DAY) % {"count": seconds // DAY}
    if seconds % HOUR == 0:
        return ngettext("%(count)d hour", "%(count)d hours", seconds // HOUR) % {"count": seconds // HOUR}
    minutes = -(-seconds // 60)
    return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
