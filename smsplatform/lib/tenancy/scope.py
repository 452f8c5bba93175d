"""Entering a workspace: one transaction whose first statement proves the workspace to the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from django.db import connections, transaction

from smsplatform.lib.tenancy import context

_current: ContextVar[UUID | None] = ContextVar("workspace", default=None)


class ForeignScope(RuntimeError):
    """Another workspace is open; leave it before entering this one."""


def current() -> UUID | None:
    """The workspace whose scope is open, if any."""
    return _current.get()


@contextmanager
def workspace(workspace_id: UUID, *, using: str = "default") -> Iterator[None]:
    """Run the block in one transaction that sees and writes only rows of ``workspace_id``.

    The transaction is the outermost one: a context set inside a savepoint would vanish with its rollback.
    Entering the same workspace again is free; entering another raises ``ForeignScope``.
    """
    if (present := _current.get()) is not None:
        if present != workspace_id:
            raise ForeignScope
        yield
        return
    with transaction.atomic(using=using, durable=True):
        prove(workspace_id, using=using)
        reset = _current.set(workspace_id)
        try:
            yield
        finally:
            _current.reset(reset)


def prove(workspace_id: UUID, *, using: str = "default") -> None:
    """Send the signed context of ``workspace_id`` in the running transaction."""
    connection = connections[using]
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenancy.enter(%s)", [token(workspace_id, using=using)])


def token(subject: UUID, *, kind: str = "w", using: str = "default") -> str:
    """A context token for ``subject``, bound to the session of ``using``."""
    connection = connections[using]
    connection.ensure_connection()
    return context.token(kind, subject, connection.connection.info.backend_pid)
