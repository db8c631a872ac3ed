"""Group boxes into rows, and read rows from left to right: the one definition for lines, words, phrases and labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.page_text import Line

WIDE_GAP = 2.0
"""Line heights of white space that separate two texts of one row; justified lines have spaces of up to 1.5."""

T = TypeVar("T")


def cluster_rows(
    items: Iterable[T], box_of: Callable[[T], Box], in_row: Callable[[Box, Sequence[Box]], bool]
) -> list[list[T]]:
    """Group items into rows, top to bottom; each row is ordered by its boxes' left edges.

    Items are taken by the height of their centers. Each joins the current row if `in_row(box, row)` holds for its
    box and the row's boxes, which are ordered by their centers, and starts a new row otherwise. `in_row` is the
    only thing that differs between callers: see `overlaps_row` and `level_with_first`.
    """
    rows: list[list[tuple[Box, T]]] = []
    for box, item in sorted(((box_of(item), item) for item in items), key=lambda pair: pair[0].center[1]):
        if rows and in_row(box, [other for other, _ in rows[-1]]):
            rows[-1].append((box, item))
        else:
            rows.append([(box, item)])
    return [[item for _, item in sorted(row, key=lambda pair: pair[0].x0)] for row in rows]


def overlaps_row(min_overlap: float) -> Callable[[Box, Sequence[Box]], bool]:
    """A criterion for `cluster_rows`: the vertical overlap with the row's bounding box exceeds a share (0 to 1)."""
    return lambda box, row: bounding_box(row).vertical_overlap(box) > min_overlap


def level_with_first(max_distance: float) -> Callable[[Box, Sequence[Box]], bool]:
    """A criterion for `cluster_rows`: the center is at most `max_distance` below that of the row's first box."""
    return lambda box, row: box.center[1] - row[0].center[1] <= max_distance


def sorted_lines(lines: Iterable[Line]) -> list[Line]:
    """The lines of one column, top to bottom; lines side by side become one, unless a wide gap separates them."""
    rows = cluster_rows(lines, lambda line: line.box, _beside_all)
    return [joined for row in rows for joined in _join_neighbours(row)]


def _beside_all(box: Box, row: Sequence[Box]) -> bool:
    """Whether a box is level with all of a row's, and above or below none: tall boxes of close lines may overlap."""
    return all(box.vertical_overlap(other) > 0.6 and box.horizontal_overlap(other) < 0.2 for other in row)


def _join_neighbours(row: Sequence[Line]) -> Iterator[Line]:
    """Join the lines of a row. MuPDF splits justified text at wide spaces; only wider gaps are kept here."""
    current = row[0]
    for line in row[1:]:
        height = min(current.box.height, line.box.height)
        if line.box.x0 - current.box.x1 < WIDE_GAP * height:
            current = Line((*current.words, *line.words))
        else:
            yield current
            current = line
    yield current
