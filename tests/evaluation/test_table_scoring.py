"""What tables and charts are worth: their HTML, their values, and the cells that stretch over others."""

from __future__ import annotations

from cogdoc.evaluation.metrics.chart_values import ChartNumber, chart_values, matched_values, true_values
from cogdoc.results.records import Chart, ChartKind, ChartSeries, ChartValue, TableCell, TableResult
from cogdoc.results.table_html import table_html


def table(*rows: list[tuple[str, int, int] | str | None]) -> TableResult:
    """Cells one unit wide and high: a text, a text with its columns and rows, or None where one is covered."""
    return TableResult(rows=tuple(tuple(_cell(r, c, cell) for c, cell in enumerate(row)) for r, row in enumerate(rows)))


def _cell(row: int, column: int, cell: tuple[str, int, int] | str | None) -> TableCell:
    if cell is None:
        return TableCell(text="")
    text, columns, rows = (cell, 1, 1) if isinstance(cell, str) else cell
    return TableCell(text=text, box=(column, row, column + columns, row + rows))


def test_cells_that_stretch_become_spans() -> None:
    html = table_html(table([("Region", 1, 2), ("2023", 2, 1), None], [None, "H1", "H2"], ["A & B", "1", "2"]))
    assert html == (
        '<table><thead><tr><td rowspan="2">Region</td><td colspan="2">2023</td></tr></thead>'
        "<tbody><tr><td>H1</td><td>H2</td></tr><tr><td>A &amp; B</td><td>1</td><td>2</td></tr></tbody></table>"
    )


def test_cells_that_stretch_downwards_may_stand_side_by_side() -> None:
    html = table_html(table([("a", 1, 2), ("b", 1, 2), "c"], [None, None, "d"]))
    assert html.count('rowspan="2"') == 2
    assert "colspan" not in html


def test_chart_values_need_the_right_name_and_nearly_the_right_value() -> None:
    truth = true_values([["Year", "Sales"], ["2021", "100"], ["2022", "1,200"], ["2023", "n/a"]])
    assert truth == [ChartNumber("", "2021", 100), ChartNumber("", "2022", 1200)]
    found = [ChartNumber("", "2022", 1250), ChartNumber("", "2021", 106), ChartNumber("", "Other", 100)]
    assert matched_values(found, truth) == 1


def test_series_count_only_where_there_are_several() -> None:
    def chart(*names: str) -> Chart:
        series = tuple(
            ChartSeries(name=name, values=(ChartValue(value=1, confidence=1), ChartValue(value=None, confidence=0)))
            for name in names
        )
        return Chart(kind=ChartKind.BAR, categories=("a", "b"), series=series, measured=False, confidence=1)

    assert chart_values(chart("North")) == [ChartNumber("", "a", 1)]
    assert chart_values(chart("North", "South")) == [ChartNumber("North", "a", 1), ChartNumber("South", "a", 1)]
