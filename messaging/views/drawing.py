"""A text as it is cut into segments, with the characters that make it dear marked, for people to see."""

from dataclasses import dataclass
from itertools import groupby

from smsplatform.lib import segments
from smsplatform.lib.segments import BASIC, EXTENDED

_CAPACITY: dict[str, tuple[int, int]] = {"gsm7": (160, 153), "ucs2": (70, 67)}
SWAPS_MAX = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """Characters in a row that are all in GSM-7, or all outside it."""

    text: str
    outside: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """One segment: how many units it holds of how many it could."""

    number: int
    units: int
    capacity: int
    runs: list[Run]


@dataclass(frozen=True, kw_only=True, slots=True)
class Swap:
    """A character and the plain ones that can take its place."""

    character: str
    plain: str


def segments_of(text: str, encoding: segments.Encoding) -> list[Segment]:
    """The segments of a text. Raises ``segments.LoneSurrogate``."""
    cuts = segments.cuts(text, encoding)
    capacity = _CAPACITY[encoding][len(cuts) > 1]
    return [
        Segment(number=number, units=cut.units, capacity=capacity, runs=_runs(cut.text))
        for number, cut in enumerate(cuts, 1)
    ]


def capacity_of(encoding: segments.Encoding, parts: int) -> int:
    """How many units fit into so many segments."""
    single, joined = _CAPACITY[encoding]
    return single if parts <= 1 else joined * parts


def swaps(offending: list[str]) -> list[Swap]:
    """What smart substitution would do to these characters."""
    found = [Swap(character=one, plain=plain) for one in offending if (plain := segments.plain(one)) is not None]
    return found[:SWAPS_MAX]


def _runs(text: str) -> list[Run]:
    grouped = groupby(text, key=lambda character: character not in BASIC and character not in EXTENDED)
    return [Run(text="".join(characters), outside=outside) for outside, characters in grouped]
