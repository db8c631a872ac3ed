"""`--out text`: the bare answers, the text of pages, or charts as rows separated by tabs."""

from __future__ import annotations

from cogdoc.results.certainty import doubt
from cogdoc.results.chart_rows import chart_to_rows
from cogdoc.results.printable import printable
from cogdoc.results.records import Answer, AnswerRecord, AnyRecord, ChartRecord, PageRecord
from cogdoc.results.renderers.prose import Line, ProseRenderer


class TextRenderer(ProseRenderer):
    def heading(self, name: str) -> str:
        return f"==> {name} <=="

    def render(self, record: AnyRecord) -> list[Line]:
        if isinstance(record, AnswerRecord):
            return self._answer_line(record)
        if isinstance(record, PageRecord):
            return [Line(record.text)] if record.text else []
        return self._chart_lines(record)

    def _answer_line(self, record: AnswerRecord) -> list[Line]:
        answer = record.answer
        if answer is None or (answer.text is None and not self._context.several_questions):
            return []
        line = self.answer_text(answer)
        if self._context.several_questions:
            line = f"{_one_cell(answer.question)}\t{' '.join(line.splitlines())}"
        if self._context.several_sources:
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


def _one_cell(text: str) -> str:
    """`text` without the tabs and line breaks that would begin another cell or row."""
    return " ".join(text.split())
