"""A table as HTML, with cells that span rows and columns."""

from __future__ import annotations

from cogdoc.results.records import TableCell, TableResult
from cogdoc.results.tables.html import table_html


def table(*rows: list[tuple[str, int, int] | str | None]) -> TableResult:
    """A table of cells one unit wide and high: a text, a text with its columns and rows, or None for a covered slot."""
    return TableResult(rows=tuple(tuple(_cell(r, c, cell) for c, cell in enumerate(row)) for r, row in enumerate(rows)))


def _cell(row: int, column: int, cell: tuple[str, int, int] | str | None) -> TableCell:
    if cell is None:
        return TableCell(text="")
    text, columns, rows = (cell, 1, 1) if isinstance(cell, str) else cell
    return TableCell(text=text, box=(column, row, column + columns, row + rows))


def test_cells_over_several_rows_or_columns_become_spans() -> None:
    html = table_html(table([("Region", 1, 2), ("2023", 2, 1), None], [None, "H1", "H2"], ["A & B", "1", "2"]))
    assert html == (
        '<table><thead><tr><td rowspan="2">Region</td><td colspan="2">2023</td></tr></thead>'
        "<tbody><tr><td>H1</td><td>H2</td></tr><tr><td>A &amp; B</td><td>1</td><td>2</td></tr></tbody></table>"
    )


def test_cells_over_several_rows_may_be_neighbors() -> None:
    html = table_html(table([("a", 1, 2), ("b", 1, 2), "c"], [None, None, "d"]))
    assert html.count('rowspan="2"') == 2
    assert "colspan" not in html
