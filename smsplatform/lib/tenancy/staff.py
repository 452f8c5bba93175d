"""What staff may see: nothing, until a grant admits them to one workspace for a short while.

Inside ``console()``, which surrounds every staff page, everything of customers is closed: the key ring refuses their
keys, and the router sends reads of their tables to the login ``sp_staff``, whose row policies want a signed grant.
``admitted(pass)`` opens one workspace, up to a level. The three doors ask here and know nothing of each other, so that
forgetting one shows nothing.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from uuid import UUID

from django.db import connections, transaction

from smsplatform.lib import clock
from smsplatform.lib.tenancy import context

SQL = (Path(__file__).parent / "staff.sql").read_text()
ALIAS = "staff"


class Level(IntEnum):
    """How much a grant shows; each includes those before it. Values are stored and signed."""

    METADATA = 1  # what happened, when, and what it cost; numbers masked
    IDENTIFIERS = 2  # to whom: numbers, references, addresses
    CONTENT = 3  # what was said


class StaffRefused(PermissionError):
    """Staff asked for something of a customer without a grant that covers it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pass:
    """A grant in force: what ``admitted`` wants to know of it."""

    grant: UUID
    workspace: UUID
    level: Level
    until: dt.datetime


_inside: ContextVar[bool] = ContextVar("staff_console", default=False)
_admitted: ContextVar[Pass | None] = ContextVar("staff_pass", default=None)


def in_console() -> bool:
    """Whether what runs now was asked for by a page of the staff console."""
    return _inside.get()


def held() -> Pass | None:
    """The pass in force."""
    return _admitted.get()


def admits(workspace: UUID, level: Level, *, at: dt.datetime) -> bool:
    """Whether the pass in force covers ``workspace`` at ``level``."""
    present = _admitted.get()
    return present is not None and present.workspace == workspace and present.level >= level and at < present.until


@contextmanager
def console() -> Iterator[None]:
    """Run the block as a staff page: closed to everything of customers."""
    inside, admitted_before = _inside.set(True), _admitted.set(None)
    try:
        yield
    finally:
        _admitted.reset(admitted_before)
        _inside.reset(inside)


@contextmanager
def admitted(allowed: Pass) -> Iterator[None]:
    """Run the block with one workspace open for reading, in a transaction of ``sp_staff`` that proves the grant.

    Raises ``StaffRefused`` outside of the console, inside another pass, and when the grant is over.
    """
    if not _inside.get() or _admitted.get() is not None or allowed.until <= clock.now():
        raise StaffRefused("not in the console, in another workspace already, or too late")
    with transaction.atomic(using=ALIAS, durable=True):
        prove(allowed)
        reset = _admitted.set(allowed)
        try:
            yield
        finally:
            _admitted.reset(reset)


def prove(allowed: Pass) -> None:
    """Send the signed grant in the running transaction of ``sp_staff``."""
    connection = connections[ALIAS]
    connection.ensure_connection()
    token = context.token(f"s{allowed.level.value}", allowed.workspace, connection.connection.info.backend_pid)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenancy.enter_staff(%s)", [token])
