"""Boxes are clustered into rows by the caller's criterion, top to bottom, each row from left to right."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogdoc.documents.geometry import Box
from cogdoc.parsing.page_text import Line, Word, mean_confidence
from cogdoc.parsing.row_clustering import cluster_rows, level_with_first, overlaps_row, sorted_lines

random_boxes = st.lists(
    st.builds(lambda x, y, h: Box(x, y, x + 20, y + h), st.floats(0, 500), st.floats(0, 500), st.floats(5, 30))
)


def line(text: str, x: float, y: float) -> Line:
    return Line((Word(text, Box(x, y, x + 5 * len(text), y + 10), 1.0),))


@given(random_boxes, st.sampled_from([overlaps_row(0.5), level_with_first(5.0)]))
def test_each_box_is_in_one_row_and_rows_are_ordered(
    boxes: list[Box], in_row: Callable[[Box, Sequence[Box]], bool]
) -> None:
    rows = cluster_rows(range(len(boxes)), boxes.__getitem__, in_row)
    assert sorted(index for row in rows for index in row) == list(range(len(boxes)))
    assert all(boxes[left].x0 <= boxes[right].x0 for row in rows for left, right in itertools.pairwise(row))
    tops = [min(boxes[index].center[1] for index in row) for row in rows]
    assert tops == sorted(tops)


def test_word_raised_by_less_than_half_its_height_stays_in_its_row() -> None:
    boxes = [Box(0, 100, 20, 110), Box(30, 96, 50, 106), Box(60, 88, 80, 98)]
    assert cluster_rows(boxes, lambda box: box, overlaps_row(0.5)) == [[boxes[2]], [boxes[0], boxes[1]]]


def test_centers_are_compared_with_the_first_box_of_the_row() -> None:
    boxes = [Box(0, y, 20, y + 10) for y in (0, 4, 8)]
    assert cluster_rows(boxes, lambda box: box, level_with_first(5)) == [boxes[:2], boxes[2:]]


def test_lines_side_by_side_are_joined_unless_the_gap_is_wide() -> None:
    lines = [line("right", 200, 1), line("text", 40, 1), line("Some", 10, 0), line("below", 10, 14)]
    assert [joined.text for joined in sorted_lines(lines)] == ["Some text", "right", "below"]


def test_mean_confidence_weighs_characters() -> None:
    box = Box(0, 0, 10, 10)
    assert mean_confidence([Word("a", box, 0.4), Word("bcd", box, 0.8)]) == pytest.approx(0.7)
    assert mean_confidence([]) == 1.0
