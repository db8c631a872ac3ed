"""The one form that perception ends in, whatever it comes from: a table with typed values and named rows and columns.

Tables of a page, line items, rows of a receipt, lists of a section, charts, and the Markdown tables of a
vision-language model all become a `DataTable`, so that one executor answers questions about any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cogdoc.documents.geometry import Box


class TableOrigin(StrEnum):
    TABLE = "table"
    """Detected by layout analysis, with or without ruling lines."""
    ALIGNED = "aligned"
    """Rows of text that are merely aligned."""
    LIST = "list"
    """The items of a list or a section, one column."""
    FIELDS = "fields"
    """Labels with their values, "Interest rate: 4.25%", one a row."""
    CHART = "chart"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True)
class Quantity:
    """The typed value of a cell."""

    number: float | None = None
    """In units of `unit`, with the scale applied: 1200000.0 for "1.2 million"."""
    unit: str = ""
    """An ISO 4217 code ("USD"), "%", or a unit as printed ("km"); empty for a plain number."""
    scale: float = 1.0
    """1000.0 for "in thousands", whether the cell or its header says so."""
    day: date | None = None
    """For dates; the first day of a month or year if no day is printed."""


@dataclass(frozen=True, slots=True)
class DataCell:
    text: str
    """As printed."""
    quantity: Quantity | None
    page: int
    """1-based."""
    box: Box | None
    """In points of the upright page; None if only the source knows where it is."""
    confidence: float = 1.0
    """How surely the text is what is printed, 0 to 1: the lowest of its words, or of measuring a mark."""
    measured: bool = False
    """Measured against an axis rather than printed."""


@dataclass(frozen=True, slots=True)
class DataTable:
    """A grid of cells with hierarchical headers; every row has as many cells as there are columns."""

    origin: TableOrigin
    title: str
    """Its caption or the heading above it; may be empty."""
    columns: tuple[tuple[str, ...], ...]
    """The header of each column, outermost first; an empty tuple for a column without one."""
    rows: tuple[tuple[str, ...], ...]
    """The header of each row, outermost (its section) first; an empty tuple for a row without one."""
    cells: tuple[tuple[DataCell | None, ...], ...]
    """(rows, columns); the column of row headers, if there is one, is among the columns."""
    name_column: int | None = None
    """The column whose cells name the rows; None if no column does."""

    def column_text(self, index: int) -> str:
        return " ".join(self.columns[index])

    def row_text(self, index: int) -> str:
        return " ".join(self.rows[index])
