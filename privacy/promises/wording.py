"""Clauses with the values of the profile in force in them, in the language of the reader."""

import datetime as dt

from django.utils.translation import gettext, ngettext, npgettext

from privacy import profiles
from privacy.profiles import Value
from privacy.promises.model import Promise
from privacy.promises.register.row import PLACEHOLDER

HOUR, DAY, YEAR = 3600, 86400, 365 * 86400


def sentence(promise: Promise, *, profile: str = "") -> str:
    """The promise as it is published: translated, with its settings filled in."""
    text = gettext(promise.clause)
    return PLACEHOLDER.sub(
        lambda found: words(profiles.value(found.group(1), profile=profile), after=text[: found.start()]), text
    )


def words(value: Value, *, after: str = "") -> str:
    """A setting's value as a reader expects it ``after`` these words."""
    if isinstance(value, dt.timedelta):
        return duration(value, dative=after.endswith(" von "))
    if isinstance(value, tuple):
        return ", ".join(str(each) for each in value)
    return str(value)


def duration(time: dt.timedelta, *, dative: bool = False) -> str:
    """In the largest unit that fits; one day is said as hours, because that is how exact it is.

    German keeps texts "90 Tage" and answers "innerhalb von 30 Tagen": ``dative``.
    """
    seconds = int(time.total_seconds())
    if seconds % YEAR == 0:
        return _years(seconds // YEAR, dative=dative)
    if seconds % DAY == 0 and seconds > DAY:
        return _days(seconds // DAY, dative=dative)
    if seconds % HOUR == 0:
        return ngettext("%(count)d hour", "%(count)d hours", seconds // HOUR) % {"count": seconds // HOUR}
    minutes = -(-seconds // 60)
    return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}


def _years(count: int, *, dative: bool) -> str:
    if dative:
        return ngettext("%(count)d year", "%(count)d years", count) % {"count": count}
    return npgettext("kept for", "%(count)d year", "%(count)d years", count) % {"count": count}


def _days(count: int, *, dative: bool) -> str:
    if dative:
        return ngettext("%(count)d day", "%(count)d days", count) % {"count": count}
    return npgettext("kept for", "%(count)d day", "%(count)d days", count) % {"count": count}
