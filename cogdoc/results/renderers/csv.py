"""`--out csv`: a row for each answer, a wide row for each document's fields, or rows for each chart or table."""

from __future__ import annotations

from typing import TextIO

from cogdoc.results.chart_rows import chart_to_rows
from cogdoc.results.document_table import DocumentTable
from cogdoc.results.failures import ErrorInfo
from cogdoc.results.field_rows import HEAD_OF_ALL, head_of, row_of, rows_of_all
from cogdoc.results.printed_value import PrintedValue
from cogdoc.results.records import AnswerRecord, AnyRecord, ChartRecord, ExtractRecord, SourceInfo, TableRecord
from cogdoc.results.renderers.csv_rows import CsvRows
from cogdoc.results.renderers.csv_tables import LIST_HEADER, TablesInOne, list_row, part_name
from cogdoc.results.renderers.renderer import RenderContext
from cogdoc.results.tables.figures import numeric_rows

_ANSWER_HEADER = (
    "source", "question", "answer", "value", "unit", "page", "confidence", "found", "p_answerable",
)  # fmt: skip


class CsvRenderer:
    def __init__(self, stream: TextIO, context: RenderContext) -> None:
        self._stream = stream
        self._rows = CsvRows(stream)
        self._several_sources = context.several_sources
        self._open_part = context.open_part
        self._tables = TablesInOne(self._rows.write, several_sources=context.several_sources)
        self._started = False

    def begin(self, task: str, source: SourceInfo) -> None:  # noqa: ARG002 - part of the protocol
        if task == "ask" and not self._started:
            self._rows.write(_ANSWER_HEADER)
            self._started = True
        if task == "tables" and self._open_part is not None:
            self._rows.write(LIST_HEADER)

    def write(self, record: AnyRecord) -> None:
        if isinstance(record, AnswerRecord) and record.answer is not None:
            answer = record.answer
            page = str(answer.evidence[0].page) if answer.evidence else ""
            answered = [answer.text or "", *value_cells(answer.value)]
            judged = [_share(answer.confidence), str(answer.found).lower(), _share(answer.p_answerable)]
            self._rows.write([record.source.path, answer.question, *answered, page, *judged])
        elif isinstance(record, ChartRecord) and record.chart is not None:
            if self._started:
                self._rows.write([])
            self._started = True
            source_cell = [record.source.path] if self._several_sources else []
            for row in chart_to_rows(record.chart, numeric=True):
                self._rows.write([*source_cell, *row])
        elif isinstance(record, ExtractRecord) and record.error is None:
            if not self._started:
                self._rows.write(HEAD_OF_ALL if record.finds_all else head_of(record))
            self._started = True
            for cells in rows_of_all(record) if record.finds_all else (row_of(record),):
                self._rows.write(cells)
        elif isinstance(record, TableRecord) and record.table is not None:
            self._write_table(record, record.table)
        self._stream.flush()

    def end(self, error: ErrorInfo | None) -> None:
        pass

    def close(self) -> None:
        self._tables.close()
        self._stream.flush()

    def _write_table(self, record: TableRecord, table: DocumentTable) -> None:
        if self._open_part is None:
            self._tables.add(record)
            return
        with self._open_part(part_name(table)) as (name, stream):
            rows = CsvRows(stream)
            for row in numeric_rows(table):
                rows.write(row)
        self._rows.write(list_row(table, name))


def _share(probability: float | None) -> str:
    return "" if probability is None else f"{probability:.3f}"


def value_cells(value: PrintedValue | None) -> tuple[str, str]:
    """A value and its unit; the amount as digits alone, dates and durations in ISO 8601."""
    if value is None:
        return "", ""
    if value.date is not None or value.duration is not None:
        return value.plain, ""
    number, _, unit = value.plain.partition(" ")
    return (number[:-1], "%") if number.endswith("%") else (number, unit)
