"""Plain database sessions for the pipeline's threads: prepared statements, no ORM, honest about lost connections."""

import atexit
import logging
import select
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString, TypeVar

import psycopg
from django.db import InterfaceError, OperationalError, connections

logger = logging.getLogger(__name__)
T = TypeVar("T")
BACKOFF_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0)


class DatabaseUnavailable(RuntimeError):
    """The database cannot be reached or ended the session; nothing is known about the statement under way."""


# What an outage looks like through Django, through a session of ours, and through the driver.
UNAVAILABLE = (
    DatabaseUnavailable,
    OperationalError,
    InterfaceError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)


def conninfo(alias: str) -> dict[str, Any]:
    """Connection parameters of a Django alias, without what only Django understands."""
    settings = connections[alias].settings_dict
    named = {
        "host": settings["HOST"],
        "port": settings["PORT"],
        "user": settings["USER"],
        "password": settings["PASSWORD"],
        "dbname": settings["NAME"],
        "options": settings["OPTIONS"].get("options"),
    }
    return {name: value for name, value in named.items() if value}


def again(alias: str, action: Callable[[], T]) -> T:
    """Run an action on Django's connection of this thread, a second time on a new one if the first was lost.

    For reads and idempotent writes outside transactions, in threads that no request cleans up after. Raises
    ``DatabaseUnavailable``.
    """
    try:
        return action()
    except (OperationalError, InterfaceError):
        if connections[alias].in_atomic_block:
            raise
        connections[alias].close()
    try:
        return action()
    except (OperationalError, InterfaceError) as error:
        connections[alias].close()
        raise DatabaseUnavailable(type(error).__name__) from None


class Session:
    """One autocommit session, opened when first used and again after it was lost. For one thread at a time.

    A ``relaxed`` one does not wait until its commits are on the disk: a crash of the database may undo the last of
    them, so it is for what may as well be done twice (leases) or be lost (a log of requests). Others do not wait behind
    it for the disk, which is what it is for.
    """

    def __init__(self, alias: str, *, relaxed: bool = False) -> None:
        self._alias, self._relaxed = alias, relaxed
        self._connection: psycopg.Connection[Any] | None = None

    def rows(self, sql: LiteralString, arguments: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of one statement. Raises ``DatabaseUnavailable`` when the session is lost."""
        try:
            return self._opened().execute(sql, arguments, binary=True).fetchall()
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self.close()
            raise DatabaseUnavailable(type(error).__name__) from None

    def value(self, sql: LiteralString, arguments: Sequence[Any] = ()) -> Any:
        """The first column of the first row."""
        return self.rows(sql, arguments)[0][0]

    def together(self, statements: Sequence[tuple[LiteralString, Sequence[Any]]]) -> list[list[tuple[Any, ...]]]:
        """All rows of each statement, in one transaction. Raises ``DatabaseUnavailable``; then none has happened."""
        try:
            connection = self._opened()
            with connection.transaction():
                return [connection.execute(sql, given, binary=True).fetchall() for sql, given in statements]
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self.close()
            raise DatabaseUnavailable(type(error).__name__) from None

    @property
    def backend_pid(self) -> int:
        """The server process of this session, which signed contexts name. Raises ``DatabaseUnavailable``."""
        try:
            return self._opened().info.backend_pid
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self.close()
            raise DatabaseUnavailable(type(error).__name__) from None

    def _opened(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            parameters = conninfo(self._alias)
            if self._relaxed:
                parameters["options"] = f"{parameters.get('options', '')} -c synchronous_commit=off"
            self._connection = psycopg.connect(**parameters, autocommit=True, prepare_threshold=0)
        return self._connection

    def close(self) -> None:
        """End the session; the next statement opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    @property
    def hung_up(self) -> bool:
        """Whether the server has ended this session: there is something to read though nothing was asked."""
        if self._connection is None or self._connection.closed:
            return False
        waiting = select.poll()
        waiting.register(self._connection.fileno(), select.POLLIN)
        return bool(waiting.poll(0))


_idle: dict[tuple[str, bool], list[Session]] = {}
_lending = threading.Lock()


@contextmanager
def session(alias: str, *, relaxed: bool = False) -> Iterator[Session]:
    """A session of this process, lent for a while and then given to whoever asks next: opening one costs more than most
    of what tasks ask.

    The last one given back is lent first. A pool of threads so has as many as are at work at a time, and not one for
    each thread. One that the server ended meanwhile is replaced by a new one.
    """
    with _lending:
        idle = _idle.setdefault((alias, relaxed), [])
        lent = idle.pop() if idle else Session(alias, relaxed=relaxed)
    if lent.hung_up:
        lent.close()
    try:
        yield lent
    finally:
        with _lending:
            idle.append(lent)


@atexit.register
def _hang_up() -> None:
    """Say good-bye, instead of leaving it to the garbage collector of a process that ends."""
    for idle in _idle.values():
        for known in idle:
            known.close()


def insist(action: Callable[[], T], stopping: threading.Event) -> T | None:
    """Repeat ``action`` until the database takes it: for facts that must be written. None when told to stop first."""
    failures = 0
    while True:
        try:
            return action()
        except DatabaseUnavailable:
            wait = BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS) - 1)]
            failures += 1
            if failures == 1:
                logger.warning("database_unavailable")
            if stopping.wait(wait):
                return None
