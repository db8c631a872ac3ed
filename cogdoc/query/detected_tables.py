"""The tables that layout analysis found on a page, with typed values and headers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from cogdoc.parsing.page_text import Block, BlockKind, Table
from cogdoc.query.grid_tables import GridCell, GridRow, Source, grid_tables
from cogdoc.query.table import DataTable, TableOrigin
from cogdoc.query.table_captions import captions

MAX_TITLE_BLOCKS = 4
"""Blocks above a table that may belong to its title."""

MAX_TITLE_LINES = 3

PICTURES = (BlockKind.PICTURE, BlockKind.TEXT_PICTURE, BlockKind.DECORATION)


def detected_tables(blocks: Sequence[Block], page_number: int) -> Iterator[DataTable]:
    """The tables among the blocks of a page, in their order; a block's frame can hold several."""
    captioned = captions(blocks)
    for index, block in enumerate(blocks):
        if block.table is not None and block.table.rows:
            caption = captioned.get(index, -1)
            title = title_above(blocks[:index]) if caption < index else _text(blocks[caption])
            yield from grid_tables(_grid(block.table), Source(TableOrigin.TABLE, page_number, title))


def _text(block: Block) -> str:
    return " ".join(line.text for line in block.lines)


class TitleBlock(Protocol):
    """What a title is taken from: a block of a page, or of a result."""

    @property
    def kind(self) -> str: ...

    @property
    def lines(self) -> Sequence[TitleLine]: ...

    @property
    def table(self) -> object | None: ...


class TitleLine(Protocol):
    @property
    def text(self) -> str: ...


def title_above(above: Sequence[TitleBlock]) -> str:
    """The short texts right above a table, down from the nearest heading or caption; empty if there are none."""
    texts: list[str] = []
    for block in reversed(above[-MAX_TITLE_BLOCKS:]):
        if block.table is not None or len(block.lines) > MAX_TITLE_LINES or block.kind in PICTURES:
            break
        texts.insert(0, " ".join(line.text for line in block.lines))
        if block.kind in (BlockKind.HEADING, BlockKind.CAPTION, BlockKind.TITLE):
            break
    return " ".join(texts)


def _grid(table: Table) -> Sequence[GridRow]:
    """The cells, each in all slots that it spans: those that have no box of their own and are beside or below it."""
    rows: list[list[GridCell | None]] = []
    centers = [_column_center(table, column) for column in range(len(table.rows[0]))]
    for cells in table.rows:
        row: list[GridCell | None] = []
        for column, cell in enumerate(cells):
            if cell.box is not None:
                row.append(GridCell(cell.text, cell.box) if cell.text.strip() else None)
                continue
            left = row[-1] if row else None
            above = rows[-1][column] if rows else None
            covers = left is not None and left.box is not None and left.box.x0 <= centers[column] <= left.box.x1
            row.append(left if covers else above)
        rows.append(row)
    return rows


def _column_center(table: Table, column: int) -> float:
    """The center of a column's narrowest cell, which spans no other."""
    boxes = [row[column].box for row in table.rows]
    narrowest = min((box for box in boxes if box is not None), key=lambda box: box.width, default=None)
    return narrowest.center[0] if narrowest is not None else -1.0
