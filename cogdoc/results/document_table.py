"""A table of a document with everything that programs need: spans, headers, units, values, and where it is printed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from cogdoc.results.printed_value import PrintedValue
from cogdoc.results.record_model import BoxTuple, Model

MAX_SLOTS: Final = 1 << 22
"""Rows times columns at most."""


class GridCell(Model):
    """A cell at its first row and column; rows and columns count from 0."""

    row: int = Field(ge=0, description="its first row, from 0")
    column: int = Field(ge=0, description="its first column, from 0")
    row_span: int = Field(default=1, ge=1, description="how many rows it spans")
    column_span: int = Field(default=1, ge=1, description="how many columns it spans")
    header: Literal["column", "row"] | None = Field(default=None, description="what the cell names; null for content")
    text: str = Field(description="as printed")
    value: PrintedValue | None = Field(
        default=None, description="what the text means, for programs: a number, amount, percentage, date or duration"
    )
    page: int = Field(ge=1, description="1-based")
    box: BoxTuple | None = Field(default=None, description="where it is; null if that is not known")


class ColumnUnit(Model):
    """What the numbers of a column are in, as the headers or the caption say, or all of the cells."""

    unit: str | None = Field(
        default=None, description='ISO 4217 code, "%", or a unit as printed; null for mere numbers'
    )
    scale: float = Field(default=1.0, description="1000 for a column in thousands")

    def __str__(self) -> str:
        scale = {1e3: "thousand", 1e6: "million", 1e9: "billion"}.get(self.scale, f"× {self.scale:,.0f}")
        return " ".join(filter(None, (self.unit, "" if self.scale == 1.0 else scale)))


class TablePart(Model):
    """The part of a table that is on one page."""

    page: int = Field(ge=1, description="1-based")
    label: str = Field(description="as printed on the page or named by the file")
    box: BoxTuple = Field(description="left, top, right, bottom in points of the page as displayed")


class DocumentTable(Model):
    """A grid of cells; slots without a cell are covered by one that spans them."""

    number: int = Field(ge=1, description="counts the tables that begin on the page, from 1")
    caption: str | None = Field(default=None, description="the caption, or else the heading or short text right above")
    joined: bool = Field(default=False, description="whether its parts on several pages were joined")
    parts: tuple[TablePart, ...] = Field(description="one for each page that it is on")
    row_count: int = Field(description="with the headers")
    column_count: int = Field(description="with the one that names the rows")
    header_rows: int = Field(description="rows at the top that title the columns; repeated ones are left out")
    header_columns: int = Field(ge=0, le=1, description="1 if the first column names the rows")
    units: tuple[ColumnUnit | None, ...] = Field(description="of each column; null for columns without numbers")
    cells: tuple[GridCell, ...] = Field(description="by rows, each from left to right")

    @property
    def name(self) -> str:
        """Such as "page 3, table 1"."""
        return f"page {self.parts[0].page}, table {self.number}"

    @model_validator(mode="after")
    def _check_cells(self) -> Self:
        if self.row_count * self.column_count > MAX_SLOTS or len(self.units) != self.column_count:
            raise ValueError("too many slots, or another number of units than of columns")
        if any(
            cell.row + cell.row_span > self.row_count or cell.column + cell.column_span > self.column_count
            for cell in self.cells
        ):
            raise ValueError("a cell is outside of the table")
        return self

    def grid(self) -> list[list[GridCell | None]]:
        """The cell of each slot, by row and column; a cell is in every slot that it spans."""
        slots: list[list[GridCell | None]] = [[None] * self.column_count for _ in range(self.row_count)]
        for cell in self.cells:
            for row in slots[cell.row : cell.row + cell.row_span]:
                row[cell.column : cell.column + cell.column_span] = [cell] * cell.column_span
        return slots

    def rows(self, text_of: Callable[[GridCell], str]) -> list[list[str]]:
        """The grid as texts; that of a header is in each slot that it spans, others are in their first slot only."""
        return [
            [
                text_of(cell) if cell is not None and (cell.header or (cell.row, cell.column) == (r, c)) else ""
                for c, cell in enumerate(line)
            ]
            for r, line in enumerate(self.grid())
        ]
