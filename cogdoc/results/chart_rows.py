"""The table behind a chart as rows of text: a header, then a row for each category with a column for each series."""

from __future__ import annotations

from decimal import Decimal

from cogdoc.results.records import Chart


def chart_to_rows(chart: Chart) -> list[list[str]]:
    """The chart as a table: a row for each category, a column for each series."""
    horizontal = "horizontal" in chart.kind
    category_title, value_title = (chart.y_title, chart.x_title) if horizontal else (chart.x_title, chart.y_title)
    header = [category_title or "category", *(series.name or value_title or "value" for series in chart.series)]
    rows = [
        [category, *(_number(series.values[i].value, series.values[i].text) for series in chart.series)]
        for i, category in enumerate(chart.categories)
    ]
    return [header, *rows]


def _number(value: float | None, printed: str | None) -> str:
    if printed:
        return printed
    return "" if value is None else f"{Decimal(f'{value:.6g}'):f}"  # never 1e+07
