"""Reads tables in other ways than by their rows: by their columns, or value by value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cogdoc.query.grounding import LIKELY_NUMERIC, Records, number_of
from cogdoc.query.quantities import quantity_of
from cogdoc.query.table import DataCell, DataTable, TableOrigin
from cogdoc.query.typed_values import ValueKind

VALUE = "value"
"""The header of a column of all values of a chart, a concept in every language."""

MIN_SERIES = 2


def transposed(records: Records) -> DataTable:
    """The table with its columns as records, whose headers are the cells of the first column."""
    table = records.table
    kept = [c for c in range(len(table.columns)) if c != table.name_column and not _numbers_rows(records, c)]
    page = next((cell.page for row in table.cells for cell in row if cell is not None), 1)
    names = [DataCell(text, quantity_of(text), page, None) for text in (table.columns[c][-1] for c in kept)]
    return DataTable(
        origin=table.origin,
        title=table.title,
        columns=((), *table.rows),
        rows=tuple(table.columns[column] for column in kept),
        cells=tuple((name, *(row[column] for row in table.cells)) for name, column in zip(names, kept, strict=True)),
        name_column=0,
    )


def listed_values(table: DataTable, *, by_column: bool) -> DataTable:
    """Every value of a table as a record of its own, which its row and its column name; the one before the other."""
    places = [
        (row, column)
        for row in range(len(table.rows))
        for column in range(len(table.columns))
        if column != table.name_column and number_of(table.cells[row][column]) is not None
    ]
    cells = []
    for row, column in places:
        value = table.cells[row][column]
        name = (table.columns[column] if by_column else table.rows[row])[-1:]
        text = "".join(name)
        page = value.page if value is not None else 1
        cells.append((DataCell(text, quantity_of(text), page, None), value))
    return DataTable(
        origin=table.origin,
        title=table.title,
        columns=((), (VALUE,)),
        rows=tuple((*table.rows[row], *table.columns[column]) for row, column in places),
        cells=tuple(cells),
        name_column=0,
    )


def value_lists(tables: Iterable[DataTable], asked: ValueKind | None = None) -> Iterator[Records]:
    """The values of charts with several series, of whichever series: "the highest bar"."""
    for table in tables:
        is_chart = table.origin is TableOrigin.CHART and len(table.columns) > MIN_SERIES
        if is_chart and _columns_are_alike(Records(table, asked)):
            for by_column in (False, True):
                yield Records(listed_values(table, by_column=by_column), asked)


def orientations(tables: Iterable[DataTable], asked: ValueKind | None = None) -> Iterator[Records]:
    """Each table by its rows and, if its columns hold values of one kind, by its columns."""
    for table in tables:
        records = Records(table, asked)
        yield records
        if len(table.rows) > 0 and _columns_are_alike(records):
            yield Records(transposed(records), asked)


def _columns_are_alike(records: Records) -> bool:
    """Whether the columns, but for those that number the rows, may be compared with each other."""
    table = records.table
    columns = [c for c in range(len(table.columns)) if c != table.name_column and not _numbers_rows(records, c)]
    headers: Sequence[tuple[str, ...]] = [table.columns[column] for column in columns]
    if len(columns) < 2 or not all(headers) or len({records.dated[column] for column in columns}) > 1:
        return False
    units = {unit for column in columns if (unit := records.unit(column))}
    return len(units) <= 1 and all(records.sortable[column] >= LIKELY_NUMERIC for column in columns)


def _numbers_rows(records: Records, column: int) -> bool:
    """Whether a column counts the rows: 1, 2, 3."""
    numbers = [number_of(records.table.cells[row][column]) for row in records.rows]
    return len(numbers) > 1 and numbers == [float(index) for index in range(1, len(numbers) + 1)]
