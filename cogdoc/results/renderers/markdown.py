"""`--out md`: pages, charts and answers as Markdown; comments that are not shown name the source and the page."""

from __future__ import annotations

from cogdoc.results.certainty import doubt
from cogdoc.results.document_table import DocumentTable
from cogdoc.results.markdown.blocks import blocks_to_markdown, chart_to_markdown, table_to_markdown
from cogdoc.results.markdown.fields import fields_to_markdown
from cogdoc.results.markdown.inline import escape_lines
from cogdoc.results.markdown.pictures import markdown_comment
from cogdoc.results.records import (
    AnswerRecord,
    AnyRecord,
    ChartRecord,
    ExtractRecord,
    PageInfo,
    PageRecord,
    TableRecord,
)
from cogdoc.results.renderers.prose import Line, ProseRenderer


class MarkdownRenderer(ProseRenderer):
    spaced_answers = True

    def heading(self, name: str) -> str:
        return markdown_comment(name)

    def render(self, record: AnyRecord) -> list[Line]:
        text = _markdown(record, self._context.images)
        return [] if text is None else [Line(text)]


def _markdown(record: AnyRecord, images: str) -> str | None:
    if isinstance(record, AnswerRecord):
        return _answer_markdown(record)
    if isinstance(record, PageRecord):
        return _page_markdown(record, images)
    if isinstance(record, ExtractRecord):
        return fields_to_markdown(record.fields) if record.fields else None
    if isinstance(record, TableRecord):
        return None if record.table is None else _table_markdown(record.table)
    return _chart_markdown(record) if isinstance(record, ChartRecord) else None


def _answer_markdown(record: AnswerRecord) -> str | None:
    answer = record.answer
    if answer is None:
        return None
    if answer.text is None:
        return f"**{escape_lines(answer.question)}** not found"
    where = f" ({record.source.path}, page {answer.evidence[0].label})" if answer.evidence else ""
    formula = f" = {answer.formula}" if answer.formula else ""
    return f"**{escape_lines(answer.question)}** {escape_lines(answer.text + formula + where)}{doubt(answer, ' *{}*')}"


def _page_markdown(record: PageRecord, images: str) -> str | None:
    if record.page is None:
        return None
    marker = _page_marker(record.page) if (record.source.page_count or 1) > 1 else ""
    # A model's raw words have no blocks, and no pictures.
    body = record.markdown
    if not body or any(block.image for block in record.blocks):
        body = blocks_to_markdown(record.blocks, record.page.number, images)
    return "\n\n".join(part for part in (marker, body) if part) or None


def _page_marker(page: PageInfo) -> str:
    label = f" ({page.label})" if page.label != str(page.number) else ""
    return markdown_comment(f"page {page.number}{label}")


def _table_markdown(table: DocumentTable) -> str:
    caption = f": {escape_lines(' '.join(table.caption.split()))}" if table.caption else ""
    parts = [f"## {table.name.capitalize()}{caption}", table_to_markdown(table.rows(lambda cell: cell.text))]
    if table.joined:
        parts.append(f"*on pages {table.parts[0].label} to {table.parts[-1].label}*")
    return "\n\n".join(parts)


def _chart_markdown(record: ChartRecord) -> str | None:
    parts = [chart_to_markdown(record.chart)] if record.chart else []
    parts += [
        f"**{escape_lines(answer.question)}** {escape_lines(answer.text or 'not found')}{doubt(answer, ' *{}*')}"
        for answer in record.answers
    ]
    return "\n\n".join(parts) or None
