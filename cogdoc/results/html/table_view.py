"""A table as its cells are shown: headers, spans, and amounts aligned at the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cogdoc.results.records import TableCell, TableResult
from cogdoc.results.tables.spans import Span, spans_of

_AMOUNTS = frozenset({"number", "money", "percent"})


@dataclass(frozen=True, slots=True)
class CellView:
    """A cell, and how it is shown."""

    cell: TableCell
    span: Span
    scope: Literal["col", "colgroup", "row", "rowgroup"] | None
    """Of a header; None for a cell of the body."""
    is_amount: bool
    """Whether it is aligned as an amount."""


@dataclass(frozen=True, slots=True)
class TableView:
    """The rows of the head and of the body; a slot that another cell covers has no cell."""

    head: tuple[tuple[CellView, ...], ...]
    body: tuple[tuple[CellView, ...], ...]


def view_table(table: TableResult) -> TableView:
    """The first row is the head, with those that its cells reach into; a first column of names has headers of rows."""
    spans = spans_of(table)
    head = max((span.rows for span in spans[0]), default=1) if spans else 0
    amounts = _amount_columns(table, head)
    names = bool(amounts) and 0 not in amounts

    def view(span: Span) -> CellView:
        scope: Literal["col", "colgroup", "row", "rowgroup"] | None = None
        if span.row < head:
            scope = "colgroup" if span.columns > 1 else "col"
        elif span.column == 0 and names:
            scope = "rowgroup" if span.rows > 1 else "row"
        is_amount = span.column in amounts and span.columns == 1
        return CellView(table.rows[span.row][span.column], span, scope, is_amount)

    rows = tuple(tuple(map(view, row)) for row in spans)
    return TableView(rows[:head], rows[head:])


def _amount_columns(table: TableResult, head: int) -> frozenset[int]:
    """The columns in which most cells below the head that have text are amounts."""
    body = table.rows[head:]
    columns: Sequence[Sequence[TableCell]] = list(zip(*body, strict=True))
    return frozenset(index for index, column in enumerate(columns) if _are_amounts(column))


def _are_amounts(cells: Sequence[TableCell]) -> bool:
    filled = [cell for cell in cells if any(map(str.isalnum, cell.text))]
    amounts = sum(cell.value is not None and cell.value.kind in _AMOUNTS for cell in filled)
    return 2 * amounts > len(filled)
