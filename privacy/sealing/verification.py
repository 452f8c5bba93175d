"""Does the log say what it said when it was sealed? Everything that does not fit is named: day, row and what.

Three things are compared: the rows with their leaves, the leaves with the seals' macs and the days' roots, the roots
with the signed checkpoints. With the platform's key (``Keys``) also each row's own mark is checked, and the seals'
macs; a copy in somebody else's hands is checked without, against the checkpoint they hold.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from privacy.sealing import merkle, notes
from privacy.sealing.notes import Checkpoint, Verifier
from privacy.sealing.records import NO_CHAIN, Log, Row, Seal, Segment
from smsplatform.lib import ids

LATE = dt.timedelta(
    minutes=10
)  # longer than any transaction lives: an id from before the last seal but one is backdated
DAY = dt.timedelta(days=1)


class What(StrEnum):
    """What was done to the log."""

    EDITED = "edited"  # a row does not make its leaf any more
    REMOVED = "removed"  # a sealed row is gone before its time
    INSERTED = "inserted"  # a row that its writer did not mark, or that claims to be older than seals that lack it
    REORDERED = "reordered"  # sealed rows stand in another order
    SEAL_CHANGED = "seal_changed"  # a seal's mac or place is wrong
    SEALS_MISSING = "seals_missing"
    SEGMENT_CHANGED = "segment_changed"  # a day's root or count is not that of its seals
    SEGMENT_MISSING = "segment_missing"
    TREE_CHANGED = "tree_changed"  # the roots do not make the tree that was signed
    CUT_OFF = "cut_off"  # the log is shorter than it was


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that does not fit. ``event`` is the row; without one, ``place`` says what it is about."""

    what: What
    day: dt.date | None = None
    event: UUID | None = None
    place: str = ""

    def __str__(self) -> str:
        subject = f"row {self.event}" if self.event else self.place
        return f"{self.day or 'log'}: {self.what.replace('_', ' ')}: {subject}"


@dataclass(kw_only=True, slots=True)
class Report:
    """What was looked at and what did not fit."""

    findings: list[Finding] = field(default_factory=list)
    rows: int = 0
    seals: int = 0
    segments: int = 0
    waiting: int = 0  # rows younger than the last seal

    @property
    def holds(self) -> bool:
        """Whether everything fits."""
        return not self.findings


class Keys(Protocol):
    """What only the platform can check, and its public key."""

    def seal_mac(self, seal: Seal, chain: bytes) -> bytes:
        """The mac that the seal must have."""

    def is_written_by_us(self, row: Row) -> bool:
        """Whether the row carries its writer's mark."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What to verify with: everything, or one ``day`` and the tree."""

    at: dt.datetime
    kept: dt.timedelta  # rows younger than this must be there
    public: Verifier
    keys: Keys | None = None
    day: dt.date | None = None
    checkpoint: Checkpoint | None = None  # one that somebody kept


def verify(log: Log, question: Question) -> Report:
    """Look at everything the question asks for."""
    return _Run(log, question).report()


