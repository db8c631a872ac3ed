"""Vector drawings are measured exactly."""

from __future__ import annotations

import pytest
from chart_painting import BLUE, RED, Canvas

from cogdoc.engines.builtin.charts.chart_parts import Drawing, DrawnPath
from cogdoc.engines.builtin.charts.chart_recognition import read_chart
from cogdoc.results.records import ChartKind

NAMES = ["North", "South", "East", "West"]


def rectangle(x0: float, y0: float, x1: float, y1: float) -> DrawnPath:
    return DrawnPath(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), fill=BLUE)


def axes() -> Canvas:
    """Only the words of a chart; its marks come from the vector drawing."""
    canvas = Canvas()
    for value in range(0, 101, 20):
        canvas.text(72, 350 - 3 * value, str(value), anchor="rm")
    for index, name in enumerate(NAMES):
        canvas.text(150 + 120 * index, 366, name)
    return canvas


def test_drawn_rectangles_are_measured_to_parts_of_a_pixel() -> None:
    values = [10.11, 33.37, 71.53, 90.89]
    paths = [rectangle(120 + 120 * i, 350 - 3 * value, 180 + 120 * i, 350) for i, value in enumerate(values)]
    canvas = axes()
    chart = read_chart(canvas.picture, canvas.lines, Drawing(tuple(paths)))
    assert chart is not None
    assert chart.kind is ChartKind.BAR
    assert chart.categories == tuple(NAMES)
    assert [value.value for value in chart.series[0].values] == [pytest.approx(value, abs=0.3) for value in values]


def test_drawn_lines_are_followed_exactly() -> None:
    values = [10.0, 64.5, 40.0, 88.8]
    points = tuple((150.0 + 120 * i, 350 - 3 * value) for i, value in enumerate(values))
    canvas = axes()
    grid = DrawnPath(((80.0, 200.0), (600.0, 200.0)), stroke=(0, 0, 0))
    chart = read_chart(canvas.picture, canvas.lines, Drawing((grid, DrawnPath(points, stroke=RED, width=2))))
    assert chart is not None
    assert chart.kind is ChartKind.LINE
    assert [value.value for value in chart.series[0].values] == [pytest.approx(value, abs=0.6) for value in values]


def test_a_drawing_without_marks_is_no_chart() -> None:
    canvas = Canvas()
    canvas.text(200, 100, "A plain paragraph of text under a rule")
    rule = DrawnPath(((20.0, 120.0), (600.0, 120.0)), stroke=(0, 0, 0))
    assert read_chart(canvas.picture, canvas.lines, Drawing((rule,))) is None
