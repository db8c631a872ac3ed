"""Draws tables with known content, in any order of columns, with units and a row of totals."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from cogdoc.query.quantities import quantity_of
from cogdoc.query.table import DataCell, DataTable, TableOrigin

NAMES = ("Amsterdam", "Berlin", "Cairo", "Delhi", "Edinburgh", "Florence", "Geneva", "Helsinki", "Istanbul", "Jakarta")
PROPERTIES = ("Visitors", "Hotels", "Bridges", "Museums")
FORMATS = ("{:,}", "${:,}", "{:,} km", "{:,}%")


@dataclass(frozen=True)
class Drawn:
    """A table, and what it says: a number for each name and property."""

    table: DataTable
    numbers: dict[str, dict[str, int]]

    def numbers_of(self, column: str) -> dict[str, int]:
        return {name: values[column] for name, values in self.numbers.items()}

    def quantity(self, column: str, number: int) -> float:
        """A number of a column with the scale of its header."""
        index = self.table.columns.index((column,))
        row = list(self.numbers_of(column).values()).index(number)
        cell = self.table.cells[row][index]
        assert cell is not None
        assert cell.quantity is not None
        return cell.quantity.number or 0.0


def cell(text: str, scale: float = 1.0) -> DataCell:
    return DataCell(text, quantity_of(text, scale=scale), 1, None)


@st.composite
def drawn_tables(draw: st.DrawFn) -> Drawn:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=3, max_size=8, unique=True))
    columns = draw(st.lists(st.sampled_from(PROPERTIES), min_size=2, max_size=4, unique=True))
    formats = {column: draw(st.sampled_from(FORMATS)) for column in columns}
    values = st.integers(1, 99_999)
    by_column = {
        column: draw(st.lists(values, min_size=len(names), max_size=len(names), unique=True)) for column in columns
    }
    numbers = {name: {column: by_column[column][i] for column in columns} for i, name in enumerate(names)}
    scale = draw(st.sampled_from((1.0, 1e3, 1e6)))
    rows = [[cell(name), *(cell(formats[c].format(numbers[name][c]), scale) for c in columns)] for name in names]
    labels = [*names]
    if draw(st.booleans()):
        totals = [sum(by_column[column]) for column in columns]
        rows.append([cell("Total"), *(cell(formats[c].format(t), scale) for c, t in zip(columns, totals, strict=True))])
        labels.append("Total")
    order = draw(st.permutations(range(len(columns) + 1)))
    headers = [("City",), *((column,) for column in columns)]
    table = DataTable(
        origin=TableOrigin.TABLE,
        title="Cities",
        columns=tuple(headers[index] for index in order),
        rows=tuple((label,) for label in labels),
        cells=tuple(tuple(row[index] for index in order) for row in rows),
        name_column=order.index(0),
    )
    return Drawn(table, numbers)
