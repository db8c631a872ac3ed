"""The table behind a chart as rows of text: a header, then a row for each category with a column for each series."""

from __future__ import annotations

from cogdoc.results.printed_value import plain_decimal
from cogdoc.results.records import Chart, ChartValue


def chart_to_rows(chart: Chart, *, numeric: bool = False) -> list[list[str]]:
    """The chart as a table: a row for each category, a column for each series.

    Args:
        numeric: values are digits alone, and their unit is in the header; else they are as printed.
    """
    horizontal = "horizontal" in chart.kind
    category_title, value_title = (chart.y_title, chart.x_title) if horizontal else (chart.x_title, chart.y_title)
    unit = f" ({chart.unit})" if numeric and chart.unit else ""
    names = (series.name or value_title or "value" for series in chart.series)
    header = [category_title or "category", *(name if unit.strip(" ()") in name else name + unit for name in names)]
    rows = [
        [category, *(_cell(series.values[i], numeric=numeric) for series in chart.series)]
        for i, category in enumerate(chart.categories)
    ]
    return [header, *rows]


def _cell(value: ChartValue, *, numeric: bool) -> str:
    if value.value is None or (value.text and not numeric):
        return value.text or ""
    return plain_decimal(float(f"{value.value:.6g}"))
