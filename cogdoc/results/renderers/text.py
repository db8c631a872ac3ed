"""`--out text`: the bare answers, the text of pages, or charts and tables as rows with tabs between their cells."""

from __future__ import annotations

from collections.abc import Sequence

from cogdoc.results.certainty import Certainty, doubt
from cogdoc.results.chart_rows import chart_to_rows
from cogdoc.results.field_result import FieldResult
from cogdoc.results.field_rows import plain
from cogdoc.results.flags import Flag
from cogdoc.results.printable import printable
from cogdoc.results.records import (
    Answer,
    AnswerRecord,
    AnyRecord,
    ChartRecord,
    ExtractRecord,
    PageRecord,
    TableRecord,
)
from cogdoc.results.renderers.prose import Line, ProseRenderer


class TextRenderer(ProseRenderer):
    headed_tasks = ("ocr", "chart")

    def heading(self, name: str) -> str:
        return f"==> {name} <=="

    def render(self, record: AnyRecord) -> list[Line]:
        if isinstance(record, AnswerRecord):
            return self._answer_line(record)
        if isinstance(record, PageRecord):
            return [Line(record.text)] if record.text else []
        if isinstance(record, ExtractRecord):
            return self._field_lines(record)
        if isinstance(record, TableRecord):
            return [Line(_rows_text(record.table.rows(lambda cell: cell.text)))] if record.table else []
        return self._chart_lines(record) if isinstance(record, ChartRecord) else []

    def _field_lines(self, record: ExtractRecord) -> list[Line]:
        """A line for each field, its name and its value separated by a tab."""
        lines: list[Line] = []
        for one in record.fields:
            line = f"{_one_cell(one.name)}\t{_one_cell(plain(one.value))}"
            line = f"{printable(record.source.path)}:{one.page or ''}:{line}" if self._several else line
            lines.append(Line(line, _field_doubt(one) if self.on_terminal else ""))
        return lines

    @property
    def _several(self) -> bool:
        return self._context.several_sources

    def _answer_line(self, record: AnswerRecord) -> list[Line]:
        answer = record.answer
        if answer is None or (answer.text is None and not self._context.several_questions):
            return []
        line = self.answer_text(answer)
        if self._context.several_questions:
            line = f"{_one_cell(answer.question)}\t{' '.join(line.splitlines())}"
        if self._several:
            page = answer.evidence[0].page if answer.evidence else ""
            line = f"{printable(record.source.path)}:{page}:{' '.join(line.splitlines())}"
        return [Line(line, self._remark(answer))]

    def answer_text(self, answer: Answer) -> str:
        text = answer.text or ""
        return _one_cell(text) if self._context.several_questions else text

    def _chart_lines(self, record: ChartRecord) -> list[Line]:
        rows = chart_to_rows(record.chart) if record.chart else []
        lines = [Line("\t".join(map(_one_cell, row))) for row in rows]
        for answer in record.answers:
            cells = (_one_cell(answer.question), _one_cell(answer.text or ""))
            lines.append(Line("\t".join(cells), self._remark(answer)))
        return lines

    def _remark(self, answer: Answer) -> str:
        """Doubt, where a person reads: what goes to a program is the bare answer."""
        return doubt(answer) if self.on_terminal else ""


def _field_doubt(one: FieldResult) -> str:
    if one.reason is not None:
        return f"({one.reason})"
    return f"({Certainty.UNSURE})" if Flag.LOW_CONFIDENCE.value in one.flags else ""


def _rows_text(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("\t".join(map(_one_cell, row)) for row in rows)


def _one_cell(text: str) -> str:
    """`text` without the tabs and line breaks that would begin another cell or row."""
    return " ".join(text.split())
