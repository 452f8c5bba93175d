"""The only writer of audit events. Called inside the transaction of what it records: no act without its record.

Each row carries a salt and the writer's MAC over its leaf, so that a row made or changed by somebody who has the
database, but not the key store, is found at once and not only after it was sealed (``privacy.sealing``).
"""

import datetime as dt
import json
import os
import re
from typing import LiteralString
from uuid import UUID

from django.db import connections

from privacy import keyring, leaves
from smsplatform.lib import ids

PLATFORM = keyring.PLATFORM  # the workspace of what happens in none: staff sign-ins, policy versions, breaches

_ACTION = re.compile(r"[a-z]+:[a-z_]+:[a-z_]+")
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_INSERT: LiteralString = (
    "INSERT INTO privacy_audit_event "
    "(id, workspace_id, actor_id, action, details, at, withheld_until, salt, mac) "
    "VALUES (%s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s)"
)
_APPEND: LiteralString = "SELECT privacy.append_platform(%s, %s, %s, %s::jsonb, %s, %s, %s, %s)"


class InvalidEvent(ValueError):
    """An action is ``source:subject:action``; details are ids and short codes, never personal data."""


def record(
    *,
    action: str,
    workspace: UUID,
    actor: UUID | None,
    at: dt.datetime,
    details: dict[str, str],
    withheld_until: dt.datetime | None = None,
    using: str = "default",
) -> UUID:
    """Append an event in the open scope of ``workspace``; returns its id. Raises ``InvalidEvent``.

    An event of ``PLATFORM`` needs no scope and may be written in anybody's. What the law forbids to tell the workspace
    is ``withheld_until`` a time: until then its pages leave it out, though it has its place in the sealed log.
    """
    if not _ACTION.fullmatch(action) or not all(_CODE.fullmatch(value) for value in details.values()):
        raise InvalidEvent(action)
    event_id, salt = ids.uuid7(), os.urandom(leaves.SALT_BYTES)
    content = leaves.canonical(
        id=event_id, workspace=workspace, actor=actor, action=action, details=details, at=at,
        withheld_until=withheld_until,
    )  # fmt: skip
    rest = [actor, action, json.dumps(details), at, withheld_until, salt, mac(leaves.leaf(salt, content))]
    with connections[using].cursor() as cursor:
        if workspace == PLATFORM:
            cursor.execute(_APPEND, [event_id, *rest])
        else:
            cursor.execute(_INSERT, [event_id, workspace, *rest])
    return event_id


def mac(leaf: bytes) -> bytes:
    """The writer's mark on a row: HMAC-SHA-256 under a key that the main database never holds."""
    return keyring.key(PLATFORM, keyring.Purpose.AUDIT).mac(b"row" + leaf)
