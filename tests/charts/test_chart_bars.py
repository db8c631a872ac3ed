"""Bar charts are read with their kinds, categories, series and values."""

from __future__ import annotations

import pytest
from chart_painting import Canvas, horizontal_bars, vertical_bars

from cogdoc.engines.builtin.charts.chart_recognition import read_chart
from cogdoc.parsing.page_text import Line
from cogdoc.results.records import Chart, ChartKind

TICKS = {0: "0", 20: "20", 40: "40", 60: "60", 80: "80", 100: "100"}
YEARS = ["2016", "2017", "2018", "2019", "2020"]
ONE = [[23, 47, 81, 66, 12]]
TWO = [[23, 47, 81, 66, 12], [40, 35, 60, 20, 90]]
STACK = [[23, 17, 31, 26, 12], [40, 35, 30, 20, 50], [10, 22, 15, 30, 8]]


def read(canvas: Canvas) -> Chart:
    chart = read_chart(canvas.picture, canvas.lines)
    assert chart is not None
    return chart


def table(chart: Chart) -> list[list[float | None]]:
    return [[value.value for value in series.values] for series in chart.series]


def assert_close(chart: Chart, expected: list[list[float]], tolerance: float) -> None:
    assert table(chart) == [[pytest.approx(value, abs=tolerance) for value in series] for series in expected]


def test_bars_without_labels_are_measured_on_the_axis() -> None:
    chart = read(vertical_bars(ONE, YEARS, ticks=TICKS))
    assert chart.kind is ChartKind.BAR
    assert chart.measured
    assert chart.categories == tuple(YEARS)
    assert_close(chart, ONE, 1.0)


def test_printed_labels_are_taken_as_they_are() -> None:
    chart = read(vertical_bars(ONE, YEARS, ticks=TICKS, labels=True))
    assert not chart.measured
    assert table(chart) == ONE
    assert [value.text for value in chart.series[0].values] == ["23", "47", "81", "66", "12"]
    assert all(value.confidence > 0.95 for value in chart.series[0].values)


def test_measured_values_are_less_certain_than_printed_ones() -> None:
    measured = read(vertical_bars(ONE, YEARS, ticks=TICKS))
    printed = read(vertical_bars(ONE, YEARS, ticks=TICKS, labels=True))
    assert measured.confidence < printed.confidence


def test_a_label_that_contradicts_its_bar_is_ignored() -> None:
    canvas = vertical_bars(ONE, YEARS, ticks=TICKS)
    canvas.text(138, 350 - 0.23 * 310 - 12, "230", size=12)
    value = read(canvas).series[0].values[0]
    assert value.value == pytest.approx(23, abs=1.0)
    assert value.confidence < 0.6


def test_labels_alone_make_a_chart_without_axis() -> None:
    chart = read(horizontal_bars(ONE, YEARS, labels=True))
    assert chart.kind is ChartKind.HORIZONTAL_BAR
    assert table(chart) == ONE


def test_a_missing_label_is_filled_from_the_other_bars() -> None:
    canvas = horizontal_bars(ONE, YEARS, labels=True)
    canvas.lines = [line for line in canvas.lines if line.text != "66"]
    assert_close(read(canvas), ONE, 2.0)


@pytest.mark.parametrize("labels", [False, True])
def test_grouped_bars_make_one_series_for_each_color_in_the_order_of_the_legend(labels: bool) -> None:
    chart = read(vertical_bars(TWO, YEARS, ticks=TICKS, labels=labels, legend=["Exports", "Net imports"]))
    assert [series.name for series in chart.series] == ["Exports", "Net imports"]
    assert [series.color for series in chart.series] == ["#1f77b4", "#ff7f0e"]
    assert_close(chart, TWO, 1.0)


@pytest.mark.parametrize("labels", [False, True])
def test_stacked_bars_give_the_height_of_each_segment(labels: bool) -> None:
    chart = read(vertical_bars(STACK, YEARS, stacked=True, ticks=TICKS, labels=labels, legend=["A", "B", "C"]))
    assert chart.kind is ChartKind.STACKED_BAR
    assert [series.name for series in chart.series] == ["A", "B", "C"]
    assert_close(chart, STACK, 1.0)


