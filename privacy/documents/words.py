"""Settings in words, in both languages: the same value reads the same wherever a document names it."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

HOUR, DAY, YEAR = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(days=365)
_UNITS = {
    "en": {"year": ("year", "years"), "day": ("day", "days"), "hour": ("hour", "hours"),
           "minute": ("minute", "minutes")},
    "de": {"year": ("Jahr", "Jahre"), "day": ("Tag", "Tage"), "hour": ("Stunde", "Stunden"),
           "minute": ("Minute", "Minuten")},
}  # fmt: skip
_NAMES: dict[str, tuple[str, str]] = {
    "": ("none", "keine"),
    "yes": ("yes", "ja"),
    "no": ("no", "nein"),
    "log": ("a log without cookies", "ein Protokoll ohne Cookies"),
    "consent_cookie": ("a cookie, after consent", "ein Cookie, nach Einwilligung"),
    "grace": ("after a time to think", "nach einer Bedenkzeit"),
    "now": ("at once", "sofort"),
    "choose": ("as they choose", "wie gewählt"),
    "settings": ("settings", "Einstellungen"),
    "form": ("form", "Formular"),
    "accepted": ("we accepted the message", "wir die Nachricht angenommen haben"),
    "final": ("the message reached its final state", "die Nachricht ihren Endzustand erreicht hat"),
    "banner": ("a banner in the dashboard", "einen Hinweis im Dashboard"),
    "mail": ("e-mail", "E-Mail"),
    "api": ("the API", "die API"),
    "name": ("name", "Name"),
    "phone": ("phone number", "Telefonnummer"),
    "company": ("company", "Firma"),
    "totp": ("authenticator app", "Authenticator-App"),
    "passkey": ("passkey", "Passkey"),
    "recovery": ("recovery codes", "Wiederherstellungscodes"),
}
_SLOT = re.compile(r"\{([a-z_.]+)\}")


class UnknownSlot(LookupError):
    """A text names a value that nobody knows."""


def duration(value: dt.timedelta, language: str) -> str:
    """In the largest unit that is exact; one day is said as hours, as people count it."""
    for name, size in (("year", YEAR), ("day", DAY), ("hour", HOUR), ("minute", dt.timedelta(minutes=1))):
        if value >= size and not value % size and value != DAY:
            count = value // size
            return f"{count} {_UNITS[language][name][count != 1]}"
    return f"{int(value / HOUR)} {_UNITS[language]['hour'][1]}"


def said(value: Any, language: str) -> str:
    """A value of ``privacy.profiles`` in words."""
    if isinstance(value, dt.timedelta):
        return duration(value, language)
    if isinstance(value, tuple):
        return _series([_name(one, language) for one in value], language) or _name("", language)
    if isinstance(value, bool):
        return _name("yes" if value else "no", language)
    return _name(value, language) if isinstance(value, str) else str(value)


def filled(text: str, values: Mapping[str, Any], language: str) -> str:
    """The text with its slots filled. Raises ``UnknownSlot``."""

    def fill(match: re.Match[str]) -> str:
        try:
            return said(values[match[1]], language)
        except KeyError:
            raise UnknownSlot(match[1]) from None

    return _SLOT.sub(fill, text)


def slots(text: str) -> set[str]:
    """The values a text names."""
    return set(_SLOT.findall(text))


def _name(value: str, language: str) -> str:
    found = _NAMES.get(value)
    return found[language == "de"] if found else value


def _series(words: list[str], language: str) -> str:
    joint = {"en": " and ", "de": " und "}[language]
    return joint.join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
