"""Turns tables into grids of cells: finds the header rows, the header of each column, and the label of each row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.page_text import Table, Word
from cogdoc.query.segments import PageView, Segment
from cogdoc.query.typed_values import ValueKind, find_values, fit

MAX_HEADER_ROWS = 3
_FIELD = re.compile(r"[:：]\s*\S")

_Rows = tuple[tuple[Segment | None, ...], ...]


@dataclass(frozen=True)
class Grid:
    """A table whose cells can be matched like segments of a page."""

    cells: tuple[tuple[Segment | None, ...], ...]
    header_rows: int
    headers: tuple[str, ...]
    """The header of each column; a header that spans several columns belongs to each of them."""

    @property
    def width(self) -> int:
        return len(self.cells[0]) if self.cells else 0

    def text(self, row: int, column: int) -> str:
        cell = self.cells[row][column]
        return cell.text if cell is not None else ""

    def label(self, row: int) -> str:
        """The first cell of the row that is not empty."""
        return next((cell.text for cell in self.cells[row] if cell is not None and cell.text), "")

    @cached_property
    def body(self) -> range:
        """The rows below the header."""
        return range(self.header_rows, len(self.cells))

    def column(self, column: int) -> list[str]:
        """The texts of a column's cells below the header, without empty ones."""
        return [text for row in self.body if (text := self.text(row, column))]

    def share_of(self, kind: ValueKind, column: int) -> float:
        """Share of a column's cells that are values of a kind, 0 to 1."""
        texts = self.column(column)
        return sum(fit(kind, text) >= 0.5 for text in texts) / len(texts) if texts else 0.0

    def row_text(self, row: int) -> str:
        return " | ".join(cell.text for cell in self.cells[row] if cell is not None and cell.text)


def grids(page: PageView) -> list[Grid]:
    """The page's tables with at least two rows and columns."""
    parts = [part for table in page.tables for part in _parts(table)]
    return [grid for part in parts if (grid := _grid(part, page)).width >= 2 and len(grid.cells) >= 2]


def _parts(table: Table) -> list[_Rows]:
    """The rows of a table, split where a form's fields are followed by column names in one frame, as on invoices."""
    rows = tuple(
        tuple(_as_segment(cell.text, cell.box) if cell.box is not None and cell.text.strip() else None for cell in row)
        for row in table.rows
    )
    for index in range(1, min(MAX_HEADER_ROWS + 1, len(rows) - 1)):
        if not any(cell is not None and _FIELD.search(cell.text) for cell in rows[index - 1]):
            break
        names = [cell.text for cell in rows[index] if cell is not None]
        are_names = len(names) > max(2, 0.7 * len(rows[index])) and not any(map(_FIELD.search, names))
        if are_names and not any(map(_is_numeric, names)):
            return [rows[:index], rows[index:]]
    return [rows]


def _grid(rows: _Rows, page: PageView) -> Grid:
    header_rows = _header_rows(rows)
    columns = range(len(rows[0]) if rows else 0)
    headers = tuple(_header(rows, header_rows, column, page) for column in columns)
    return Grid(rows, header_rows, headers)


def _header(rows: Sequence[Sequence[Segment | None]], header_rows: int, column: int, page: PageView) -> str:
    """The words of the header rows that are above a column's cells.

    A header of several columns is centered above them and may not reach the outer ones. So if a line of several
    headers, other than the last line, has none above a column, the nearest header of that line is used.
    """
    # Only the last row of the header belongs to one column; the rows above span several columns and would widen it.
    cells = [cell.box for row in rows[header_rows - 1 :] if (cell := row[column]) is not None]
    header_cells = [cell.box for row in rows[:header_rows] for cell in row if cell is not None]
    if not cells or not header_cells:
        return ""
    column_box, header_box = bounding_box(cells), bounding_box(header_cells)
    lines: dict[int, list[Segment]] = {}
    for segment in page.segments:
        if header_box.y0 <= segment.box.center[1] <= header_box.y1:
            lines.setdefault(segment.row, []).append(segment)
    texts: list[str] = []
    for row_index, segments in lines.items():
        above = [segment for segment in segments if segment.box.horizontal_overlap(column_box) > 0.2]
        if not above and column > 0 and len(segments) > 1 and row_index != max(lines):
            above = [min(segments, key=lambda segment: abs(segment.box.center[0] - column_box.center[0]))]
        texts += [segment.text for segment in above]
    return " ".join(texts)


def _header_rows(rows: Sequence[Sequence[Segment | None]]) -> int:
    """The number of header rows: a title, the first row of column names, and rows below it without a row label."""
    count = titles = 0
    for row in rows[:MAX_HEADER_ROWS]:
        filled = [cell for cell in row if cell is not None]
        numbers = sum(_is_numeric(cell.text) and not _is_year(cell.text) for cell in filled)
        if len(filled) <= 1 and count == titles == 0:
            titles = count = len(filled)
            continue
        unnamed = row[0] is None
        if count > titles and not unnamed:
            break
        if numbers > (0.6 if unnamed else 0.3) * len(filled):
            break
        count += 1
    return min(max(1, count), len(rows) - 1)


def _is_year(text: str) -> bool:
    return len(text) < 24 and bool(find_values(ValueKind.YEAR, text))


def _as_segment(text: str, box: Box) -> Segment:
    """A cell as a segment, its words spread over the width of the cell."""
    words = text.split()
    length = len(" ".join(words))
    placed_words, offset = [], 0
    for word in words:
        left, right = box.x0 + box.width * offset / length, box.x0 + box.width * (offset + len(word)) / length
        placed_words.append(Word(word, Box(left, box.y0, right, box.y1), 1.0))
        offset += len(word) + 1
    return Segment(-1, -1, tuple(placed_words), " ".join(words), box)


def _is_numeric(text: str) -> bool:
    return fit(ValueKind.NUMBER, text) >= 0.3 or fit(ValueKind.AMOUNT, text) >= 0.5 or text.strip() in "-–—"
