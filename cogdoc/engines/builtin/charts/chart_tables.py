"""Turns charts into data tables: a row for each category, a column for each series."""

from __future__ import annotations

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.charts.color_words import ColorWords
from cogdoc.engines.builtin.charts.period_names import full_periods
from cogdoc.parsing.numbers import find_numbers
from cogdoc.query.grid_tables import unit_note
from cogdoc.query.quantities import quantity_of
from cogdoc.query.table import DataCell, DataTable, Quantity, TableOrigin
from cogdoc.results.records import Chart, ChartValue

MAX_DECIMALS = 4
BULLETS = "•·●○■□▪◆ "


def chart_table(chart: Chart, page: int, colors: ColorWords) -> DataTable:
    """The table behind a chart; its first column has the names of the categories.

    Words for colors are further names of the series or categories that are drawn in them.
    """
    chart = chart.model_copy(
        update={
            "categories": tuple(map(_unmarked, chart.categories)),
            "series": tuple(one.model_copy(update={"name": _unmarked(one.name)}) for one in chart.series),
        }
    )
    words = colors.by_mark(chart)
    by_series = len(chart.series) > 1
    series = [(*words.get(one.color or "", ()), one.name) if by_series else (one.name,) for one in chart.series]
    names = [
        (*(() if by_series else words.get(chart.series[0].values[row].color or "", ())), period, name)
        for row, (period, name) in enumerate(zip(full_periods(chart.categories), chart.categories, strict=True))
    ]
    return DataTable(
        origin=TableOrigin.CHART,
        title=" ".join(text for text in (chart.title, chart.y_title) if text),
        columns=tuple(tuple(part for part in header if part) for header in ((chart.x_title or "",), *series)),
        rows=tuple(tuple(dict.fromkeys(part for part in header if part)) for header in names),
        cells=tuple(
            (_name_cell(chart, row, page), *(_value_cell(chart, one.values[row], page) for one in chart.series))
            for row in range(len(chart.categories))
        ),
        name_column=0,
    )


def _unmarked(name: str) -> str:
    """A name without the mark of a legend before it, which may be read as a bullet."""
    return name.lstrip(BULLETS) or name


def _name_cell(chart: Chart, row: int, page: int) -> DataCell:
    boxes = [series.values[row].box for series in chart.series]
    box = next((Box(*box) for box in boxes if box is not None), None)
    return DataCell(chart.categories[row], quantity_of(chart.categories[row]), page, box)


def _value_cell(chart: Chart, value: ChartValue, page: int) -> DataCell | None:
    if value.value is None:
        return None
    return DataCell(
        text=value_text(value),
        quantity=Quantity(value.value, unit=unit_note(f"({chart.unit or ''})")[0]),
        page=page,
        box=Box(*value.box) if value.box is not None else None,
        confidence=value.confidence,
        measured=value.text is None,
    )


def value_text(value: ChartValue) -> str:
    """A value as printed, without unit: that of the axis is stated once for all of them."""
    assert value.value is not None
    numbers = find_numbers(value.text or "")
    if len(numbers) == 1 and value.text and numbers[0].scale != 1.0:
        return value.text
    decimals = numbers[0].decimals if len(numbers) == 1 else 0
    exact = next(
        (n for n in range(MAX_DECIMALS) if round(value.value, n) == round(value.value, MAX_DECIMALS)), MAX_DECIMALS
    )
    return f"{value.value:.{max(decimals, exact)}f}"
