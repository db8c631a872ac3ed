"""`--out csv` (RFC 4180): a row for each answer, a wide row for each document's fields, or rows for each chart.

Cells that a spreadsheet would take for formulas begin with an apostrophe, see `spreadsheet_cells`.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import TextIO

from cogdoc.results.chart_rows import chart_to_rows
from cogdoc.results.field_rows import head_of, row_of
from cogdoc.results.printable import printable
from cogdoc.results.printed_value import PrintedValue
from cogdoc.results.records import AnswerRecord, AnyRecord, ChartRecord, ErrorInfo, ExtractRecord, SourceInfo
from cogdoc.results.renderers.renderer import RenderContext
from cogdoc.results.spreadsheet_cells import spreadsheet_cell

_ANSWER_HEADER = (
    "source", "question", "answer", "value", "unit", "page", "confidence", "found", "p_answerable",
)  # fmt: skip


class CsvRenderer:
    def __init__(self, stream: TextIO, context: RenderContext) -> None:
        self._stream = stream
        self._csv = csv.writer(stream)
        self._quoted_csv = csv.writer(stream, quoting=csv.QUOTE_ALL)
        self._several_sources = context.several_sources
        self._started = False

    def begin(self, task: str, source: SourceInfo) -> None:  # noqa: ARG002 - part of the protocol
        if task == "ask" and not self._started:
            self._csv.writerow(_ANSWER_HEADER)
            self._started = True

    def write(self, record: AnyRecord) -> None:
        if isinstance(record, AnswerRecord) and record.answer is not None:
            answer = record.answer
            page = str(answer.evidence[0].page) if answer.evidence else ""
            answered = [answer.text or "", *value_cells(answer.value)]
            judged = [_share(answer.confidence), str(answer.found).lower(), _share(answer.p_answerable)]
            self._write_row([record.source.path, answer.question, *answered, page, *judged])
        elif isinstance(record, ChartRecord) and record.chart is not None:
            if self._started:
                self._csv.writerow([])
            self._started = True
            source_cell = [record.source.path] if self._several_sources else []
            for row in chart_to_rows(record.chart, numeric=True):
                self._write_row([*source_cell, *row])
        elif isinstance(record, ExtractRecord) and record.error is None:
            if not self._started:
                self._write_row(head_of(record))
            self._started = True
            self._write_row(row_of(record))
        self._stream.flush()

    def end(self, error: ErrorInfo | None) -> None:
        pass

    def close(self) -> None:
        self._stream.flush()

    def _write_row(self, cells: Sequence[str]) -> None:
        # Excel reads a file whose first bytes are "ID" as SYLK, another format with formulas; quotes are not "ID".
        writer = self._quoted_csv if cells[0].startswith("ID") else self._csv
        writer.writerow([spreadsheet_cell(printable(cell, keep_newlines=True)) for cell in cells])


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
