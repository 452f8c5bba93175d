"""Taking back: cancel what has not left, redact or erase what is over. Each is one function of the database."""

import datetime as dt
from uuid import UUID

from django.db import connections

from privacy import audit, holds
from smsplatform.lib.api.problems import Problem
from smsplatform.lib.tenancy import scope

_CODES = {"not_final": "conflict", "held": "conflict"}
_DETAILS = {
    "not_final": "The message is still on its way. Cancel it or wait until it reaches a final state.",
    "held": "The message cannot be removed at the moment. Ask the operator of this platform.",
}


def cancel(*, workspace: UUID, message: UUID, by: UUID | None, at: dt.datetime) -> None:
    """Stop a message that no carrier has and return its price. Raises ``Problem`` (404, 409)."""
    _call("SELECT pipeline.cancel(%s, %s, %s)", workspace, message, "canceled", at)
    _record("canceled", workspace, message, by, at)


def redact(*, workspace: UUID, message: UUID, by: UUID | None, at: dt.datetime) -> None:
    """Remove text, number, reference and metadata of a final message. Raises ``Problem`` (404, 409)."""
    _refuse_held(workspace, message)
    _call("SELECT pipeline.redact(%s, %s, %s)", workspace, message, "redacted", at)
    _record("redacted", workspace, message, by, at)


def erase(*, workspace: UUID, message: UUID, by: UUID | None, at: dt.datetime) -> None:
    """Remove a final message and all that hangs on it. Raises ``Problem`` (404, 409)."""
    _refuse_held(workspace, message)
    _call("SELECT pipeline.erase(%s, %s)", workspace, message, "erased")
    _record("erased", workspace, message, by, at)


def _refuse_held(workspace: UUID, message: UUID) -> None:
    """A hold beats erasure, for what it names."""
    if holds.standing(workspace=workspace, unit=holds.METADATA, message=message):
        raise Problem.single(_CODES["held"], detail=_DETAILS["held"])


def _call(sql: str, workspace: UUID, message: UUID, done: str, *at: dt.datetime) -> None:
    token = scope.token(workspace)
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, [token, message, *at])
        word: str = cursor.fetchone()[0]
    if word != done:
        raise Problem.single(_CODES.get(word, word), detail=_DETAILS.get(word))


def _record(what: str, workspace: UUID, message: UUID, by: UUID | None, at: dt.datetime) -> None:
    audit.record(action=f"user:message:{what}", workspace=workspace, actor=by, at=at, details={"message": str(message)})
