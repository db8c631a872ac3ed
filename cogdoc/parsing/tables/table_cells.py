"""From a grid of straight lines, as a layout model draws it over a table, to cells that hold whole phrases.

The models see where rows and columns are, on scans as on native pages, but cut phrases in two and know no cell
that stretches over others. Here lines that part nothing are dropped, rows that only go on are joined, and a
phrase over several columns gets a cell over several columns.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from cogdoc.documents.geometry import Box
from cogdoc.parsing.page_text import Cell, Line, Table, Word
from cogdoc.parsing.row_clustering import sorted_lines
from cogdoc.parsing.tables.header_spans import header_depth, lift_titles, widen_group_titles
from cogdoc.parsing.tables.phrases import Row, drop_false_lines, find_rows, place, typical_height
from cogdoc.parsing.tables.table_rows import join_continued, join_stacked_titles, part_group_titles, part_numbers

Grid = tuple[tuple[float, ...], tuple[float, ...]]
"""Lines across (between columns, left to right) and down (between rows, top to bottom), with the outer edges."""

CENTERED = 0.05
"""Share of a table's width by which a title over all of it may miss its middle."""


def build_table(box: Box, grid: Grid, words: Sequence[Word]) -> Table | None:
    """The table in `box` with its words in cells; None where they stand in a single column.

    A cell that others cover has no box and no text; the box of the one that covers them is over all of them.
    """
    if not words:
        return None
    across, down = grid
    height = typical_height(words)
    rows = find_rows(words, across, down)
    kept = drop_false_lines(rows, across, height)
    if len(kept) < 3:
        return None
    if len(kept) < len(across):
        rows = find_rows(words, kept, down)
    rows = join_stacked_titles(join_continued(place(rows, kept, height)))
    rows = part_group_titles(part_numbers(rows))
    rows = [_widen_title(row, kept) for row in rows]
    width = len(kept) - 1
    depth = header_depth(rows, width)
    rows = lift_titles(widen_group_titles(rows, depth, width, height), depth, width)
    return Table(box, _cells(rows, kept))


def _widen_title(row: Row, across: Sequence[float]) -> Row:
    """Lines that stand alone over the middle of the table are a title over all of it."""
    middle, width = (across[0] + across[-1]) / 2, across[-1] - across[0]
    if not all(
        len(line) == 1 and line[0].last > 0 and abs(line[0].box.center[0] - middle) <= CENTERED * width
        for line in row.lines
    ):
        return row
    return replace(row, lines=tuple((replace(line[0], first=0, last=len(across) - 2),) for line in row.lines))


def _cells(rows: Sequence[Row], across: Sequence[float]) -> tuple[tuple[Cell, ...], ...]:
    cells: list[list[Cell]] = []
    for row in rows:
        starts = _starts(row, len(across) - 1)
        line: list[Cell] = []
        for first, end in itertools.pairwise((*starts, len(across) - 1)):
            words = [word for phrase in row.phrases if first <= phrase.first < end for word in phrase.words]
            line.append(Cell(_text(words), Box(across[first], row.top, across[end], row.bottom)))
            line.extend(Cell("", None) for _ in range(first + 1, end))
        cells.append(line)
        for column in row.continued:
            _lengthen(cells, column, row.bottom)
    return tuple(tuple(line) for line in cells)


def _starts(row: Row, width: int) -> list[int]:
    """The columns in which the cells of a row begin."""
    covered = {column for phrase in row.phrases for column in range(phrase.first + 1, phrase.last + 1)}
    return [column for column in range(width) if column not in covered]


def _lengthen(cells: list[list[Cell]], column: int, bottom: float) -> None:
    """Have the cell above the last one of a column cover that one too."""
    for line in reversed(cells[:-1]):
        if (above := line[column]).box is not None:
            line[column] = Cell(above.text, above.box._replace(y1=bottom))
            break
    cells[-1][column] = Cell("", None)


def _text(words: Sequence[Word]) -> str:
    return " ".join(line.text for line in sorted_lines([Line((word,)) for word in words]))
