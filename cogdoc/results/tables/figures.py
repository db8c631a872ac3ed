"""The numbers of a table's cells as programs want them: digits alone, with the unit in the head of the column."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from cogdoc.results.document_table import ColumnUnit, DocumentTable, GridCell
from cogdoc.results.printed_value import PrintedValue, plain_decimal

MIN_NUMBERS = 0.5
"""Share of a column's texts from which its numbers say what it is in; a single one among words does not."""

_CURRENCY = re.compile(r"[A-Z]{3}")


def unit_of(value: PrintedValue) -> ColumnUnit | None:
    """What a number is in; None for dates and durations."""
    if value.number is None or value.kind in ("date", "duration"):
        return None
    unit = "%" if value.kind == "percent" else value.currency or value.unit
    return ColumnUnit(unit=unit, scale=value.scale)


def column_unit(cells: Sequence[GridCell]) -> ColumnUnit | None:
    """What the numbers of a column are in; None for a column without numbers, or one of words.

    Statements print the currency beside the first number of a column only; it is that of the others too.
    """
    units = [unit for cell in cells if cell.value is not None and (unit := unit_of(cell.value)) is not None]
    texts = sum(cell.header is None and any(map(str.isalnum, cell.text)) for cell in cells)
    if not units or len(units) < MIN_NUMBERS * texts:
        return None
    usual = Counter(units).most_common(1)[0][0]
    first = units[0]
    others = {unit.unit for unit in units} - {None}
    return first if usual.unit is None and usual.scale == first.scale and others == {first.unit} else usual


def figure_of(cell: GridCell, unit: ColumnUnit | None) -> float | None:
    """A cell's number, of which `unit` says what it is in; None if it is no number, or in something else.

    In a column in thousands it is the number of thousands, as printed.
    """
    value = cell.value
    if value is None or value.number is None or value.other_reading is not None or unit is None:
        return None
    own = unit_of(value)
    if own is None or own.scale != unit.scale or own.unit not in (unit.unit, *_unmarked(unit)):
        return None
    return float(f"{value.number / value.scale:.15g}")


def _unmarked(unit: ColumnUnit) -> tuple[None, ...]:
    """What numbers of a column may be in besides its unit: a currency need not be beside each of them."""
    return (None,) if unit.unit is not None and _CURRENCY.fullmatch(unit.unit) else ()


def numeric_rows(table: DocumentTable) -> list[list[str]]:
    """The rows of a table with digits for numbers, ISO 8601 for dates, and the units in the last row of the header.

    Numbers that are not in the unit of their column stay as printed, and all with a unit do if the table has no header.
    """

    def text_of(cell: GridCell) -> str:
        if cell.header is not None or cell.value is None:
            return cell.text
        if cell.value.date is not None and cell.value.other_reading is None:
            return cell.value.date
        unit = table.units[cell.column]
        figure = figure_of(cell, unit) if unit is not None and (table.header_rows or not str(unit)) else None
        return cell.text if figure is None else plain_decimal(figure)

    rows = table.rows(text_of)
    for column, unit in units_to_add(table).items():
        last = rows[table.header_rows - 1]
        last[column] = f"{last[column]} ({unit})".strip()
    return rows


def units_to_add(table: DocumentTable) -> dict[int, str]:
    """The unit of each column whose header does not name it already; none for a table without a header."""
    headers = [cell for cell in table.cells if cell.header == "column"]
    units: dict[int, str] = {}
    for column, unit in enumerate(table.units):
        above = " ".join(cell.text for cell in headers if cell.column <= column < cell.column + cell.column_span)
        if table.header_rows and unit is not None and str(unit) and str(unit) not in above:
            units[column] = str(unit)
    return units
