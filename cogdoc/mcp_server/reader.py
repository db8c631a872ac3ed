"""Reads documents of the allowed folders for the tools: each call opens its document, and returns a bounded result."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from cogdoc.documents.document import Document
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.page_selection import PageSelection, parse_page_selection
from cogdoc.documents.sources import Source
from cogdoc.documents.tesseract import Tesseract
from cogdoc.documents.workers import Workers
from cogdoc.engines.protocol import Engine
from cogdoc.errors import CogdocError, UsageError
from cogdoc.fields.language import parse_fields
from cogdoc.fields.presets import load_preset
from cogdoc.mcp_server import results
from cogdoc.mcp_server.extracted import extracted
from cogdoc.mcp_server.folders import AllowedFolders
from cogdoc.results.markdown.blocks import chart_to_markdown
from cogdoc.results.printable import well_formed
from cogdoc.results.records import Answer, AnswerRecord, ChartRecord, PageRecord
from cogdoc.tasks.ask import answer_questions
from cogdoc.tasks.chart import read_charts
from cogdoc.tasks.extract import extract_fields
from cogdoc.tasks.ocr import transcribe
from cogdoc.tasks.search import Snippet, search_pages

MAX_QUESTION = 2000
"""Characters."""

MAX_LISTED = 500
MAX_MATCHES = 20
MAX_EVIDENCE = 10
MAX_ALTERNATIVES = 5
MAX_PLACE = 500
"""Characters of a line or table row."""

PATIENCE = 25.0
"""Seconds after which a call returns the pages that it has, and where to continue: many clients wait for a minute."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a text continues: a page, and a number of characters of it."""

    page: int
    offset: int = 0

    def __str__(self) -> str:
        return f"{self.page}:{self.offset}"

    @staticmethod
    def parse(text: str) -> Cursor:
        """
        Raises:
            UsageError: it is not a cursor of an earlier call.
        """
        match = re.fullmatch(r"(\d{1,9})(?::(\d{1,9}))?", text)
        if match is None:
            raise UsageError(f"cursor: {text[:40]!r} comes from no earlier call")
        return Cursor(int(match[1]), int(match[2] or 0))


class Reader:
    """Implements the tools. Thread-safe."""

    def __init__(
        self, folders: AllowedFolders, engine: Engine, workers: Workers, tesseract: Tesseract | None, top_pages: int
    ) -> None:
        self._folders = folders
        self._engine = engine
        self._workers = workers
        self._tesseract = tesseract
        self._top_pages = top_pages

    def documents(self, start: int, count: int = MAX_LISTED) -> results.Documents:
        names, more = self._folders.documents(max(0, start), count)
        return results.Documents(documents=names, next=start + count if more else None)

    def ask(self, name: str, question: str, pages: str | None, min_confidence: float) -> results.Answered:
        _check_length(question)
        selection = _selection(pages)
        with self._document(name) as document:
            (record,) = answer_questions(document, self._engine, [question], selection, self._top_pages, min_confidence)
            return _answered(name, record)

    def ocr(self, name: str, pages: str | None, cursor: str | None) -> results.Text:
        start, began = Cursor.parse(cursor) if cursor else Cursor(1), time.monotonic()
        text = results.Text(document=name, page_count=0, text="")
        with self._document(name) as document:
            text.page_count = document.page_count
            numbers = [number for number in document.select(_selection(pages)).numbers if number >= start.page]
            records = transcribe(document, self._engine, _selection(pages), numbers)
            for number, record in zip(numbers, records, strict=False):
                offset = start.offset if number == start.page else 0
                left = results.MAX_CHARACTERS - len(text.text)
                body = _markdown(record)
                if (text.text and len(body) > left) or (text.text and time.monotonic() - began > PATIENCE):
                    text.next = str(Cursor(number))
                    break
                text.text += body[offset : offset + left]
                if record.flags:
                    text.flags[number] = list(record.flags)
                if record.error is not None:
                    text.failed[number] = record.error.message
                if offset + left < len(body):
                    text.next = str(Cursor(number, offset + left))
                    break
        return text

    def chart(self, name: str, pages: str | None, cursor: str | None) -> results.Charts:
        start, began = Cursor.parse(cursor) if cursor else Cursor(1), time.monotonic()
        charts = results.Charts(document=name, page_count=0, charts=[])
        characters = 0
        with self._document(name) as document:
            charts.page_count = document.page_count
            numbers = [number for number in document.select(_selection(pages)).numbers if number >= start.page]
            for number in numbers:
                if charts.charts and (characters > results.MAX_CHARACTERS or time.monotonic() - began > PATIENCE):
                    charts.next = str(Cursor(number))
                    break
                for record in read_charts(document, self._engine, PageSelection(((number, number),)), (), [number]):
                    if record.error is not None:
                        charts.failed[number] = record.error.message
                    if (table := _chart(number, record)) is not None:
                        charts.charts.append(table)
                        characters += len(table.table)
        return charts

    def extract(self, name: str, fields: str | None, preset: str | None, pages: str | None) -> results.Extracted:
        if (fields is None) == (preset is None):
            raise UsageError("fields: say what to find, or name a preset")
        wanted = load_preset(preset) if preset else parse_fields(well_formed(fields or ""), "fields")
        with self._document(name) as document:
            record = extract_fields(document, self._engine, wanted, _selection(pages), self._top_pages)
        return extracted(name, record)

    def search(self, name: str, query: str, pages: str | None, start: int) -> results.Matches:
        _check_length(query)
        start = max(0, start)
        with self._document(name) as document:
            found = search_pages(document, query, _selection(pages))
            shown = found.matches[start : start + MAX_MATCHES]
            return results.Matches(
                document=name,
                page_count=document.page_count,
                matches=[
                    results.Match(
                        page=match.page,
                        label=match.label,
                        snippets=[_snippet(match.page, match.label, snippet) for snippet in match.snippets],
                    )
                    for match in shown
                ],
                unread_pages=found.unread,
                next=start + MAX_MATCHES if start + MAX_MATCHES < len(found.matches) else None,
            )

    def page(self, name: str, number: int) -> str:
        """The text of one page as Markdown, bounded."""
        text = self.ocr(name, str(number), None)
        if number in text.failed:
            raise UsageError(text.failed[number])
        rest = f"\n\n<!-- the tool ocr continues with cursor {text.next} -->" if text.next else ""
        return f"<!-- {results.NOTE} -->\n{text.text}{rest}"

    def picture(self, name: str, number: int) -> bytes:
        """A page as PNG, with a long side of 1344 pixels."""
        with self._document(name) as document:
            if not 1 <= number <= document.page_count:
                raise UsageError(f"page {number}: the document has {document.page_count} pages")
            stream = io.BytesIO()
            Image.fromarray(document.picture(number).result()).save(stream, "PNG")
            return stream.getvalue()

    @contextmanager
    def _document(self, name: str) -> Iterator[Document]:
        with self._folders.open(name) as file:
            request = OpenRequest(file.path, tesseract=self._tesseract)
            yield Document(Source(file.path, file.name, Path(file.name)), request, self._workers)


