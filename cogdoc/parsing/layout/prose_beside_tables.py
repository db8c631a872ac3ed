"""Tell the running text beside a table from the table: the layout models may take both for one table.

A column of running text goes on in the middle of a sentence from one row of the table to the next; a column of
descriptions ends its sentences in its cells. Columns of a newspaper go on from the end of one to the next.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from cogdoc.parsing.layout.columns import ENDS, continues, flows, starts_inside
from cogdoc.parsing.page_text import Line, Table, Word, mean_line_width
from cogdoc.parsing.row_clustering import cluster_rows, overlaps_row, sorted_lines

MIN_LINES = 3

MAX_ROWS = 3
"""Rows of what may be columns of a newspaper instead of a table."""

MIN_WIDTH = 20
"""Mean line width (see `mean_line_width`) of running text."""

CONTINUED_SHARE = 0.5
"""Share of the rows' ends at which the text goes on in the next row."""


@dataclass(frozen=True, slots=True)
class ProseBeside:
    """Running text in the first or last column of a table."""

    lines: tuple[Line, ...]
    is_left: bool
    edge: float
    """Where the column ends, or begins if it is the last one."""


def find_prose(table: Table, words: Sequence[Word]) -> ProseBeside | None:
    """The running text beside a table of `words`, if the models took it for a column of that."""
    width = len(table.rows[0])
    if width < 2 or len(table.rows) < MIN_LINES:
        return None
    for column, is_left in ((0, True), (width - 1, False)):
        boxes = [box for row in table.rows if (box := row[column].box) and (is_left or box.x0 > table.box.x0)]
        if not boxes:
            continue
        edge = min(box.x1 for box in boxes) if is_left else max(box.x0 for box in boxes)
        inside = [word for word in words if (word.box.center[0] < edge) is is_left]
        if not inside or len(inside) == len(words):
            continue
        lines = sorted_lines(Line(tuple(row)) for row in cluster_rows(inside, lambda word: word.box, overlaps_row(0.5)))
        row_ends = sorted({row[0].box.y1 for row in table.rows if row[0].box} | {box.y1 for box in boxes})[:-1]
        if _is_prose(lines, row_ends):
            return ProseBeside(tuple(lines), is_left, edge)
    return None


def find_prose_columns(table: Table, words: Sequence[Word]) -> list[list[Line]]:
    """The columns of running text that the models took for a table of few tall rows; none if it is a table."""
    edges = sorted({cell.box.x1 for row in table.rows for cell in row if cell.box})
    if len(table.rows) > MAX_ROWS or len(edges) != len(table.rows[0]):
        return []
    bounds = (float("-inf"), *edges[:-1], float("inf"))
    columns = [
        _lines([word for word in words if left <= word.box.center[0] < right])
        for left, right in itertools.pairwise(bounds)
    ]
    if len(columns) < 2 or not all(len(column) > MAX_ROWS and flows(column) for column in columns):
        return []
    goes_on = [starts_inside(after[0].words[0]) for before, after in itertools.pairwise(columns) if not _ends(before)]
    return columns if goes_on and all(goes_on) else []


def _ends(column: Sequence[Line]) -> bool:
    return column[-1].text[-1] in ENDS


def _lines(words: Sequence[Word]) -> list[Line]:
    rows = cluster_rows(words, lambda word: word.box, overlaps_row(0.5))
    return sorted_lines(Line(tuple(row)) for row in rows)


def _is_prose(lines: Sequence[Line], row_ends: Sequence[float]) -> bool:
    if len(lines) < MIN_LINES or mean_line_width(lines) < MIN_WIDTH or not flows(lines):
        return False
    right = max(line.box.x1 for line in lines)
    at_row_ends = [
        continues(line, following, right)
        for line, following in itertools.pairwise(lines)
        if any(line.box.center[1] < end < following.box.center[1] for end in row_ends)
    ]
    return len(at_row_ends) > 1 and sum(at_row_ends) >= CONTINUED_SHARE * len(at_row_ends)
