"""Every cookie that this installation may leave in a browser. A crawl in a real browser finds those that are missing.

Nothing else is stored there: no local storage, no database, no cache. ``since`` is the day from which a cookie is
declared; an answer given to its group before that day does not cover it, so that it is asked again.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy import profiles

DAY = dt.timedelta(days=1)
YEAR = 365 * DAY
TEXT_VERSION = "2026-11-21"  # of the words of the panel and of this page; records name the version somebody read


class Group(StrEnum):
    """What is decided together."""

    ESSENTIAL = "essential"
    FUNCTIONAL = "functional"
    ANALYTICS = "analytics"


OPTIONAL = (Group.FUNCTIONAL, Group.ANALYTICS)
CONSENT_COOKIE, VISIT_COOKIE, THEME_COOKIE = "consent", "visit", "theme"
VISIT_KEPT = 30 * DAY


@dataclass(frozen=True, kw_only=True, slots=True)
class Cookie:
    """A cookie. ``name`` may end in ``*``; ``lifetime`` is None for one that ends with the browser's session."""

    name: str
    purpose: str | Promise
    group: Group
    lifetime: dt.timedelta | None
    since: dt.date
    set_by: str = ""  # another site's name; empty for ours
    when: str | Promise = ""
    used: bool = True  # by the policy in force

    def covers(self, name: str) -> bool:
        """Whether a cookie in a browser is this one."""
        return fnmatchcase(name, self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """A group in the words of the panel."""

    group: Group
    title: str | Promise
    what: str | Promise


def mode() -> str:
    """How visits are counted: ``off``, ``log`` (no cookie, no id), or ``consent_cookie``."""
    return str(profiles.value("analytics.mode"))


def third_party() -> str:
    """Whose analytics are offered beside ours, by the policy and with an address of theirs; empty for nobody's."""
    return str(profiles.value("analytics.third_party")) if settings.ANALYTICS_TAG else ""


def declared() -> tuple[Cookie, ...]:
    """Every cookie of every policy."""
    return (*_essential(), *_functional(), *_analytics())


def in_use() -> tuple[Cookie, ...]:
    """Every cookie of the policy in force, in the order of the groups."""
    return tuple(cookie for cookie in declared() if cookie.used)


def find(name: str) -> Cookie | None:
    """The declaration of a cookie in a browser."""
    return next((cookie for cookie in declared() if cookie.covers(name)), None)


def asks() -> bool:
    """Whether there is anything that needs an answer before it happens; if not, nobody is asked."""
    return any(cookie.group == Group.ANALYTICS for cookie in in_use())


def words() -> tuple[Words, ...]:
    """The groups that can be decided on, as the panel tells them."""
    found = [
        Words(
            group=Group.FUNCTIONAL,
            title=_("Preferences"),
            what=_("Remembers the colours you choose. Nothing is stored until you choose some."),
        )
    ]
    if mode() != "off":
        found.append(Words(group=Group.ANALYTICS, title=_("Statistics"), what=_counting()))
    return tuple(found)


def _counting() -> str | Promise:
    if third_party():
        return _("Counts visits to public pages with cookies of this site and of Google Analytics, if you agree.")
    if mode() == "consent_cookie":
        return _("Counts visits to public pages with a random number in a cookie of this site, if you agree.")
    return _("Counts views of public pages without a cookie: the page, the minute, and a shortened network address.")


def _essential() -> tuple[Cookie, ...]:
    return (
        Cookie(
            name=settings.SESSION_COOKIE_NAME,
            purpose=_("Keeps you signed in."),
            group=Group.ESSENTIAL,
            lifetime=dt.timedelta(seconds=settings.SESSION_COOKIE_AGE),
            since=dt.date(2026, 11, 21),
            when=_("when you sign in or sign up"),
        ),
        Cookie(
            name=settings.CSRF_COOKIE_NAME,
            purpose=_("Protects forms against being sent by another site."),
            group=Group.ESSENTIAL,
            lifetime=dt.timedelta(seconds=settings.CSRF_COOKIE_AGE),
            since=dt.date(2026, 11, 21),
            when=_("on pages with a form that changes something"),
        ),
        Cookie(
            name=settings.LANGUAGE_COOKIE_NAME,
            purpose=_("Remembers the language you chose."),
            group=Group.ESSENTIAL,
            lifetime=YEAR,
            since=dt.date(2026, 11, 21),
            when=_("when you choose a language"),
        ),
        Cookie(
            name=CONSENT_COOKIE,
            purpose=_("Remembers what you decided here, with the random id of the record of it."),
            group=Group.ESSENTIAL,
            lifetime=dt.timedelta(seconds=settings.COOKIE_CONSENT_MAX_AGE),
            since=dt.date(2026, 11, 21),
            when=_("when you decide"),
        ),
    )


def _functional() -> tuple[Cookie, ...]:
    return (
        Cookie(
            name=THEME_COOKIE,
            purpose=_("Remembers light or dark colours."),
            group=Group.FUNCTIONAL,
            lifetime=YEAR,
            since=dt.date(2026, 11, 21),
            when=_("when you choose colours"),
        ),
    )


def _analytics() -> tuple[Cookie, ...]:
    theirs = third_party() == "google_analytics"
    return (
        Cookie(
            name=VISIT_COOKIE,
            purpose=_("Tells visits to public pages apart."),
            group=Group.ANALYTICS,
            lifetime=VISIT_KEPT,
            since=dt.date(2026, 11, 21),
            when=_("on public pages, after you agreed"),
            used=mode() == "consent_cookie",
        ),
        *(
            Cookie(
                name=name,
                purpose=_("Tells visits apart for statistics, with shortened network addresses."),
                group=Group.ANALYTICS,
                lifetime=2 * YEAR,
                since=dt.date(2026, 11, 21),
                set_by="Google Analytics",
                when=_("on public pages, after you agreed"),
                used=theirs,
            )
            for name in ("_ga", "_ga_*")
        ),
    )
