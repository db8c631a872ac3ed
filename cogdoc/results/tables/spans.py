"""Finds cells that span several rows or columns: a cell whose box extends over an empty neighbour covers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from cogdoc.results.records import TableResult

Slot = tuple[int, int]
"""Row and column of a cell in its table's grid."""


@dataclass(frozen=True, slots=True)
class Span:
    """A cell's slot, and how many columns and rows it takes."""

    row: int
    column: int
    columns: int = 1
    rows: int = 1


def spans_of(table: TableResult) -> list[list[Span]]:
    """The cells of each row that are not covered by another, left to right."""
    covers = _covers(table)
    spans = []
    for r, row in enumerate(table.rows):
        starts = []
        for c in range(len(row)):
            if covers[r][c] != (r, c):
                continue
            columns = 1 + _run_length(covers[r][c + 1 :], (r, c))
            rows = 1 + _run_length([line[c] for line in covers[r + 1 :]], (r, c))
            starts.append(Span(r, c, columns, rows))
        spans.append(starts)
    return spans


def _run_length(covers: Sequence[Slot], slot: Slot) -> int:
    """How many of `covers` equal `slot` before the first that does not."""
    return next((length for length, cover in enumerate(covers) if cover != slot), len(covers))


def _covers(table: TableResult) -> list[list[Slot]]:
    """For each slot, the slot of the cell that covers it: itself, unless it has neither box nor text."""
    slots = [[(r, c) for c in range(len(row))] for r, row in enumerate(table.rows)]
    axis = _row_axis(table)
    column_centers = _centers(table, list(zip(*slots, strict=True)), axis)
    row_centers = _centers(table, slots, 1 - axis)
    covers: list[list[Slot]] = []
    for r, row in enumerate(table.rows):
        line: list[Slot] = []
        for c, cell in enumerate(row):
            cover = (r, c)
            if cell.box is None and not cell.text:
                neighbours = [*line[-1:], *(above[c] for above in covers[-1:])]
                point = ((axis, column_centers[c]), (1 - axis, row_centers[r]))
                cover = next((slot for slot in neighbours if _contains(table, slot, point)), cover)
            line.append(cover)
        covers.append(line)
    return covers


def _row_axis(table: TableResult) -> int:
    """The axis of the boxes along which a row extends: 0 for x, or 1 for y on a sideways page."""
    for row in table.rows:
        boxes = [cell.box for cell in row if cell.box is not None]
        if len(boxes) > 1:
            first, last = boxes[0], boxes[-1]
            return int(abs(last[1] - first[1]) > abs(last[0] - first[0]))
    return 0


def _centers(table: TableResult, lines: Sequence[Sequence[Slot]], axis: int) -> list[float | None]:
    """The center of each column or row along an axis: that of its narrowest cell, up to where the next one starts."""
    extents = [_extent(table, slots, axis) for slots in lines]
    centers: list[float | None] = []
    for extent, following in zip_longest(extents, extents[1:]):
        if extent is None:
            centers.append(None)
            continue
        start, end = extent
        if following is not None:
            # A sideways table may count its rows or columns from right to left, or upwards.
            if start < following[0] < end:
                end = following[0]
            elif start < following[1] < end:
                start = following[1]
        centers.append((start + end) / 2)
    return centers


def _extent(table: TableResult, slots: Sequence[Slot], axis: int) -> tuple[float, float] | None:
    """Where the narrowest cell of a column or row starts and ends along an axis."""
    boxes = [box for r, c in slots if (box := table.rows[r][c].box) is not None]
    narrowest = min(boxes, key=lambda box: box[axis + 2] - box[axis], default=None)
    return None if narrowest is None else (narrowest[axis], narrowest[axis + 2])


def _contains(table: TableResult, slot: Slot, point: Sequence[tuple[int, float | None]]) -> bool:
    box = table.rows[slot[0]][slot[1]].box
    return box is not None and all(center is None or box[axis] <= center <= box[axis + 2] for axis, center in point)
