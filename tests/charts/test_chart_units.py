"""The unit of a chart's values is what its titles or a short text above it say."""

from __future__ import annotations

import pytest
from chart_painting import Canvas, vertical_bars

from cogdoc.engines.builtin.charts.chart_recognition import read_chart

YEARS = ["2021", "2022", "2023"]
TWO = [[40, 55, 73], [20, 35, 43]]


def unit_of(canvas: Canvas) -> str | None:
    chart = read_chart(canvas.picture, canvas.lines)
    assert chart is not None
    return chart.unit


def bars(legend: list[str]) -> Canvas:
    return vertical_bars(TWO, YEARS, ticks={0: "0", 50: "50", 100: "100"}, legend=legend)


@pytest.mark.parametrize("unit", ["€ million", "US$ bn", "in %", "(thousands)", "单位：万元"])
def test_a_short_text_above_the_plot_says_it(unit: str) -> None:
    canvas = bars(["Tools", "Garden"])
    canvas.text(320, 15, "Two divisions", size=16)
    canvas.text(90, 36, unit, anchor="lm")
    assert unit_of(canvas) == unit.strip("()")


def test_the_title_says_it_in_brackets() -> None:
    canvas = bars(["Tools", "Garden"])
    canvas.text(320, 15, "Turnover by division (US$ million)", size=16)
    assert unit_of(canvas) == "US$ million"


def test_neither_a_legend_nor_a_title_without_a_unit_is_one() -> None:
    canvas = bars(["Growth %", "Share"])
    canvas.text(320, 15, "Two divisions (2021 to 2023)", size=16)
    assert unit_of(canvas) is None
