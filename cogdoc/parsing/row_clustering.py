"""Group boxes into rows, and read rows from left to right: the one definition for lines, words, phrases and labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.directions import logical_line
from cogdoc.parsing.page_text import Line
from cogdoc.text import has_right_to_left, runs_right_to_left

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
    """The lines of one column, top to bottom; lines side by side become one, unless a wide gap separates them.

    Lines that run down or up the page are sorted as if the page was turned, and come as a whole where they begin.
    """
    by_direction: dict[int, list[Line]] = {}
    for line in lines:
        by_direction.setdefault(line.direction, []).append(line)
    groups = list(map(_sorted_level_lines, by_direction.values()))
    if len(groups) > 1:
        groups.sort(key=lambda group: bounding_box(line.box for line in group).y0)
    return [line for group in groups for line in group]


def _sorted_level_lines(lines: Iterable[Line]) -> list[Line]:
    rows = cluster_rows(lines, lambda line: line.level_box, _beside_all)
    return [joined for row in rows for joined in _in_reading_order(list(_join_neighbours(row)))]


def _in_reading_order(row: list[Line]) -> list[Line]:
    if not any(has_right_to_left(line.text) for line in row):
        return row
    ordered = [logical_line(line.words) for line in row]
    return ordered[::-1] if runs_right_to_left("".join(line.text for line in row)) else ordered


def _beside_all(box: Box, row: Sequence[Box]) -> bool:
    """Whether a box is level with all of a row's, and above or below none: tall boxes of close lines may overlap."""
    return all(box.vertical_overlap(other) > 0.6 and box.horizontal_overlap(other) < 0.2 for other in row)


def _join_neighbours(row: Sequence[Line]) -> Iterator[Line]:
    """Join the lines of a row. MuPDF splits justified text at wide spaces; only wider gaps are kept here."""
    current = row[0]
    for line in row[1:]:
        box, next_box = current.level_box, line.level_box
        if next_box.x0 - box.x1 < WIDE_GAP * min(box.height, next_box.height):
            current = Line((*current.words, *line.words))
        else:
            yield current
            current = line
    yield current
