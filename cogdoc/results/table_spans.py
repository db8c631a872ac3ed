"""Which cells of a table stretch over others: a cell without a box is covered by the one whose box reaches over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cogdoc.results.records import TableResult


@dataclass(frozen=True, slots=True)
class Span:
    """A cell's place in its table, and how many columns and rows it takes."""

    row: int
    column: int
    columns: int = 1
    rows: int = 1


def spans_of(table: TableResult) -> list[list[Span]]:
    """The cells of each row that are not covered, left to right."""
    covers = _covers(table)
    spans = []
    for r, row in enumerate(table.rows):
        starts = []
        for c in range(len(row)):
            if covers[r][c] != (r, c):
                continue
            columns = 1 + _run(covers[r][c + 1 :], (r, c))
            rows = 1 + _run([line[c] for line in covers[r + 1 :]], (r, c))
            starts.append(Span(r, c, columns, rows))
        spans.append(starts)
    return spans


def _run(covers: Sequence[tuple[int, int]], place: tuple[int, int]) -> int:
    return next((length for length, cover in enumerate(covers) if cover != place), len(covers))


def _covers(table: TableResult) -> list[list[tuple[int, int]]]:
    """For each slot the place of the cell that covers it: its own unless it has neither box nor text."""
    places = [[(r, c) for c in range(len(row))] for r, row in enumerate(table.rows)]
    axis = _axis_across(table)
    across = [_middle(table, column, axis) for column in zip(*places, strict=True)]
    down = [_middle(table, row, 1 - axis) for row in places]
    covers: list[list[tuple[int, int]]] = []
    for r, row in enumerate(table.rows):
        line: list[tuple[int, int]] = []
        for c, cell in enumerate(row):
            cover = (r, c)
            if cell.box is None and not cell.text:
                neighbours = [*line[-1:], *(above[c] for above in covers[-1:])]
                point = ((axis, across[c]), (1 - axis, down[r]))
                cover = next((place for place in neighbours if _reaches(table, place, point)), cover)
            line.append(cover)
        covers.append(line)
    return covers


def _axis_across(table: TableResult) -> int:
    """The axis of the boxes along which a row runs: 0, or 1 on a page that lies on its side."""
    for row in table.rows:
        boxes = [cell.box for cell in row if cell.box is not None]
        if len(boxes) > 1:
            first, last = boxes[0], boxes[-1]
            return int(abs(last[1] - first[1]) > abs(last[0] - first[0]))
    return 0


def _middle(table: TableResult, places: Sequence[tuple[int, int]], axis: int) -> float | None:
    """The middle of a column or a row, along an axis: of the narrowest of its cells, which spans no other."""
    boxes = [box for r, c in places if (box := table.rows[r][c].box) is not None]
    narrowest = min(boxes, key=lambda box: box[axis + 2] - box[axis], default=None)
    return None if narrowest is None else (narrowest[axis] + narrowest[axis + 2]) / 2


def _reaches(table: TableResult, place: tuple[int, int], point: Sequence[tuple[int, float | None]]) -> bool:
    box = table.rows[place[0]][place[1]].box
    return box is not None and all(middle is None or box[axis] <= middle <= box[axis + 2] for axis, middle in point)