class _Run:
    def __init__(self, log: Log, question: Question) -> None:
        self.log, self.question, self.found = log, question, Report()
        self.segments = log.segments()

    def report(self) -> Report:
        self._tree()
        for number, segment in enumerate(self.segments):
            if self.question.day in (None, segment.day):
                self._segment(segment, self.segments[number - 1] if number else None)
        if self.question.day is None:
            last = self._open_seals()
            self._waiting(last)
            self._head(last)
        elif self.question.day not in {segment.day for segment in self.segments}:
            self._say(What.SEGMENT_MISSING, day=self.question.day, place=f"segment of {self.question.day}")
        return self.found

    # The tree of days

    def _tree(self) -> None:
        expected = None
        for place, segment in enumerate(self.segments, start=1):
            if segment.number != place or expected not in (None, segment.day):
                missing = expected or segment.day
                self._say(What.SEGMENT_MISSING, day=missing, place=f"segment of {missing}")
            expected = segment.day + DAY
        roots = list(merkle.growing(segment.leaf for segment in self.segments))
        for segment, root in zip(self.segments, roots, strict=True):
            self._note(segment, root)
        self._kept_checkpoint(roots)
        self.found.segments = len(self.segments)

    def _note(self, segment: Segment, root: bytes) -> None:
        name = segment.note.partition("\n")[0]  # the address may have changed since
        try:
            signed = notes.checkpoint(Verifier(name=name, key=self.question.public.key).open(segment.note))
        except notes.InvalidNote:
            self._say(What.TREE_CHANGED, day=segment.day, place=f"checkpoint {segment.number} is not signed by us")
            return
        if (signed.size, signed.root) != (segment.number, root):
            self._say(What.TREE_CHANGED, day=segment.day, place=f"checkpoint {segment.number} signs another tree")

    def _kept_checkpoint(self, roots: list[bytes]) -> None:
        kept = self.question.checkpoint
        if kept is None or not kept.size:
            return
        if kept.size > len(roots):
            self._say(What.CUT_OFF, place=f"{len(roots)} days, where a checkpoint has {kept.size}")
        elif roots[kept.size - 1] != kept.root:
            self._say(What.TREE_CHANGED, place=f"the first {kept.size} days are not those of the kept checkpoint")

    # Days and their seals

    def _segment(self, segment: Segment, before: Segment | None) -> None:
        if self._is_over(segment.day):
            return
        seals = list(self._seals(segment.first_seal, segment.last_seal, before))
        leaves = [leaf for seal in seals for leaf in seal.leaves]
        if (segment.count, segment.root) != (len(leaves), merkle.root(leaves)):
            place = f"{segment.count} rows sealed, {len(leaves)} found, or another root"
            self._say(What.SEGMENT_CHANGED, day=segment.day, place=place)

    def _open_seals(self) -> Seal | None:
        """The seals of the day that is not over."""
        before = self.segments[-1] if self.segments else None
        last = None
        for seal in self._seals(before.last_seal + 1 if before else 1, None, before):
            last = seal
        return last

    def _seals(self, first: int, last: int | None, before: Segment | None) -> Iterator[Seal]:
        chain, place = (before.chain, before.first + before.count) if before else (NO_CHAIN, 0)
        number, former_at = first, None
        for seal in self.log.seals(first, last):
            if seal.number != number:
                self._missing(number, seal.number - 1, seal.at.date())
            whole = seal.number == number
            self._seal(seal, chain if whole else None, place if whole else None)
            self._rows(seal, former_at)
            chain, place, number, former_at = seal.mac, seal.next_first, seal.number + 1, seal.at
            yield seal
        if last is not None and number <= last:
            self._missing(number, last, None)

    def _missing(self, first: int, last: int, day: dt.date | None) -> None:
        self._say(What.SEALS_MISSING, day=day, place=f"seals {first} to {last}")

    def _seal(self, seal: Seal, chain: bytes | None, place: int | None) -> None:
        self.found.seals += 1
        keys = self.question.keys
        named = f"seal {seal.number} of {seal.at:%H:%M}"
        if len(seal.events) != len(seal.leaves) or place not in (None, seal.first):
            self._say(What.SEAL_CHANGED, day=seal.at.date(), place=f"{named}: its rows are not where they were")
        elif keys and chain is not None and keys.seal_mac(seal, chain) != seal.mac:
            self._say(What.SEAL_CHANGED, day=seal.at.date(), place=f"{named}: not what was sealed")

    # Rows

    def _rows(self, seal: Seal, former_at: dt.datetime | None) -> None:
        rows = self.log.rows(seal.events)
        place_of = {leaf: place for place, leaf in enumerate(seal.leaves)}
        former = UUID(int=0)
        for place, (event, leaf) in enumerate(zip(seal.events, seal.leaves, strict=False)):
            row = rows.get(event)
            self.found.rows += 1
            if event <= former:
                self._row(What.REORDERED, seal, event)
            elif row is None:
                self._gone(seal, event)
            elif row.leaf != leaf:
                moved = place_of.get(row.leaf, place) != place
                self._row(What.REORDERED if moved else What.EDITED, seal, event)
            elif self._is_foreign(row, seal, former_at):
                self._row(What.INSERTED, seal, event)
            former = max(event, former)

    def _gone(self, seal: Seal, event: UUID) -> None:
        if ids.time_of(event) >= self.question.at - self.question.kept:
            self._row(What.REMOVED, seal, event)

    def _is_foreign(self, row: Row, seal: Seal, former_at: dt.datetime | None) -> bool:
        """Whether somebody else wrote this row. Without the key, whether it came after seals that it claims to precede.

        The first seal took over what was there before there were marks.
        """
        if self.question.keys:
            unmarked = not row.mac and seal.number == 1
            return not unmarked and not self.question.keys.is_written_by_us(row)
        return former_at is not None and ids.time_of(row.id) < former_at - LATE

    def _waiting(self, last: Seal | None) -> None:
        for row in self.log.unsealed(None):
            keys = self.question.keys
            late = last is not None and ids.time_of(row.id) < last.at - LATE
            foreign = not keys.is_written_by_us(row) if keys else late
            # Before the first seal nothing is claimed of rows from before there were marks.
            if foreign and (last is not None or row.mac):
                self._say(What.INSERTED, day=ids.time_of(row.id).date(), event=row.id)
            self.found.waiting += 1

    def _head(self, last: Seal | None) -> None:
        """What the key store remembers of the log must still be there."""
        head = self.log.head()
        if head is None:
            return
        newest = last.number if last else self.segments[-1].last_seal if self.segments else 0
        if head.seal > newest:
            self._say(What.CUT_OFF, place=f"seals end with {newest}, the key store knows {head.seal}")
        elif head.segments > len(self.segments):
            self._say(What.CUT_OFF, place=f"{len(self.segments)} days, the key store knows {head.segments}")
        else:
            self._remembered(head.seal, head.mac)

    def _remembered(self, number: int, mac: bytes) -> None:
        for seal in self.log.seals(number, number):
            if seal.mac != mac:
                self._say(What.SEAL_CHANGED, day=seal.at.date(), place=f"seal {number} is not the one in the key store")

    def _is_over(self, day: dt.date) -> bool:
        """Whether rows of this day may be gone. Seals are kept a day longer than the last row in them."""
        return day < (self.question.at - self.question.kept).date()

    def _row(self, what: What, seal: Seal, event: UUID) -> None:
        self._say(what, day=seal.at.date(), event=event)

    def _say(self, what: What, *, day: dt.date | None = None, event: UUID | None = None, place: str = "") -> None:
        self.found.findings.append(Finding(what=what, day=day, event=event, place=place))