def test_horizontal_bars_are_measured_on_the_axis_below() -> None:
    names = ["United States", "China", "Germany", "Japan", "Brazil"]
    chart = read(horizontal_bars(ONE, names, ticks=TICKS))
    assert chart.categories == tuple(names)
    assert_close(chart, ONE, 1.0)


def test_horizontal_stacked_bars() -> None:
    chart = read(horizontal_bars(STACK, YEARS, stacked=True, labels=True, legend=["Yes", "No", "Unsure"]))
    assert chart.kind is ChartKind.STACKED_HORIZONTAL_BAR
    assert [series.name for series in chart.series] == ["Yes", "No", "Unsure"]
    assert table(chart) == STACK


def test_horizontal_grouped_bars() -> None:
    chart = read(horizontal_bars(TWO, YEARS, ticks=TICKS, legend=["Men", "Women"]))
    assert chart.kind is ChartKind.HORIZONTAL_BAR
    assert_close(chart, TWO, 1.0)


def test_bars_below_the_baseline_are_negative() -> None:
    values = [[30.0, -22.0, 41.0, -8.0]]
    ticks = {-40: "-40%", -20: "-20%", 0: "0%", 20: "20%", 40: "40%", 60: "60%"}
    chart = read(vertical_bars(values, YEARS[:4], ticks=ticks, low=-40, high=60))
    assert chart.unit == "%"
    assert chart.categories == tuple(YEARS[:4])
    assert_close(chart, values, 1.0)


@pytest.mark.parametrize(
    ("printed", "factor", "unit"),
    [
        (["$0", "$2,000", "$4,000"], 40.0, "USD"),
        (["0", "2K", "4K"], 40.0, None),
        (["0%", "2.5%", "5%"], 0.05, "%"),
        (["0", "2万", "4万"], 400.0, None),
        (["0", "2 000", "4 000"], 40.0, None),
    ],
)
def test_axis_labels_in_any_notation_scale_the_values(printed: list[str], factor: float, unit: str | None) -> None:
    ticks = dict(zip((0, 50, 100), printed, strict=True))
    chart = read(vertical_bars(ONE, YEARS, ticks=ticks))
    assert_close(chart, [[factor * value for value in ONE[0]]], factor)
    assert chart.unit == unit


def test_one_misread_tick_label_does_not_bend_the_scale() -> None:
    canvas = vertical_bars(ONE, YEARS, ticks={**TICKS, 60: "6000"})
    assert_close(read(canvas), ONE, 1.0)


def test_years_between_labelled_ones_are_filled_in() -> None:
    names = ["2016", "", "2018", "", "2020"]
    assert read(vertical_bars(ONE, names, ticks=TICKS)).categories == tuple(YEARS)


def test_tick_labels_that_ocr_ran_together_still_name_their_bars() -> None:
    canvas = vertical_bars(ONE, YEARS, ticks=TICKS)
    years = [line for line in canvas.lines if line.text in YEARS]
    rest = [line for line in canvas.lines if line.text not in YEARS]
    canvas.lines = [*rest, Line(tuple(word for line in years for word in line.words))]
    assert read(canvas).categories == tuple(YEARS)


def test_the_title_is_the_text_above_the_plot() -> None:
    canvas = vertical_bars(ONE, YEARS, ticks=TICKS)
    canvas.text(320, 14, "Electricity from wind", size=18)
    assert read(canvas).title == "Electricity from wind"


def test_the_box_of_a_value_is_that_of_its_bar() -> None:
    canvas = vertical_bars(ONE, YEARS, ticks=TICKS)
    box = read(canvas).series[0].values[2].box
    assert box is not None
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    assert tuple(canvas.picture[int(y), int(x)]) == (31, 119, 180)
    assert box[3] - box[1] == pytest.approx(0.81 * 310, abs=2)
