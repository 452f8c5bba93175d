"""Whether a reason says something: words that are not filler, and enough of them. A person reads it afterwards."""

import re

from django.conf import settings

from accounts.models.grant import REASON_MIN

WORDS_MIN = 3
_WORD = re.compile(r"[^\W\d_]+")
_PERSONAL = re.compile(r"@|\d[\d ()/-]{6,}")
_FILLERS = frozenset(
    (
        *("test", "tests", "testing", "testen", "asdf", "foo", "bar", "baz", "lorem", "ipsum", "dolor", "sit", "amet"),
        *("abc", "blah", "bla", "reason", "grund", "none", "nothing", "placeholder", "todo", "tbd", "text", "dummy"),
    )
)
_ROWS = ("qwertyuiop", "qwertzuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm", "abcdefghijklmnopqrstuvwxyz")


def problem(text: str) -> str:
    """Why ``text`` is no reason: ``short``, ``placeholder``, ``personal``, or empty when it is one."""
    if _PERSONAL.search(text):
        return "personal"
    if len("".join(text.split())) < REASON_MIN:
        return "short"
    words = {word.casefold() for word in _WORD.findall(text)}
    telling = {word for word in words if not _is_filler(word)}
    enough = len(telling) >= WORDS_MIN and sum(map(len, telling)) >= REASON_MIN - WORDS_MIN
    return "" if enough else "placeholder"


def is_ticket(text: str) -> bool:
    """Whether this looks like a number of the ticket system; its pattern is a setting."""
    return len(text) <= 40 and re.fullmatch(settings.STAFF_TICKET, text) is not None


def _is_filler(word: str) -> bool:
    """A word people type to fill a field: a known one, one letter over and over, a run of the keyboard."""
    if word in _FILLERS or len(set(word)) == 1:
        return True
    return len(word) >= 3 and any(word in row or word[::-1] in row for row in _ROWS)
