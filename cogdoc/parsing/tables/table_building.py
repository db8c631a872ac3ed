"""Build a table with cells from its words and the grid of straight lines that a layout model draws over it.

The models find rows and columns, on scans as well as on native pages, but their lines cut phrases in two, and their
cells never span others. Here, lines that separate nothing are dropped, rows that continue the row above are joined
to it, and a phrase that spans several columns gets a cell that spans them.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from cogdoc.documents.geometry import Box
from cogdoc.parsing.page_text import Cell, Line, Table, Word
from cogdoc.parsing.row_clustering import sorted_lines
from cogdoc.parsing.tables.fused_phrases import split_fused_phrases
from cogdoc.parsing.tables.header_flags import header_columns, header_rows
from cogdoc.parsing.tables.header_spans import header_depth, heads_group, lift_titles, widen_group_titles
from cogdoc.parsing.tables.phrases import Row, assign_columns, drop_false_lines, find_rows, typical_height
from cogdoc.parsing.tables.row_corrections import (
    join_continued_rows,
    join_stacked_titles,
    split_group_titles,
    split_number_lists,
    split_stacked_groups,
)
from cogdoc.parsing.tables.row_labels import span_row_labels
from cogdoc.parsing.tables.sign_columns import drop_sign_lines

Grid = tuple[tuple[float, ...], tuple[float, ...]]
"""The x positions of column lines, left to right, and the y positions of row lines, top to bottom, both with the outer
edges."""

CENTERED = 0.05
"""Share of a table's width by which a centered title over the whole table may miss its middle."""


def build_table(box: Box, grid: Grid, words: Sequence[Word], rules: Sequence[Box] = ()) -> Table | None:
    """The table in `box` with its words in cells; None if it has a single column.

    Cells that another one covers have no box and no text; the box of the spanning cell contains theirs.

    Args:
        rules: the drawn rules between columns, boxes without width; they part phrases however close these are.
    """
    if not words:
        return None
    grid_column_lines, row_lines = grid
    height = typical_height(words)
    rows = find_rows(words, grid_column_lines, row_lines, rules)
    column_lines = drop_sign_lines(rows, drop_false_lines(rows, grid_column_lines, height))
    if len(column_lines) < 3:
        return None
    if len(column_lines) < len(grid_column_lines):
        rows = find_rows(words, column_lines, row_lines, rules)
    rows = split_fused_phrases(assign_columns(rows, column_lines, height), column_lines, height)
    rows = join_stacked_titles(join_continued_rows(rows))
    rows = split_stacked_groups(split_group_titles(split_number_lists(rows)), height)
    width = len(column_lines) - 1
    middle = (column_lines[0] + column_lines[-1]) / 2
    top = tuple(rows[0].phrases) if rows else ()
    start = 1 if len(top) == 1 and heads_group(top[0], rows, width, middle) else 0
    rows = [*rows[:start], *(_widen_title(row, column_lines) for row in rows[start:])]
    depth = header_depth(rows, width)
    rows = lift_titles(widen_group_titles(rows, depth, width, height), depth, width)
    rows = span_row_labels(rows, depth, height)
    cells = _cells(rows, column_lines)
    texts = [[cell.text for cell in row] for row in cells]
    header = header_rows(texts, depth)
    return Table(box, cells, header, header_columns(texts, header))


def _widen_title(row: Row, column_lines: Sequence[float]) -> Row:
    """Make a row of centered single lines a title that spans the whole table."""
    middle, width = (column_lines[0] + column_lines[-1]) / 2, column_lines[-1] - column_lines[0]
    if not all(
        len(line) == 1 and line[0].last > 0 and abs(line[0].box.center[0] - middle) <= CENTERED * width
        for line in row.lines
    ):
        return row
    return replace(row, lines=tuple((replace(line[0], first=0, last=len(column_lines) - 2),) for line in row.lines))


def _cells(rows: Sequence[Row], column_lines: Sequence[float]) -> tuple[tuple[Cell, ...], ...]:
    cells: list[list[Cell]] = []
    for row in rows:
        starts = _starts(row, len(column_lines) - 1)
        line: list[Cell] = []
        for first, end in itertools.pairwise((*starts, len(column_lines) - 1)):
            words = [word for phrase in row.phrases if first <= phrase.first < end for word in phrase.words]
            line.append(Cell(_text(words), Box(column_lines[first], row.top, column_lines[end], row.bottom)))
            line.extend(Cell("", None) for _ in range(first + 1, end))
        cells.append(line)
        for column in row.continued:
            _extend_cell_above(cells, column, row.bottom)
    return tuple(tuple(line) for line in cells)


def _starts(row: Row, width: int) -> list[int]:
    """The columns in which the cells of a row start."""
    covered = {column for phrase in row.phrases for column in range(phrase.first + 1, phrase.last + 1)}
    return [column for column in range(width) if column not in covered]


def _extend_cell_above(cells: list[list[Cell]], column: int, bottom: float) -> None:
    """Make the cell above the last one of a column cover the last one too."""
    for line in reversed(cells[:-1]):
        if (above := line[column]).box is not None:
            line[column] = Cell(above.text, above.box._replace(y1=bottom))
            break
    cells[-1][column] = Cell("", None)


def _text(words: Sequence[Word]) -> str:
    return " ".join(line.text for line in sorted_lines([Line((word,)) for word in words]))
