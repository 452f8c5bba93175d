"""Charts drawn for anything that may come: nothing outside the drawing, and nothing lost."""

import itertools
import re

import pytest
from django.template import Context, Template
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from smsplatform import charts
from smsplatform.charts import Point, Series

SERIES = (Series(name="Delivered", tone="ok"), Series(name="Failed", tone="bad"))
counts = st.integers(min_value=0, max_value=10**12)
points = st.lists(
    st.builds(Point, label=st.just("day"), values=st.tuples(counts, counts), url=st.just("/messages")), max_size=90
)


@given(points)
def test_nothing_is_drawn_outside_and_no_bar_touches_its_neighbour(given_points: list[Point]) -> None:
    plot = charts.bars(SERIES, given_points)

    for bar in plot.bars:
        assert bar.slot - 1e-9 <= bar.x
        assert bar.x + bar.width <= bar.slot + bar.slot_width + 1e-9 <= 100 + 1e-6
        for piece in bar.segments:
            assert piece.y >= 0
            assert piece.y + piece.height <= plot.height + 0.02
    assert all(0 <= label.x <= 100 for label in plot.labels)
    assert all(0 <= tick.y <= plot.height for tick in plot.ticks)


@given(points)
def test_totals_are_the_sums_and_what_is_there_can_be_seen(given_points: list[Point]) -> None:
    plot = charts.bars(SERIES, given_points)

    assert plot.totals == (sum(p.values[0] for p in given_points), sum(p.values[1] for p in given_points))
    for bar in plot.bars:
        assert len(bar.segments) == sum(value > 0 for value in bar.point.values)
        assert all(piece.height >= charts.VISIBLE / 2 for piece in bar.segments)


@given(st.floats(min_value=0, max_value=1e15))
def test_a_scale_is_short_even_and_reaches_the_largest(largest: float) -> None:
    scale = charts.scale(largest)

    assert scale[0] == 0
    assert scale[-1] >= largest * (1 - 1e-6)
    assert 2 <= len(scale) <= charts.TICKS_MAX + 1
    assert len({round(b - a, 6) for a, b in itertools.pairwise(scale)}) == 1


def test_heights_are_in_proportion() -> None:
    plot = charts.bars(SERIES, [Point(label="a", values=(500, 0)), Point(label="b", values=(1000, 0))])

    half, full = (bar.segments[0].height for bar in plot.bars)
    assert full == pytest.approx(2 * half)
    assert plot.bars[1].segments[0].y == pytest.approx(plot.height * (1 - 1000 / plot.ticks[-1].value))


def test_no_data_and_one_datum_are_charts_too() -> None:
    assert charts.bars(SERIES, []).bars == ()
    one = charts.bars(SERIES, [Point(label="a", values=(0, 7))])
    assert [piece.tone for piece in one.bars[0].segments] == ["bad"]
    assert charts.bars(SERIES, [Point(label="a", values=(0, 0))]).bars[0].segments == ()


@given(st.lists(st.none() | st.floats(min_value=-1e12, max_value=1e12), max_size=100))
def test_a_line_stays_on_its_square(values: list[float | None]) -> None:
    curve = charts.curve(values)

    assert all(-1e-6 <= x <= 100 + 1e-6 and -1e-6 <= y <= 100 + 1e-6 for x, y in curve.points)
    assert not re.search("nan|inf|e", curve.path)


def test_a_gap_in_the_data_is_a_gap_in_the_line() -> None:
    assert charts.curve([1, 2, None, 3, 4]).path.count("M") == 2
    assert charts.curve([None, None]).path == ""
    assert charts.curve([5]).path.startswith("M0.00 50.00")


def test_a_single_day_is_a_dash_that_can_be_seen_at_either_edge() -> None:
    assert charts.curve([None, None, 5]).path == "M96.00 50.00h4"
    assert charts.curve([5, None, None]).path == "M0.00 50.00h4"
    assert charts.curve([None, 5, None]).path == "M48.00 50.00h4"


@pytest.mark.parametrize(("value", "percent"), [(None, 0), (-1, 0), (0.987, 98.7), (1, 100), (2, 100)])
def test_a_meter_is_between_empty_and_full(value: float | None, percent: float) -> None:
    assert charts.share(value) == percent


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_drawn_chart_has_a_link_per_bar_a_table_and_no_styles(language: str) -> None:
    plot = charts.bars(SERIES, [Point(label="1 Nov", values=(1500, 20), url="/messages?since=2026-11-01")])
    with translation.override(language):
        html = Template('{% load charts %}{% bar_chart plot "Messages" "messages" "Day" %}').render(
            Context({"plot": plot})
        )

    assert html.count("/messages?since=2026-11-01") == 2
    assert "style=" not in html
    assert "<details" in html
    assert not re.search(r'(?:x|y|width|height)="[^"]*,', html)  # a decimal comma is no number to SVG
