"""The register of our own tickets: ``SUP-`` and six letters or digits, read out on the telephone without mistakes.

Whoever gives such a number as the reason of a grant is held to it: the ticket exists, is the workspace's own, and is
not settled. Numbers of other systems only have to look like one (``accounts.reasons``).
"""

import re
import secrets
from typing import Literal
from uuid import UUID

from django.db import connections

from smsplatform.lib.tenancy import staff

PREFIX = "SUP-"
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # without those that are taken for another
_LENGTH = 6
_NUMBER = re.compile(rf"{PREFIX}[{_ALPHABET}]{{{_LENGTH}}}")

Problem = Literal["", "pattern", "unknown", "elsewhere", "closed"]


def number() -> str:
    """A new one, most likely: 700 million are possible, and the table takes each once."""
    return PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def is_number(text: str) -> bool:
    """Whether a ticket of ours could be called this."""
    return _NUMBER.fullmatch(text) is not None


def is_ours(text: str) -> bool:
    """Whether this claims to be a ticket of ours."""
    return text.startswith(PREFIX)


def problem(text: str, *, workspace: UUID) -> Problem:
    """Why a ticket of ours is no reason to look into ``workspace``; empty when it is one. Asked on staff pages."""
    if not is_number(text):
        return "pattern"
    with connections[staff.ALIAS].cursor() as cursor:
        cursor.execute("SELECT workspace, state FROM access.support_ticket(%s)", [text])
        found = cursor.fetchone()
    if found is None:
        return "unknown"
    if found[0] != workspace:
        return "elsewhere"
    return "closed" if found[1] == "resolved" else ""
