"""The log's records as values: rows, the seals over them, the days made of seals, and how far it all had come."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from privacy import leaves
from privacy.sealing import merkle

HASH_BYTES = 32
NO_CHAIN = b""  # what the first seal is chained to


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """An event as it stands in the table."""

    id: UUID
    workspace: UUID
    actor: UUID | None
    action: str
    details: Mapping[str, str]
    at: dt.datetime
    withheld_until: dt.datetime | None
    salt: bytes
    mac: bytes

    @property
    def content(self) -> bytes:
        """The sealed text."""
        return leaves.canonical(
            id=self.id, workspace=self.workspace, actor=self.actor, action=self.action, details=self.details,
            at=self.at, withheld_until=self.withheld_until,
        )  # fmt: skip

    @property
    def leaf(self) -> bytes:
        """The leaf that this row makes now."""
        return leaves.leaf(self.salt, self.content)


@dataclass(frozen=True, kw_only=True, slots=True)
class Seal:
    """One minute: which events were found, with which leaves."""

    number: int
    at: dt.datetime
    first: int
    events: tuple[UUID, ...]
    leaves: tuple[bytes, ...]
    mac: bytes

    def content(self, chain: bytes) -> bytes:
        """What the mac is over; ``chain`` is the mac of the seal before."""
        head = json.dumps([self.number, leaves.stamp(self.at), self.first, len(self.events)], separators=(",", ":"))
        return b"\0".join([b"seal", head.encode(), chain.hex().encode()]) + b"".join(
            [*(event.bytes for event in self.events), *self.leaves]
        )

    @property
    def next_first(self) -> int:
        """The place after its last event."""
        return self.first + len(self.events)


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """One closed day; a leaf of the tree that checkpoints sign."""

    number: int
    day: dt.date
    first_seal: int
    last_seal: int
    first: int
    count: int
    root: bytes
    chain: bytes
    at: dt.datetime
    note: str

    @property
    def entry(self) -> bytes:
        """What the tree of segments holds: published, and about nobody."""
        content = {
            "count": self.count,
            "day": self.day.isoformat(),
            "first": self.first,
            "number": self.number,
            "root": self.root.hex(),
        }
        return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()

    @property
    def leaf(self) -> bytes:
        """Its hash in that tree."""
        return merkle.leaf_hash(self.entry)


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """How far the log had come, as the key store remembers it."""

    seal: int
    mac: bytes
    segments: int
    root: bytes


class Log(Protocol):
    """Where the records come from: the database, or a copy in a file."""

    def segments(self) -> list[Segment]:
        """Every closed day, in order."""

    def seals(self, first: int, last: int | None) -> Iterator[Seal]:
        """Those with numbers from ``first`` to ``last``, both included, in order."""

    def rows(self, events: Sequence[UUID]) -> dict[UUID, Row]:
        """The rows with these ids that exist."""

    def unsealed(self, before: UUID | None) -> Iterator[Row]:
        """Rows that no seal holds, with ids below ``before``."""

    def head(self) -> Head | None:
        """What the key store remembers; None where nobody can ask it."""


def split(joined: bytes) -> tuple[bytes, ...]:
    """Leaves that stand one after the other."""
    return tuple(joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES))
