"""`--out text`: the bare answers, the text of pages, or charts as rows separated by tabs."""

from __future__ import annotations

from cogdoc.results.chart_rows import chart_to_rows
from cogdoc.results.printable import printable
from cogdoc.results.records import Answer, AnswerRecord, AnyRecord, ChartRecord, PageRecord
from cogdoc.results.renderers.prose import ProseRenderer


class TextRenderer(ProseRenderer):
    def heading(self, name: str) -> str:
        return f"==> {name} <=="

    def render(self, record: AnyRecord) -> str | None:
        if isinstance(record, AnswerRecord):
            return self._answer_line(record)
        if isinstance(record, PageRecord):
            return record.text or None
        return _chart_text(record)

    def _answer_line(self, record: AnswerRecord) -> str | None:
        answer = record.answer
        if answer is None or (answer.text is None and not self._context.several_questions):
            return None
        line = self.answer_text(answer)
        if self._context.several_questions:
            line = f"{_one_cell(answer.question)}\t{' '.join(line.splitlines())}"
        if self._context.several_sources:
            page = answer.evidence[0].page if answer.evidence else ""
            line = f"{printable(record.source.path)}:{page}:{' '.join(line.splitlines())}"
        return line

    def answer_text(self, answer: Answer) -> str:
        text = answer.text or ""
        return _one_cell(text) if self._context.several_questions else text


def _chart_text(record: ChartRecord) -> str | None:
    rows = chart_to_rows(record.chart) if record.chart else []
    lines = ["\t".join(map(_one_cell, row)) for row in rows]
    lines += [f"{_one_cell(answer.question)}\t{_one_cell(answer.text or '')}" for answer in record.answers]
    return "\n".join(lines) if record.chart or lines else None


def _one_cell(text: str) -> str:
    """`text` without the tabs and line breaks that would begin another cell or row."""
    return " ".join(text.split())
