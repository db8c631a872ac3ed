"""Words that OCR joined, cut or took for level ones still name and value the marks of a chart."""

from __future__ import annotations

import pytest
from chart_painting import BLUE, ORANGE, Axis, Canvas, vertical_bars
from test_chart_bars import TICKS, YEARS, read, table

from cogdoc.documents.geometry import Box
from cogdoc.parsing.page_text import Line, Word
from cogdoc.parsing.picture_labels import labels_of


def line_of(*words: tuple[str, float, float]) -> Line:
    """A level line of words, each with its left and right edge."""
    return Line(tuple(Word(text, Box(x0, 100, x1, 114), 1.0) for text, x0, x1 in words))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([("39%38.5%44%", 0, 110)], ["39%", "38.5%", "44%"]),
        ([("5.645.69", 0, 90)], ["5.64", "5.69"]),
        ([("12.05.21", 0, 90)], ["12.05.21"]),
        ([("Brussels", 0, 50), ("1", 53, 60), ("3%", 60, 75)], ["Brussels", "13%"]),
        ([("5", 0, 8), ("6%", 14, 30)], ["5", "6%"]),
    ],
)
def test_numbers_that_ocr_joined_or_cut_are_whole(words: list[tuple[str, float, float]], expected: list[str]) -> None:
    assert [label.text for label in labels_of([line_of(*words)])] == expected


def test_slanted_years_that_look_level_are_slanted_as_the_others_in_their_row() -> None:
    level = [Line((Word(str(2005 + i), Box(100 + 40 * i, 430, 128 + 40 * i, 446), 1.0),)) for i in range(5)]
    slanted = [Line((Word(str(2010 + i), Box(300 + 40 * i, 421, 334 + 40 * i, 455), 1.0),)) for i in range(3)]
    numbers = [Line((Word(str(i), Box(70, 100 + 40 * i, 90, 114 + 40 * i), 1.0),)) for i in range(6)]
    by_text = {label.text: label.slanted for label in labels_of([*level, *slanted, *numbers])}
    assert all(by_text[str(year)] for year in range(2005, 2013))
    assert not any(by_text[str(i)] for i in range(6))


def test_a_long_slanted_name_leaves_the_short_ones_in_place() -> None:
    canvas = vertical_bars([[23, 47, 81, 66]], ["", "", "", ""], ticks=TICKS)
    canvas.lines = [line for line in canvas.lines if line.text]
    names = ["Norway", "United Kingdom", "Denmark", "United States"]
    for i, (name, height) in enumerate(zip(names, (14, 40, 14, 40), strict=True)):
        left = 106 + 132.5 * i
        canvas.lines.append(Line((Word(name, Box(left, 362, left + 50, 362 + height), 1.0),)))
    assert read(canvas).categories == tuple(names)


def test_a_label_that_is_wider_than_its_bar_does_not_cut_it() -> None:
    canvas, axis = Canvas(), Axis(0, 100, 350, 40)
    axis.ticks(canvas, {0: "0%", 50: "50%", 100: "100%"}, vertical=True)
    parts = [[40, 52, 47], [55, 42, 45]]
    for i, year in enumerate(YEARS[:3]):
        middle, base = 160 + 170 * i, 0.0
        canvas.text(middle, 365, year)
        for part, color in zip(parts, (BLUE, ORANGE), strict=True):
            top, bottom = axis.at(base + part[i]), axis.at(base)
            canvas.rectangle(middle - 18, top, middle + 18, bottom - 1, color)
            canvas.text(middle, (top + bottom) / 2, f"{part[i]:.2f}%", color=(255, 255, 255))
            base += part[i]
    assert sorted(table(read(canvas))) == sorted(parts)
