"""Records in one line, for people who look at them in a Python session: what was found, where, and how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from cogdoc.results.records import AnswerRecord, ChartRecord, ExtractRecord, PageRecord, Record, TableRecord

MAX_TEXT = 60
"""Characters of a text that are shown."""


def describe_record(record: Record) -> str:
    """A record's kind and content, such as `<AnswerRecord 'total due?': '$98.76', page 1, confidence 0.97>`."""
    kind = type(record).__name__
    if record.error is not None:
        parts = [_where(record), f"error: {record.error.message}"]
    elif kind == "AnswerRecord":
        parts = _answer(cast("AnswerRecord", record))
    elif kind == "PageRecord":
        page = cast("PageRecord", record)
        parts = [_where(page), _shortened(page.text), f"confidence {page.confidence or 0.0:.2f}"]
    elif kind == "ExtractRecord":
        parts = _fields(cast("ExtractRecord", record))
    elif kind == "TableRecord":
        parts = [_where(record), _table(cast("TableRecord", record))]
    else:
        parts = [_where(record), _chart(cast("ChartRecord", record))]
    flags = [f"flags {', '.join(record.flags)}"] if record.flags else []
    return f"<{kind} {', '.join((*parts, *flags))}>"


def _where(record: Record) -> str:
    page = getattr(record, "page", None)
    return record.source.path if page is None else f"{record.source.path} page {page.label}"


def _answer(record: AnswerRecord) -> list[str]:
    answer = record.answer
    if answer is None or answer.text is None:
        likely = answer.p_answerable if answer is not None else None
        return [f"{_shortened(record.question)}: not found", *_stated("p_answerable", likely)]
    evidence = answer.evidence[:1]
    places = [f"page {found.label}" for found in evidence]
    found = f"{_shortened(record.question)}: {_shortened(answer.text)}"
    return [found, *places, *_stated("confidence", answer.confidence)]


def _stated(name: str, probability: float | None) -> list[str]:
    return [] if probability is None else [f"{name} {probability:.2f}"]


def _fields(record: ExtractRecord) -> list[str]:
    values = (f"{one.name}: {_shortened(str(one.value))}" for one in record.fields if one.found)
    missing = [one.name for one in record.fields if not one.found]
    return [record.source.path, *values, *([f"missing: {', '.join(missing)}"] if missing else [])]


def _chart(record: ChartRecord) -> str:
    if record.chart is None:
        return "no chart"
    chart = record.chart
    title = f" {_shortened(chart.title)}" if chart.title else ""
    return f"{chart.kind.value} chart{title}, {len(chart.categories)} x {len(chart.series)} values"


def _table(record: TableRecord) -> str:
    if record.table is None:
        return "no table"
    caption = f" {_shortened(record.table.caption)}" if record.table.caption else ""
    return f"table{caption}, {record.table.row_count} x {record.table.column_count} cells"


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= MAX_TEXT else f"{line[:MAX_TEXT]}...")
