"""What of an audit event is sealed: one text per event, and its hash together with the event's salt.

The text is JSON with sorted keys and no spaces, times in UTC with microseconds, so that anybody can make it again from
the row. The salt keeps a hash that outlives its event from telling what was in it.
"""

import datetime as dt
import json
from collections.abc import Mapping
from hashlib import sha256
from uuid import UUID

SALT_BYTES = 16
LEAF = b"\x00"  # RFC 6962 section 2.1: what a hash stands for is part of what is hashed


def canonical(
    *,
    id: UUID,
    workspace: UUID,
    actor: UUID | None,
    action: str,
    details: Mapping[str, str],
    at: dt.datetime,
    withheld_until: dt.datetime | None,
) -> bytes:
    """The sealed text of an event."""
    content = {
        "action": action,
        "actor": str(actor) if actor else None,
        "at": stamp(at),
        "details": dict(details),
        "id": str(id),
        "withheld_until": stamp(withheld_until) if withheld_until else None,
        "workspace": str(workspace),
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def leaf(salt: bytes, content: bytes) -> bytes:
    """SHA-256(0x00 ‖ salt ‖ content): the hash of an event in the tree of its day."""
    return sha256(LEAF + salt + content).digest()


def stamp(moment: dt.datetime) -> str:
    """A moment as it is sealed."""
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds")
