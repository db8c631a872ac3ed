"""A chart as it is shown: the drawing, the table of its values, and answers about it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from markupsafe import Markup

from cogdoc.results.chart_rows import chart_to_rows
from cogdoc.results.failures import ErrorInfo
from cogdoc.results.flags import Flag
from cogdoc.results.html.answer_view import AnswerView, view_answer
from cogdoc.results.html.chart_drawing import DOUBTFUL, LegendEntry, draw_chart, legend_of
from cogdoc.results.records import Chart, ChartKind, ChartRecord
from cogdoc.results.wording import Sureness, confidence_in_words, flag_sentences

_SAID = frozenset({Flag.NOT_A_CHART, Flag.MEASURED})
"""Flags that the heading or the facts say."""


@dataclass(frozen=True, slots=True)
class ValueCell:
    """A value in the table."""

    key: str
    text: str
    doubt: str | None


@dataclass(frozen=True, slots=True)
class ValueRow:
    """A category and its values."""

    name: str
    cells: tuple[ValueCell, ...]


@dataclass(frozen=True, slots=True)
class ChartView:
    """A chart, or a page without one, and how it is shown."""

    key: str
    title: str
    number: int
    label: str
    sure: Sureness | None
    facts: tuple[str, ...]
    notes: tuple[str, ...]
    error: ErrorInfo | None
    drawing: Markup
    legend: tuple[LegendEntry, ...]
    head: tuple[str, ...]
    rows: tuple[ValueRow, ...]
    answers: tuple[AnswerView, ...]


def view_chart(record: ChartRecord, key: str, pages: Collection[int]) -> ChartView:
    """
    Args:
        key: the id of the element that shows it.
        pages: those that have pictures.
    """
    chart, page = record.chart, record.page
    answers = tuple(view_answer(answer, f"{key}-q{index}", pages) for index, answer in enumerate(record.answers, 1))
    head, rows = _table(chart, key) if chart is not None else ((), ())
    return ChartView(
        key,
        (chart.title or "Chart without a title") if chart is not None else "",
        page.number if page is not None else 1,
        page.label if page is not None else "1",
        confidence_in_words(chart.confidence, record.flags) if chart is not None else None,
        _facts(chart) if chart is not None else (),
        tuple(flag_sentences(flag for flag in record.flags if flag not in _SAID)),
        record.error,
        draw_chart(chart, key) if chart is not None else Markup(),
        tuple(legend_of(chart)) if chart is not None else (),
        head,
        rows,
        answers,
    )


def _facts(chart: Chart) -> tuple[str, ...]:
    kind = f"{chart.kind.replace('-', ' ')} chart" if chart.kind is not ChartKind.UNKNOWN else None
    unit = f"unit: {chart.unit}" if chart.unit else None
    origin = "values measured against the axis, so approximate" if chart.measured else "values as printed"
    return tuple(filter(None, (kind, unit, origin)))


def _table(chart: Chart, key: str) -> tuple[tuple[str, ...], tuple[ValueRow, ...]]:
    head, *rows = chart_to_rows(chart)
    return tuple(head), tuple(
        ValueRow(
            row[0],
            tuple(
                ValueCell(f"{key}-{index}-{column}", text, _doubt(chart.series[column].values[index].confidence))
                for column, text in enumerate(row[1:])
            ),
        )
        for index, row in enumerate(rows)
    )


def _doubt(confidence: float) -> str | None:
    return f"Doubtful, {round(100 * confidence)}%" if confidence < DOUBTFUL else None
