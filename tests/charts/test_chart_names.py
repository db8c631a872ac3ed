"""Categories, series and axes have their names, and nothing else that is printed around a chart is one."""

from __future__ import annotations

import pytest
from chart_painting import BLUE, ORANGE, PALETTE, RED, Axis, Canvas, horizontal_bars, line_chart, vertical_bars
from test_chart_bars import ONE, TICKS, YEARS, read, table

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.charts.mark_values import Mark, value_of_mark
from cogdoc.parsing.numbers import parse_number
from cogdoc.parsing.page_text import Line, Word
from cogdoc.parsing.picture_labels import Label

NAMES = ["Norway", "Sweden", "Denmark", "Finland"]


def test_names_below_the_last_bar_have_the_values_printed_beside_them() -> None:
    canvas, axis = Canvas(), Axis(0, 1000, 150, 600)
    axis.ticks(canvas, {0: "0", 500: "500", 1000: "1000"}, vertical=False)
    for i, (name, value, color) in enumerate(zip(NAMES, (930, 400, 0.2, 0.1), PALETTE, strict=False)):
        canvas.text(142, 80 + 75 * i, name, anchor="rm")
        canvas.text(axis.at(value) + 6, 80 + 75 * i, f"{value:g}", anchor="lm")
        if value > 1:
            canvas.rectangle(150, 60 + 75 * i, axis.at(value), 100 + 75 * i, color)
    chart = read(canvas)
    assert chart.categories == tuple(NAMES)
    assert table(chart) == [[930, 400, 0.2, 0.1]]


def test_a_source_is_no_category() -> None:
    canvas = horizontal_bars([[93, 40, 65]], NAMES[:3], ticks=TICKS)
    canvas.text(8, 392, "Source: Eurostat", anchor="lm")
    assert read(canvas).categories == tuple(NAMES[:3])


@pytest.mark.parametrize("misread", ["2918", "2108"])
def test_a_misread_year_is_the_one_between_its_neighbors(misread: str) -> None:
    names = [*YEARS[:2], misread, *YEARS[3:]]
    assert read(vertical_bars(ONE, names, ticks=TICKS)).categories == tuple(YEARS)


def test_a_gap_in_the_years_stays() -> None:
    names = ["2010", "2016", "2017", "2018", "2019"]
    assert read(vertical_bars(ONE, names, ticks=TICKS)).categories == tuple(names)


def test_neither_a_wrapped_name_nor_a_note_is_the_title_of_an_axis() -> None:
    canvas = vertical_bars([[23, 47, 81, 66]], ["Trade", "Taxes and other", "Grants", "Loans"], ticks=TICKS)
    canvas.text(284, 380, "old duties")
    canvas.text(350, 405, "Note: Duties include those of the past")
    canvas.text(350, 416, "year that were paid later")
    chart = read(canvas)
    assert chart.categories == ("Trade", "Taxes and other old duties", "Grants", "Loans")
    assert chart.x_title is None


def test_the_pieces_of_a_vertical_title_are_read_upward() -> None:
    canvas = vertical_bars(ONE, YEARS, ticks=TICKS)
    for text, top, bottom in (("in million tons", 90, 190), ("Reserves", 195, 260)):
        canvas.lines.append(Line((Word(text, Box(10, top, 22, bottom), 1.0),)))
    assert read(canvas).y_title == "Reserves in million tons"


def test_lines_have_the_names_in_their_color_without_the_dots_before_them() -> None:
    canvas = line_chart([[20, 35, 30, 52, 60], [90, 80, 85, 70, 75]], YEARS, ticks=TICKS)
    canvas.image, lines = canvas.image.crop((0, 0, 640, 420)).resize((640, 420)), canvas.lines
    narrow = Canvas(760, 420)
    narrow.image.paste(canvas.image)
    narrow.lines = lines
    narrow.text(616, 350 - 0.6 * 310, "•Old cars", anchor="lm", color=BLUE)
    narrow.text(616, 350 - 0.75 * 310, "15-49 years", anchor="lm", color=ORANGE)
    assert {series.name for series in read(narrow).series} == {"Old cars", "15-49 years"}


