"""Tables as grids of comparable cells: which rows are headers, which cell names its row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.answering.segments import PageView, Segment
from cogdoc.engines.builtin.answering.values import ValueKind, find_values, fit
from cogdoc.words.types import Table, Word

HEADER_ROWS = 3


@dataclass(frozen=True)
class Grid:
    """A table as texts; cells of all rows under one header."""

    cells: tuple[tuple[Segment | None, ...], ...]
    header_rows: int
    box: Box

    @property
    def width(self) -> int:
        return len(self.cells[0]) if self.cells else 0

    def text(self, row: int, column: int) -> str:
        cell = self.cells[row][column]
        return cell.text if cell is not None else ""

    def header(self, column: int) -> str:
        return " ".join(self.text(row, column) for row in range(self.header_rows)).strip()

    def label(self, row: int) -> str:
        """The first cell of the row that says anything."""
        return next((cell.text for cell in self.cells[row] if cell is not None and cell.text), "")

    @cached_property
    def body(self) -> range:
        """The rows below the header."""
        return range(self.header_rows, len(self.cells))

    def column(self, column: int) -> list[str]:
        """What the body's cells of a column say, without empty ones."""
        return [text for row in self.body if (text := self.text(row, column))]

    def share_of(self, kind: ValueKind, column: int) -> float:
        """Share of a column's cells that are values of a kind, 0 to 1."""
        texts = self.column(column)
        return sum(fit(kind, text) >= 0.5 for text in texts) / len(texts) if texts else 0.0

    def row_text(self, row: int) -> str:
        return " | ".join(cell.text for cell in self.cells[row] if cell is not None and cell.text)


def grids(page: PageView) -> list[Grid]:
    """The page's tables with at least two rows and columns."""
    return [grid for table in page.tables if (grid := _grid(table)).width >= 2 and len(grid.cells) >= 2]


def _grid(table: Table) -> Grid:
    rows = tuple(
        tuple(_as_segment(cell.text, cell.box) if cell.box is not None and cell.text.strip() else None for cell in row)
        for row in table.rows
    )
    return Grid(rows, _header_rows(rows), table.box)


def _header_rows(rows: Sequence[Sequence[Segment | None]]) -> int:
    """Titles over the table, the first row that names columns, and a second one under its gaps."""
    count = 0
    gaps = True
    for row in rows[:HEADER_ROWS]:
        filled = [cell for cell in row if cell is not None]
        numbers = sum(_is_numeric(cell.text) and not _is_year(cell.text) for cell in filled)
        if len(filled) <= 1 and count == 0:
            count += len(filled)
            continue
        if not gaps or numbers > 0.3 * len(filled):
            break
        count += 1
        gaps = len(filled) < len(row) - 1
    return min(max(1, count), len(rows) - 1)


def _is_year(text: str) -> bool:
    return len(text) < 24 and bool(find_values(ValueKind.YEAR, text))


def _as_segment(text: str, box: Box) -> Segment:
    """A cell as a segment, its words set side by side over the width of the cell."""
    words = text.split()
    length = len(" ".join(words))
    placed, offset = [], 0
    for word in words:
        left, right = box.x0 + box.width * offset / length, box.x0 + box.width * (offset + len(word)) / length
        placed.append(Word(word, Box(left, box.y0, right, box.y1), 1.0))
        offset += len(word) + 1
    return Segment(-1, -1, tuple(placed), " ".join(words), box, text)


def _is_numeric(text: str) -> bool:
    return fit(ValueKind.NUMBER, text) >= 0.3 or fit(ValueKind.AMOUNT, text) >= 0.5 or text.strip() in "-–—"
