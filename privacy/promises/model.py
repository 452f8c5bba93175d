"""What a promise is, and what a check answers.

Checks live where their data lives: each app has a ``promises.py``, found at start-up like ``personal_data.py``, which
declares functions by name (privacy's own are in ``privacy/live``); the register (``privacy/promises/register``) refers
to those names. A name that nobody declared is a gap, never silence.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeVar


class Status(StrEnum):
    """What is known of a promise now."""

    PROVEN = "proven"  # a machine looked, and it holds
    ATTESTED = "attested"  # a person says so, with evidence that has not run out
    FAILING = "failing"  # a machine looked, and it does not hold
    GAP = "gap"  # nothing can tell yet
    STALE = "stale"  # it was looked at too long ago


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What one check found. ``evidence`` holds counts, codes and times; never personal data."""

    holds: bool | None  # None: could not be told, with the reason in ``why``
    why: str = ""
    evidence: dict[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """Something a machine can look at. ``fresh`` is how long its answer counts."""

    name: str  # "messaging.body_age"
    method: Literal["database", "configuration", "probe"]
    what: str  # one sentence for the board
    run: Callable[[dt.datetime], Outcome]
    fresh: dt.timedelta = dt.timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Attestation:
    """What only a person can say: which evidence is wanted, and how long it counts."""

    evidence: str
    lasts: dt.timedelta = dt.timedelta(days=365)


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """One row of the register.

    It is shown by its ``checks``, by tests marked ``@pytest.mark.promise(id)`` when it is ``tested``, and by a person
    when ``attested`` says with what; it holds when all of those do. ``gap`` says why nothing can show it yet.
    """

    id: str  # "transit-22"
    clause: str  # the sentence; {retention.body} is filled from the profile
    mechanism: str  # what makes it true
    settings: tuple[str, ...] = ()  # keys of privacy.profiles
    checks: tuple[str, ...] = ()
    tested: bool = False
    attested: Attestation | None = None
    gap: str = ""
    claimed_if: str = ""  # published only where this setting is on

    @property
    def policy(self) -> str:
        """The policy it is from, or ``duty``."""
        return self.id.partition("-")[0]


class AlreadyDeclared(ValueError):
    """Two checks of one name."""


One = TypeVar("One", Check, Promise)
_checks: dict[str, Check] = {}
_promises: dict[str, Promise] = {}


def declare(*declarations: Check | Promise) -> None:
    """Add checks or promises. Raises ``AlreadyDeclared``."""
    for one in declarations:
        if isinstance(one, Check):
            _add(_checks, one.name, one)
        else:
            _add(_promises, one.id, one)


def _add(known: dict[str, One], name: str, one: One) -> None:
    if name in known:
        raise AlreadyDeclared(name)
    known[name] = one


def check(name: str) -> Check | None:
    """The check of this name, if somebody declared one."""
    return _checks.get(name)


def checks() -> list[Check]:
    """Every check."""
    return list(_checks.values())


def promises() -> list[Promise]:
    """The register, in its order."""
    return list(_promises.values())
