"""A copy of the log in a file, for whoever wants to verify it without the platform: one JSON object per line."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any
from uuid import UUID

from privacy.sealing.records import Head, Log, Row, Seal, Segment

KINDS: dict[str, type[Row | Seal | Segment]] = {"segment": Segment, "seal": Seal, "row": Row}


class InvalidCopy(ValueError):
    """The file is no copy of an audit log; the text names the line."""


def write(log: Log, path: Path) -> int:
    """Copy everything that is sealed, and what waits; how many rows. The file is readable by its owner only."""
    path.touch(mode=0o600)
    written = 0
    with path.open("w") as file:
        for kind, record in _everything(log):
            file.write(json.dumps({"kind": kind, **_plain(record)}, separators=(",", ":")) + "\n")
            written += kind == "row"
    return written


class CopiedLog:
    """A copy as a log. Raises ``InvalidCopy``."""

    def __init__(self, path: Path) -> None:
        read: dict[str, list[Any]] = {kind: [] for kind in KINDS}
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            kind, record = _read(line, number)
            read[kind].append(record)
        self._segments: list[Segment] = read["segment"]
        self._seals: list[Seal] = read["seal"]
        self._rows: dict[UUID, Row] = {row.id: row for row in read["row"]}

    def segments(self) -> list[Segment]:
        """See ``Log``."""
        return sorted(self._segments, key=lambda segment: segment.number)

    def seals(self, first: int, last: int | None) -> Iterator[Seal]:
        """See ``Log``."""
        wanted = (seal for seal in self._seals if first <= seal.number and (last is None or seal.number <= last))
        yield from sorted(wanted, key=lambda seal: seal.number)

    def rows(self, events: Sequence[UUID]) -> dict[UUID, Row]:
        """See ``Log``."""
        return {event: self._rows[event] for event in events if event in self._rows}

    def unsealed(self, before: UUID | None) -> Iterator[Row]:
        """See ``Log``."""
        sealed = {event for seal in self._seals for event in seal.events}
        yield from (row for row in self._rows.values() if row.id not in sealed and (not before or row.id < before))

    def head(self) -> Head | None:
        """A copy has none."""
        return None


def _everything(log: Log) -> Iterator[tuple[str, Row | Seal | Segment]]:
    yield from (("segment", segment) for segment in log.segments())
    for seal in log.seals(1, None):
        yield "seal", seal
        yield from (("row", row) for row in log.rows(seal.events).values())
    yield from (("row", row) for row in log.unsealed(None))


def _plain(record: Row | Seal | Segment) -> dict[str, Any]:
    return {each.name: _out(getattr(record, each.name)) for each in fields(record)}


def _out(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [_out(item) for item in value]
    return str(value) if isinstance(value, UUID | dt.date) else value


def _read(line: str, number: int) -> tuple[str, Any]:
    try:
        plain = json.loads(line)
        kind = plain.pop("kind")
        return kind, KINDS[kind](**{name: _in(name, value) for name, value in plain.items()})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidCopy(f"line {number} is no record of an audit log") from None


_BYTES = {"salt", "mac", "root", "chain"}
_MOMENTS = {"at", "withheld_until"}
_IDS = {"id", "workspace", "actor"}


def _in(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _BYTES:
        return bytes.fromhex(value)
    if name in _MOMENTS:
        return dt.datetime.fromisoformat(value)
    if name in _IDS:
        return UUID(value)
    return _in_rare(name, value)


def _in_rare(name: str, value: Any) -> Any:
    if name == "day":
        return dt.date.fromisoformat(value)
    if name in ("events", "leaves"):
        return _many(UUID if name == "events" else bytes.fromhex, value)
    return value


def _many(made: Any, values: Iterable[str]) -> tuple[Any, ...]:
    return tuple(made(value) for value in values)
