"""The only writer of audit events. Called inside the transaction of what it records: no act without its record."""

import datetime as dt
import json
import re
from uuid import UUID

from django.db import connections

from smsplatform.lib import ids

_ACTION = re.compile(r"[a-z]+:[a-z_]+:[a-z_]+")
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


class InvalidEvent(ValueError):
    """An action is ``source:subject:action``; details are ids and short codes, never personal data."""


def record(
    *,
    action: str,
    workspace: UUID,
    actor: UUID | None,
    at: dt.datetime,
    details: dict[str, str],
    using: str = "default",
) -> UUID:
    """Append an event in the open scope of ``workspace``; returns its id. Raises ``InvalidEvent``."""
    if not _ACTION.fullmatch(action) or not all(_CODE.fullmatch(value) for value in details.values()):
        raise InvalidEvent(action)
    event_id = ids.uuid7()
    with connections[using].cursor() as cursor:
        cursor.execute(
            "INSERT INTO privacy_audit_event (id, workspace_id, actor_id, action, details, at) "
            "VALUES (%s, %s, %s, %s, %s::jsonb, %s)",
            [event_id, workspace, actor, action, json.dumps(details), at],
        )
    return event_id
