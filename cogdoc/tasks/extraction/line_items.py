"""Line items: the rows of the table on a document's pages whose columns are those that are asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.fields.field import Field
from cogdoc.query.column_matching import ColumnChoice, match_columns, wording_match
from cogdoc.query.concepts import concept_share
from cogdoc.query.grounding import Records
from cogdoc.query.table import DataCell, DataTable, TableOrigin

MIN_SCORE = 0.2
"""How well the columns have to match, so that a table is the one that is asked for."""

SUMMARY_SHARE = 0.7
"""Share of a name's letters that name concepts, from which on a row below a total belongs to the summary."""

_RATE = re.compile(r"[\d.,]+\s*%?")

_ORIGINS = (TableOrigin.TABLE, TableOrigin.ALIGNED)
"""Tables that can have line items, the surer origin first."""


@dataclass(frozen=True, slots=True)
class TableReading:
    """The rows of a table, by the columns that are asked for."""

    columns: tuple[Field, ...]
    rows: tuple[tuple[DataCell | None, ...], ...]
    score: float
    """How well it fits what is asked for, 0 to 1."""
    lacking: tuple[Field, ...]
    """The columns that it does not have."""

    @property
    def page(self) -> int:
        """The page on which it begins."""
        return next((cell.page for row in self.rows for cell in row if cell is not None), 0)

    @property
    def box(self) -> Box | None:
        """Around its cells on that page."""
        page = self.page
        cells = (cell for row in self.rows for cell in row if cell is not None)
        boxes = [cell.box for cell in cells if cell.box is not None and cell.page == page]
        return bounding_box(boxes) if boxes else None


def read_lines(wanted: Field, tables: Sequence[DataTable]) -> TableReading | None:
    """The table that fits a field best, with its continuations on later pages; None if none fits."""
    tables = [table for table in tables if table.origin in _ORIGINS]
    if not wanted.fields:
        return _as_printed(wanted, tables)
    choices = [match_columns(wanted.fields, table) for table in tables]
    scores = [_score(wanted, table, choice) for table, choice in zip(tables, choices, strict=True)]
    best = max(range(len(tables)), key=scores.__getitem__, default=None)
    if best is None or choices[best].score < MIN_SCORE:
        return None
    chosen = choices[best]
    rows: list[tuple[DataCell | None, ...]] = []
    for table in _continued(tables, best):
        rows += _rows(table, [chosen.columns.get(index) for index in range(len(wanted.fields))])
    if not rows:
        return None
    lacking = tuple(one for index, one in enumerate(wanted.fields) if index not in chosen.columns)
    return TableReading(wanted.fields, tuple(rows), min(1.0, chosen.score), lacking)


def _score(wanted: Field, table: DataTable, choice: ColumnChoice) -> tuple[float, int, int]:
    title = max((wording_match(wording, table.title) for wording in wanted.wordings), default=0.0)
    return choice.score + 0.2 * title, -_ORIGINS.index(table.origin), len(table.cells)


def _continued(tables: Sequence[DataTable], first: int) -> list[DataTable]:
    """A table with those on other pages that have the same headers."""
    table = tables[first]
    headers = [header.casefold() for header in map(table.column_text, range(len(table.columns)))]
    same = [
        other
        for other in tables
        if other is table
        or (
            any(headers)
            and _page(other) != _page(table)
            and [header.casefold() for header in map(other.column_text, range(len(other.columns)))] == headers
        )
    ]
    return sorted(same, key=_page)


def _page(table: DataTable) -> int:
    return next((cell.page for row in table.cells for cell in row if cell is not None), 0)


def _rows(table: DataTable, columns: Sequence[int | None]) -> list[tuple[DataCell | None, ...]]:
    """The cells of the rows that are no totals, in the asked order.

    Below the first total, rows such as "VAT 19%", "Shipping" and "Cash" are not items either.
    """
    rows = []
    records = Records(table)
    first_total = min(records.totals, default=len(table.cells))
    for index in records.rows:
        if index > first_total and concept_share(_RATE.sub("", _name(table, index))) >= SUMMARY_SHARE:
            continue
        cells = tuple(table.cells[index][column] if column is not None else None for column in columns)
        if any(cell is not None and cell.text.strip() for cell in cells):
            rows.append(cells)
    return rows


def _name(table: DataTable, row: int) -> str:
    """The text that names a row: its header, or its first cell."""
    first = next((cell.text for cell in table.cells[row] if cell is not None and cell.text.strip()), "")
    return table.row_text(row) or first


def _as_printed(wanted: Field, tables: Sequence[DataTable]) -> TableReading | None:
    """The table whose title has the field's name, or else the largest one with headers, with the columns it prints."""

    def rank(index: int) -> tuple[float, bool, int, int]:
        table = tables[index]
        title = max((wording_match(wording, table.title) for wording in wanted.wordings), default=0.0)
        headed = sum(bool(header) for header in table.columns)
        is_headed = headed >= 0.5 * len(table.columns)
        return round(title, 1), is_headed, -_ORIGINS.index(table.origin), headed * len(table.cells)

    best = max(range(len(tables)), key=rank, default=None)
    if best is None:
        return None
    table = tables[best]
    columns = _column_fields(table)
    rows = [row for one in _continued(tables, best) for row in _rows(one, range(len(columns)))]
    if not rows:
        return None
    title, is_headed, *_ = rank(best)
    score = max(title, 0.6 if is_headed else 0.3)
    return TableReading(columns, tuple(rows), score, ())


def _column_fields(table: DataTable) -> tuple[Field, ...]:
    """A field of text for each column of a table, with the name that it prints; each name once."""
    names: list[str] = []
    for index in range(len(table.columns)):
        name = table.column_text(index).strip() or f"column {index + 1}"
        names.append(name if name not in names else f"{name} ({index + 1})")
    return tuple(replace(Field(name)) for name in names)
