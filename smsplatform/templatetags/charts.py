"""Drawing charts: SVG made by the server, coloured by classes, with a table of the same numbers beside each."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils import formats
from django.utils.translation import pgettext

from smsplatform import charts

register = template.Library()

AXIS = 24  # pixels below a plot, for the labels


@register.inclusion_tag("components/chart_bars.html")
def bar_chart(plot: charts.Plot, title: str, unit: str, heading: str) -> dict[str, Any]:
    """Stacked bars. ``title`` names the chart, ``unit`` what is counted, ``heading`` what the bars are (days)."""
    return {
        "plot": plot,
        "bars": [(bar, _words(plot, bar)) for bar in plot.bars],
        "title": title,
        "unit": unit,
        "heading": heading,
        "totals": list(zip(plot.series, plot.totals, strict=True)),
        "full_height": plot.height + AXIS,
        "label_y": plot.height + AXIS - 5,
    }


@register.inclusion_tag("components/chart_spark.html")
def sparkline(values: Sequence[float | None], lowest: float | None = None) -> dict[str, Any]:
    """A small line without axes, said in words beside it."""
    return {"curve": charts.curve(values, lowest=lowest)}


@register.inclusion_tag("components/chart_line.html")
def line_chart(points: Sequence[charts.Point]) -> dict[str, Any]:
    """A line through the first value of each point, over a bottom of zero."""
    plot = charts.bars([charts.Series(name="", tone="line")], points)
    values = [point.values[0] for point in points]
    drawn = charts.curve(values, lowest=0, highest=plot.ticks[-1].value, margin=0)
    return {"plot": plot, "curve": drawn, "full_height": plot.height + AXIS, "label_y": plot.height + AXIS - 5}


@register.inclusion_tag("components/chart_meter.html")
def meter(value: float | None, tone: str) -> dict[str, Any]:
    """How full something is, 0 to 1; the number stands beside it."""
    return {"width": charts.share(value), "tone": tone}


@register.filter
def geometry(number: float) -> str:
    """A number as SVG reads it, whatever the language of the page."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


@register.filter
def compact(number: float) -> str:
    """A number short enough for an axis: 1,500, 20k, 3M."""
    for size, letter in ((1_000_000_000, pgettext("billions", "B")), (1_000_000, pgettext("millions", "M")),
                         (10_000, pgettext("thousands", "k"))):  # fmt: skip
        if number >= size:
            divisor = 1000 if size == 10_000 else size
            return f"{_local(number / divisor)}{letter}"
    return _local(number)


@register.filter
def whole(number: float) -> str:
    """A count with separators."""
    return formats.number_format(number, 0, use_l10n=True, force_grouping=True)


def _words(plot: charts.Plot, bar: charts.Bar) -> str:
    """What a bar says when a pointer rests on it; what there was none of is left out."""
    counted = zip(bar.point.values, plot.series, strict=True)
    return ", ".join(f"{whole(value)} {kind.name}" for value, kind in counted if value)


def _local(number: float) -> str:
    text = formats.number_format(round(number, 1), 1, use_l10n=True, force_grouping=True)
    return text[:-2] if text[-1] == "0" else text