def _selection(pages: str | None) -> PageSelection:
    return parse_page_selection(pages) if pages else PageSelection()


def _check_length(question: str) -> None:
    if not question.strip() or len(question) > MAX_QUESTION:
        raise UsageError(f"a question has between 1 and {MAX_QUESTION:,} characters")


def _answered(name: str, record: AnswerRecord) -> results.Answered:
    """
    Raises:
        CogdocError: there is no answer because the document could not be read.
    """
    answer = record.answer
    if answer is None:
        assert record.error is not None
        raise CogdocError(record.error.message, record.error.hint)
    return results.Answered(
        document=name,
        question=answer.question,
        answer=None if answer.text is None else answer.text[: results.MAX_CHARACTERS],
        confidence=answer.confidence,
        certainty=answer.certainty,
        p_answerable=answer.p_answerable,
        withheld=None if answer.withheld is None else answer.withheld.text[:MAX_PLACE],
        evidence=[
            results.Place(page=found.page, label=found.label, box=found.box, text=found.text[:MAX_PLACE])
            for found in answer.evidence[:MAX_EVIDENCE]
        ],
        formula=answer.formula,
        operands=_operands(answer),
        alternatives=[other.text[:MAX_PLACE] for other in answer.alternatives[:MAX_ALTERNATIVES]],
        flags=list(dict.fromkeys((*record.flags, *answer.flags))),
        unread_pages=len(record.unread_pages),
    )


def _operands(answer: Answer) -> list[results.Place]:
    return [
        results.Place(
            page=operand.page, label=operand.label[:MAX_PLACE], box=operand.box, text=operand.text[:MAX_PLACE]
        )
        for operand in answer.operands[: 2 * MAX_EVIDENCE]
    ]


def _markdown(record: PageRecord) -> str:
    number = record.page.number if record.page is not None else "?"
    return f"<!-- page {number} -->\n\n{record.markdown}\n\n"


def _chart(number: int, record: ChartRecord) -> results.ChartTable | None:
    chart = record.chart
    if chart is None:
        return None
    return results.ChartTable(
        page=number,
        kind=chart.kind.value,
        title=chart.title,
        unit=chart.unit,
        table=chart_to_markdown(chart)[: results.MAX_CHARACTERS],
        measured=chart.measured,
        confidence=chart.confidence,
    )


def _snippet(page: int, label: str, snippet: Snippet) -> results.Place:
    return results.Place(page=page, label=label, box=snippet.box, text=snippet.text)
