"""Line charts are read with one value at each tick."""

from __future__ import annotations

import math

import pytest
from chart_painting import line_chart
from test_chart_bars import TICKS, YEARS, assert_close, read, table

from cogdoc.results.records import ChartKind

TWO = [[20, 35, 30, 62, 80], [70, 64, 55, 40, 15]]


def test_a_line_is_measured_at_each_tick() -> None:
    chart = read(line_chart(TWO[:1], YEARS, ticks=TICKS))
    assert chart.kind is ChartKind.LINE
    assert chart.categories == tuple(YEARS)
    assert_close(chart, TWO[:1], 1.5)


def test_crossing_lines_stay_apart() -> None:
    chart = read(line_chart(TWO, YEARS, ticks=TICKS, legend=["Coal", "Solar power"]))
    assert {series.name for series in chart.series} == {"Coal", "Solar power"}
    by_name = {series.name: [value.value for value in series.values] for series in chart.series}
    assert by_name["Coal"] == [pytest.approx(value, abs=1.5) for value in TWO[0]]
    assert by_name["Solar power"] == [pytest.approx(value, abs=1.5) for value in TWO[1]]


def test_printed_labels_are_taken_as_they_are() -> None:
    chart = read(line_chart(TWO[:1], YEARS, ticks=TICKS, labels=True))
    assert table(chart) == TWO[:1]
    assert not chart.measured


def test_labels_alone_make_a_chart_without_axis() -> None:
    assert table(read(line_chart(TWO[:1], YEARS, labels=True))) == TWO[:1]


def test_years_between_the_ticks_are_measured_too() -> None:
    canvas = line_chart([[20, 30, 40, 50, 60]], ["2000", "2005", "2010", "2015", "2020"], ticks=TICKS)
    chart = read(canvas)
    assert chart.categories[:3] == ("2000", "2001", "2002")
    assert chart.series[0].values[12].value == pytest.approx(44, abs=1.5)


def test_steep_peaks_keep_their_tips() -> None:
    values = [[10, 90, 12, 85, 15]]
    assert_close(read(line_chart(values, YEARS, ticks=TICKS)), values, 3.0)


@pytest.mark.slow
def test_matplotlib_lines_are_read() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    from cogdoc.engines.builtin.charts.chart_recognition import read_chart

    figure, axes = pyplot.subplots(figsize=(6.4, 4.2), dpi=100)
    years = list(range(2010, 2021))
    values = [50 + 30 * math.sin(year) for year in years]
    axes.plot(years, values, linewidth=2)
    axes.set_ylim(0, 100)
    axes.set_title("Output")
    picture, lines = rendered(figure)
    pyplot.close(figure)
    chart = read_chart(picture, lines)
    assert chart is not None
    assert chart.kind is ChartKind.LINE
    measured = dict(zip(chart.categories, (value.value for value in chart.series[0].values), strict=True))
    for year, value in zip(years, values, strict=True):
        assert measured[str(year)] == pytest.approx(value, abs=3)


def rendered(figure):
    """A matplotlib figure as pixels, and its words with the boxes that matplotlib reports."""
    import numpy as np
    from matplotlib.text import Text

    from cogdoc.documents.geometry import Box
    from cogdoc.parsing.page_text import Line, Word

    figure.canvas.draw()
    picture = np.ascontiguousarray(np.asarray(figure.canvas.buffer_rgba())[:, :, :3])
    height = picture.shape[0]
    lines = []
    for text in figure.findobj(Text):
        if text.get_text().strip() and text.get_visible():
            extent = text.get_window_extent()
            if extent.x0 >= 0 and extent.y0 >= 0:
                box = Box(extent.x0, height - extent.y1, extent.x1, height - extent.y0)
                lines.append(Line((Word(text.get_text().replace("\u2212", "-"), box, 1.0),)))
    return picture, lines