@pytest.mark.parametrize(("measured", "value"), [(-300.0, 882.0), (-850.0, 882.0), (-5000.0, -5100.0)])
def test_a_printed_number_without_sign_is_negative_only_where_its_bar_clearly_is(measured: float, value: float) -> None:
    label = Label(f"{abs(value):g}", Box(0, 0, 20, 12), 1.0, parse_number(f"{abs(value):g}"))
    assert value_of_mark(Mark(Box(0, 0, 3, 20), BLUE, measured, label), 100_000, 300).value == value


def test_the_pieces_of_level_lines_are_no_bars() -> None:
    canvas, axis = Canvas(), Axis(0, 10, 350, 40)
    axis.ticks(canvas, {0: "0", 3: "3", 6: "6", 9: "9"}, vertical=True, grid=False)
    for value, color in ((3, BLUE), (6, ORANGE), (9, RED)):
        for i in range(len(YEARS) - 1):
            canvas.rectangle(80 + 110 * i, axis.at(value) - 1, 187 + 110 * i, axis.at(value) + 2, color)
    for i, year in enumerate(YEARS):
        canvas.text(80 + 110 * i, 366, year)
    assert read(canvas).categories == tuple(YEARS)


def test_a_number_beside_a_patch_is_no_legend() -> None:
    canvas = horizontal_bars([[93, 40, 61]], NAMES[:3], ticks=TICKS)
    canvas.rectangle(300, 390, 310, 400, BLUE)
    canvas.text(316, 395, "120", anchor="lm")
    assert [series.name for series in read(canvas).series] == [""]


def test_names_may_be_wrapped_to_three_lines_below_their_bars() -> None:
    canvas = vertical_bars(
        [[23, 47, 81, 66]], ["Total", "Holiday and short-", "Hotels", "Camping grounds,"], ticks=TICKS
    )
    canvas.text(284, 381, "stay homes")
    canvas.text(549, 381, "recreation parks,")
    canvas.text(549, 397, "trailer parks")
    expected = ("Total", "Holiday and short- stay homes", "Hotels", "Camping grounds, recreation parks, trailer parks")
    assert read(canvas).categories == expected


def test_the_last_line_of_a_heading_is_no_part_of_the_first_name() -> None:
    canvas, axis = Canvas(), Axis(0, 100, 150, 600)
    axis.ticks(canvas, {0: "0", 50: "50", 100: "100"}, vertical=False)
    for i, (name, value) in enumerate(zip(NAMES[:3], (90, 40, 61), strict=True)):
        canvas.text(142, 110 + 90 * i, name, anchor="rm")
        canvas.rectangle(150, 75 + 90 * i, axis.at(value), 145 + 90 * i, BLUE)
    canvas.text(8, 40, "All who were asked said so in the year before, and", anchor="lm")
    canvas.text(138, 58, "each for himself.", anchor="rm")
    assert read(canvas).categories == tuple(NAMES[:3])


def test_close_bars_of_many_colors_that_each_have_a_name_are_no_group() -> None:
    canvas, axis = Canvas(), Axis(0, 100, 150, 600)
    axis.ticks(canvas, {0: "0", 50: "50", 100: "100"}, vertical=False)
    names = ["Cattle", "Oil", "Wood", "Cereals", "Rice", "Wheat"]
    for i, (name, color) in enumerate(zip(names, (*PALETTE, BLUE), strict=True)):
        canvas.text(142, 70 + 50 * i, name, anchor="rm")
        canvas.rectangle(150, 49 + 50 * i, axis.at(90 - 10 * i), 92 + 50 * i, color)
    chart = read(canvas)
    assert chart.categories == tuple(names)
    assert len(chart.series) == 1


def test_text_below_the_numbers_of_the_axis_is_no_name() -> None:
    canvas = horizontal_bars([[93, 40, 65]], NAMES[:3], ticks=TICKS)
    canvas.text(142, 394, "example.org/forests", anchor="rm")
    assert read(canvas).categories == tuple(NAMES[:3])


def test_values_beside_swatches_are_no_names_of_series() -> None:
    canvas = vertical_bars([[23, 47, 81], [40, 35, 60]], YEARS[:3], ticks=TICKS, legend=["Coal", "Solar power"])
    for y, color, value in ((15, BLUE, "12.09"), (30, ORANGE, "7.68")):
        canvas.rectangle(300, y - 5, 310, y + 5, color)
        canvas.text(316, y, value, anchor="lm")
    assert [series.name for series in read(canvas).series] == ["Coal", "Solar power"]
