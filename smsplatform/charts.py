"""Charts as geometry: numbers in, places on a drawing out. No colours and no words; ``components/chart_*.html`` draws.

Across, a plot is measured in percent of the room it gets, so one drawing fits every screen and its text keeps its
size; upwards in pixels, from the top down as SVG counts. Lines are drawn on a square of 100 that is stretched.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

HEIGHT = 200  # pixels, without the labels below
TICKS_MAX = 5
VISIBLE = 1.5  # pixels: the least that is not nothing
FILLED = 0.74  # of the room of a bar; the rest is the gap
WIDEST = 9.0  # percent: a few bars do not become walls
LABELS_MAX = 6
DASH = 4  # of 100 across: a point without neighbours, wide enough to be seen at the edge


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """One kind of thing that is counted. ``tone`` is the colour class."""

    name: str
    tone: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """What is counted at one place of the axis: a value per series, and where a click leads."""

    label: str
    values: tuple[float, ...]
    url: str = ""

    @property
    def total(self) -> float:
        return sum(self.values)


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """A piece of a bar; ``y`` is its upper edge."""

    y: float
    height: float
    tone: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One stacked bar in its slot, percent across and pixels down."""

    point: Point
    slot: float
    slot_width: float
    x: float
    width: float
    segments: tuple[Segment, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """A line across the plot at a round value."""

    y: float
    value: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """A word below the plot. A narrow screen leaves out those that are ``minor``."""

    x: float
    text: str
    minor: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Plot:
    """A chart of stacked bars, ready to be drawn; ``points`` and ``series`` are also its table."""

    series: tuple[Series, ...]
    points: tuple[Point, ...]
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    labels: tuple[Label, ...]
    height: float

    @property
    def totals(self) -> tuple[float, ...]:
        """The sum of each series."""
        return tuple(sum(point.values[number] for point in self.points) for number in range(len(self.series)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """A line on a square of 100, in pieces where there was nothing to measure. ``path`` is SVG's."""

    path: str
    points: tuple[tuple[float, float], ...]


def bars(series: Sequence[Series], points: Sequence[Point], *, height: float = HEIGHT) -> Plot:
    """Stacked bars, the first series at the bottom; one series makes plain bars."""
    ticks = scale(max((point.total for point in points), default=0))
    top = ticks[-1]
    slot = 100 / len(points) if points else 100
    width = min(slot * FILLED, WIDEST)
    drawn = tuple(
        Bar(
            point=point,
            slot=number * slot,
            slot_width=slot,
            x=number * slot + (slot - width) / 2,
            width=width,
            segments=tuple(_stack(point, series, top=top, height=height)),
        )
        for number, point in enumerate(points)
    )
    return Plot(
        series=tuple(series),
        points=tuple(points),
        bars=drawn,
        ticks=tuple(Tick(y=height * (1 - value / top), value=value) for value in ticks),
        labels=tuple(_labels([point.label for point in points], slot)),
        height=height,
    )


def curve(
    values: Sequence[float | None], *, lowest: float | None = None, highest: float | None = None, margin: float = 6
) -> Curve:
    """A line through the values from edge to edge, ``margin`` away from top and bottom.

    ``lowest`` and ``highest`` are what bottom and top stand for; left out, the values themselves decide.
    """
    known = [value for value in values if value is not None]
    low = min(known, default=0.0) if lowest is None else lowest
    room = (max(known, default=0.0) if highest is None else highest) - low
    step = 100 / (len(values) - 1) if len(values) > 1 else 0
    places = [
        None if value is None else (number * step, _down(value, low, room, margin))
        for number, value in enumerate(values)
    ]
    if len(values) == 1 and places[0]:
        places = [places[0], (100.0, places[0][1])]
    return Curve(path=_path(places), points=tuple(place for place in places if place))


def scale(largest: float) -> list[float]:
    """Round values from 0 to at least ``largest``, few enough to be read: steps of 1, 2 or 5 times a power of ten."""
    if largest <= 0:
        return [0, 1]
    rough = max(largest / (TICKS_MAX - 1), 1)
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    return [step * number for number in range(max(1, math.ceil(largest / step - 1e-9)) + 1)]


def share(value: float | None) -> float:
    """A part of one as percent, within 0 and 100."""
    return 0.0 if value is None else round(min(max(value, 0.0), 1.0) * 100, 2)


def _stack(point: Point, series: Sequence[Series], *, top: float, height: float) -> Iterator[Segment]:
    """The pieces of a bar from the bottom up. What is there is visible; the largest piece gives the room for that."""
    sizes = [value / top * height for value in point.values]
    whole = sum(sizes)
    shown = [max(size, VISIBLE) if size else 0.0 for size in sizes]
    largest = shown.index(max(shown)) if shown else 0
    if shown and whole > VISIBLE * len(shown):
        shown[largest] -= sum(shown) - whole
    floor = height
    for size, kind in zip(shown, series, strict=True):
        if size > 0:
            floor = max(floor - size, 0.0)
            yield Segment(y=round(floor, 2), height=round(size, 2), tone=kind.tone)


def _labels(texts: Sequence[str], slot: float) -> Iterator[Label]:
    """Every so many, so that they do not touch; every other of these is minor."""
    every = max(1, math.ceil(len(texts) / LABELS_MAX))
    for order, number in enumerate(range(0, len(texts), every)):
        yield Label(x=round((number + 0.5) * slot, 2), text=texts[number], minor=bool(order % 2))


def _down(value: float, low: float, room: float, margin: float) -> float:
    if not room:
        return 50.0
    return 100 - margin - (value - low) / room * (100 - 2 * margin)


def _path(places: Sequence[tuple[float, float] | None]) -> str:
    """Moves and lines; a gap begins anew. A single point becomes a short dash."""
    pieces, pen = [], "M"
    for number, place in enumerate(places):
        if place is None:
            pen = "M"
            continue
        alone = pen == "M" and (number + 1 == len(places) or places[number + 1] is None)
        start = min(max(place[0] - DASH / 2, 0), 100 - DASH) if alone else place[0]
        pieces.append(f"{pen}{start:.2f} {place[1]:.2f}")
        pieces += [f"h{DASH}"] if alone else []
        pen = "L"
    return "".join(pieces)
