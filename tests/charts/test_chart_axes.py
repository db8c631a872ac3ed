"""Axes and labels are found despite inexact positions and misread digits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.charts.axes import fit_scale
from cogdoc.parsing.numbers import parse_number
from cogdoc.parsing.page_text import Line, Word
from cogdoc.parsing.picture_labels import Label, labels_of


def tick(text: str, x: float, y: float) -> Label:
    return Label(text, Box(x - 20, y - 6, x, y + 6), 1.0, parse_number(text))


@given(
    low=st.integers(-1000, 1000),
    step=st.integers(1, 500),
    count=st.integers(3, 10),
    pitch=st.integers(12, 90),
    shifts=st.lists(st.floats(-1.0, 1.0), min_size=10, max_size=10),
)
def test_ticks_that_are_a_pixel_off_still_give_the_scale(
    low: int, step: int, count: int, pitch: int, shifts: list[float]
) -> None:
    ticks = [tick(str(low + step * i), 60, 900 - pitch * i + shifts[i]) for i in range(count)]
    scale = fit_scale(ticks, vertical=True)
    assert scale is not None
    middle = 900 - pitch * (count - 1) / 2
    expected = low + step * (count - 1) / 2
    assert abs(scale.value(middle) - expected) <= 1.5 * step / pitch


@given(wrong=st.integers(0, 6), value=st.integers(10_000, 99_999))
def test_a_misread_tick_is_left_out(wrong: int, value: int) -> None:
    ticks = [tick(str(value if i == wrong else 10 * i), 60, 400 - 50 * i) for i in range(7)]
    scale = fit_scale(ticks, vertical=True)
    assert scale is not None
    assert len(scale.ticks) == 6
    assert abs(scale.value(400 - 125) - 25) < 0.01


def test_numbers_without_order_are_no_axis() -> None:
    assert fit_scale([tick(text, 60, 40 * i) for i, text in enumerate(["5", "900", "17", "2"])], vertical=True) is None


def test_a_vertical_axis_grows_upward() -> None:
    assert fit_scale([tick(str(i), 60, 50 * i) for i in range(5)], vertical=True) is None


def test_thousands_that_ocr_split_are_one_label_and_neighbours_are_not() -> None:
    words = (
        Word("7", Box(10, 10, 17, 22), 1.0),
        Word("531", Box(21, 10, 42, 22), 1.0),
        Word("954", Box(90, 10, 111, 22), 1.0),
    )
    assert [label.text for label in labels_of([Line(words)])] == ["7 531", "954"]


def test_labels_that_overlap_in_a_row_are_slanted_and_end_at_their_ticks() -> None:
    lines = [Line((Word(f"{2000 + i}/{i + 1:02}", Box(70 + 32 * i, 430, 117 + 32 * i, 448), 1.0),)) for i in range(6)]
    labels = labels_of(lines)
    assert all(label.slanted for label in labels)
    assert all(label.anchor[0] > label.box.center[0] for label in labels)
