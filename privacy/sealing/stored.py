"""The log in the database. It takes a cursor, so that whoever verifies chooses with which rights to read."""

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from typing import Any, LiteralString
from uuid import UUID

from privacy.keystore.models import LogHead
from privacy.models import AuditSegment
from privacy.sealing.records import Head, Row, Seal, Segment, split
from smsplatform.lib import ids

FETCHED = 1000
_ROW: LiteralString = "id, workspace_id, actor_id, action, details::text, at, withheld_until, salt, mac"
_ROWS: LiteralString = f"SELECT {_ROW} FROM privacy_audit_event WHERE id = ANY (%s)"  # noqa: S608  # our own columns
_UNSEALED: LiteralString = (
    f"SELECT {_ROW} FROM privacy_audit_event WHERE id >= %s AND id < %s AND id NOT IN "  # noqa: S608  # likewise
    "(SELECT unnest(events) FROM privacy_audit_seal WHERE at >= %s) ORDER BY id LIMIT %s"
)
_SEALS: LiteralString = (
    "SELECT number, at, first, events, leaves, mac FROM privacy_audit_seal "
    "WHERE number >= %s AND number <= %s ORDER BY number LIMIT %s"
)
_SEGMENTS: LiteralString = (
    "SELECT number, day_on, first_seal, last_seal, first, count, root, chain, at, note "
    "FROM privacy_audit_segment ORDER BY number"
)
LOWEST, HIGHEST = UUID(int=0), UUID(int=(1 << 128) - 1)
NUMBER_MAX = (1 << 63) - 1


class StoredLog:
    """The tables as ``cursor`` sees them."""

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor

    def segments(self) -> list[Segment]:
        """See ``Log``."""
        self.cursor.execute(_SEGMENTS)
        return [_segment(found) for found in self.cursor.fetchall()]

    def newest_segments(self, count: int) -> list[Segment]:
        """The last closed days, the newest first."""
        self.cursor.execute(_SEGMENTS + " DESC LIMIT %s", [count])
        return [_segment(found) for found in self.cursor.fetchall()]

    def seals(self, first: int, last: int | None) -> Iterator[Seal]:
        """See ``Log``; read in pieces, because a day has many."""
        after = first
        while True:
            self.cursor.execute(_SEALS, [after, NUMBER_MAX if last is None else last, FETCHED])
            found = [_seal(row) for row in self.cursor.fetchall()]
            yield from found
            if len(found) < FETCHED:
                return
            after = found[-1].number + 1

    def last_seal(self) -> Seal | None:
        """The newest one."""
        self.cursor.execute(
            "SELECT number, at, first, events, leaves, mac FROM privacy_audit_seal ORDER BY number DESC LIMIT 1"
        )
        found = self.cursor.fetchone()
        return _seal(found) if found else None

    def seal_with(self, event: UUID, *, since: dt.datetime) -> Seal | None:
        """The seal that holds this row, among those since then."""
        self.cursor.execute(
            "SELECT number, at, first, events, leaves, mac FROM privacy_audit_seal "
            "WHERE at >= %s AND %s = ANY (events) ORDER BY number LIMIT 1",
            [since, event],
        )
        found = self.cursor.fetchone()
        return _seal(found) if found else None

    def rows(self, events: Sequence[UUID]) -> dict[UUID, Row]:
        """See ``Log``."""
        self.cursor.execute(_ROWS, [list(events)])
        return {found[0]: _row(found) for found in self.cursor.fetchall()}

    def unsealed(self, before: UUID | None) -> Iterator[Row]:
        """See ``Log``."""
        yield from self.waiting(limit=NUMBER_MAX, before=before)

    def waiting(self, *, limit: int, since: dt.datetime | None = None, before: UUID | None = None) -> list[Row]:
        """At most ``limit`` rows that no seal holds, by id; ``since`` narrows both to what is younger."""
        lowest = ids.floor(since) if since else LOWEST
        self.cursor.execute(_UNSEALED, [lowest, before or HIGHEST, since or "-infinity", limit])
        return [_row(found) for found in self.cursor.fetchall()]

    def append_seal(self, seal: Seal) -> None:
        """Write a seal."""
        self.cursor.execute(
            "INSERT INTO privacy_audit_seal (number, at, first, events, leaves, mac) VALUES (%s, %s, %s, %s, %s, %s)",
            [seal.number, seal.at, seal.first, list(seal.events), b"".join(seal.leaves), seal.mac],
        )

    def append_segment(self, segment: Segment) -> None:
        """Write a closed day."""
        self.cursor.execute(
            "INSERT INTO privacy_audit_segment (number, day_on, first_seal, last_seal, first, count, root, chain, at, "
            "note) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                segment.number, segment.day, segment.first_seal, segment.last_seal, segment.first, segment.count,
                segment.root, segment.chain, segment.at, segment.note,
            ],
        )  # fmt: skip

    def head(self) -> Head | None:
        """See ``Log``."""
        found = LogHead.objects.first()
        if found is None:
            return None
        return Head(seal=found.seal, mac=bytes(found.mac), segments=found.segments, root=bytes(found.root))


def _row(found: Any) -> Row:
    id, workspace, actor, action, details, at, withheld_until, salt, mac = found
    return Row(
        id=id, workspace=workspace, actor=actor, action=action, details=json.loads(details), at=at,
        withheld_until=withheld_until, salt=bytes(salt), mac=bytes(mac),
    )  # fmt: skip


def _seal(found: Any) -> Seal:
    number, at, first, events, leaves, mac = found
    return Seal(number=number, at=at, first=first, events=tuple(events), leaves=split(bytes(leaves)), mac=bytes(mac))


def _segment(found: Any) -> Segment:
    number, day, first_seal, last_seal, first, count, root, chain, at, note = found
    return Segment(
        number=number, day=day, first_seal=first_seal, last_seal=last_seal, first=first, count=count,
        root=bytes(root), chain=bytes(chain), at=at, note=note,
    )  # fmt: skip


def segment_of(row: AuditSegment) -> Segment:
    """A stored day as a record."""
    return Segment(
        number=row.number, day=row.day_on, first_seal=row.first_seal, last_seal=row.last_seal, first=row.first,
        count=row.count, root=bytes(row.root), chain=bytes(row.chain), at=row.at, note=row.note,
    )  # fmt: skip
