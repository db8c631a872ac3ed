"""`--out html`: a page to look at, with pictures of the document's pages and the places that results come from.

A page is one file that loads nothing else. It is written while the document is read; only the pictures of pages with
answers, which stand after all answers, wait in a temporary file.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TextIO

from cogdoc.results.failures import ErrorInfo
from cogdoc.results.html.answer_view import answer_marks, view_answer
from cogdoc.results.html.block_view import view_blocks
from cogdoc.results.html.chart_view import view_chart
from cogdoc.results.html.field_view import field_marks, view_fields
from cogdoc.results.html.marks import Mark, block_marks, chart_marks
from cogdoc.results.html.picture_spool import PictureSpool
from cogdoc.results.html.pictures_shown import areas_of
from cogdoc.results.html.templates import parts
from cogdoc.results.html.text_view import view_page
from cogdoc.results.page_picture import PageArea, PagePicture
from cogdoc.results.records import (
    AnswerRecord,
    AnyRecord,
    ChartRecord,
    EngineInfo,
    ExtractRecord,
    PageRecord,
    SourceInfo,
)
from cogdoc.results.renderers.renderer import RenderContext
from cogdoc.results.wording import flag_sentences

TITLES = {"ask": "Answers", "ocr": "Text", "chart": "Charts", "extract": "Fields"}
BESIDE_PAGES = ("ask", "extract")
"""The tasks whose results are all beside the pages that they come from."""


@dataclass(frozen=True, slots=True)
class DocumentHead:
    """What is said about a document at its head."""

    key: str
    task: str
    what: str
    name: str
    facts: tuple[str, ...]
    attachments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RailEntry:
    """A page in the list at the side."""

    id: str
    number: int
    notes: str


class HtmlRenderer:
    """Writes a page with one document or several."""

    def __init__(self, stream: TextIO, context: RenderContext) -> None:
        self._stream = stream
        self._context = context
        self._parts = parts()
        self._documents = 0
        self._key = ""
        self._task = ""
        self._records = 0
        self._rail: list[RailEntry] = []
        self._engine: EngineInfo | None = None
        self._pictures: dict[PageArea, PagePicture] = {}
        """Those of the records that are written next."""
        self._spool: PictureSpool | None = None
        self._marks: dict[int, list[Mark]] = defaultdict(list)
        """Of answers, by page."""
        self._labels: dict[int, str] = {}

    def begin(self, task: str, source: SourceInfo) -> None:
        self._documents += 1
        self._key, self._task, self._records = f"d{self._documents}", task, 0
        self._rail, self._marks, self._labels, self._engine = [], defaultdict(list), {}, None
        name = PurePath(source.path).name or source.path
        if self._documents == 1:
            self._write_head(TITLES[task] if self._context.several_sources else f"{name}: {TITLES[task].lower()}")
        facts = [] if name == source.path else [source.path]
        if source.page_count is not None:
            facts.append(f"{source.page_count} page{'' if source.page_count == 1 else 's'}")
        if source.sha256 is not None:
            facts.append(f"SHA-256 {source.sha256[:12]}…")
        head = DocumentHead(self._key, task, TITLES[task], name, tuple(facts), source.attachments)
        self._write(self._parts["frame"].begin(head))
        if task in BESIDE_PAGES:
            self._spool = PictureSpool()
            self._write('<div class="desk"><div class="answers">\n')

    def add_pictures(self, pictures: Iterable[PagePicture]) -> None:
        """Take the pictures of the records that are written next."""
        if self._spool is None:
            self._pictures = {picture.area: picture for picture in pictures}
            return
        for picture in pictures:
            self._spool.add(picture)

    def write(self, record: AnyRecord) -> None:
        self._records += 1
        self._engine = record.engine
        key = f"{self._key}-r{self._records}"
        if isinstance(record, AnswerRecord):
            self._write_answer(record, key)
        elif isinstance(record, PageRecord):
            self._write_page(record, key)
        elif isinstance(record, ExtractRecord):
            self._write_fields(record, key)
        elif isinstance(record, ChartRecord):
            self._write_chart(record, key)

    def end(self, error: ErrorInfo | None) -> None:
        if self._spool is not None:
            self._write("</div>\n")
            self._write_pages(self._spool)
            self._write("</div>\n")
            self._spool.close()
            self._spool = None
        rail = () if self._context.several_sources else self._rail
        self._write(self._parts["frame"].end(error, rail, _describe_engine(self._engine)))
        self._pictures.clear()

    def close(self) -> None:
        if not self._documents:
            self._write_head("Nothing was read")
        self._write(self._parts["frame"].foot())
        self._stream.flush()

    def _write_answer(self, record: AnswerRecord, key: str) -> None:
        number = self._records if self._context.several_questions else None
        view = None
        pages = self._pages_shown()
        if record.answer is not None:
            view = view_answer(record.answer, key, pages, record.flags, record.unread_pages)
            for page, mark in answer_marks(view, number):
                others = sum(other.box == mark.box and other.label is not None for other in self._marks[page])
                self._marks[page].append(replace(mark, shift=others))
            for place in (*view.found, *view.operands):
                if place.label != str(place.page):
                    self._labels[place.page] = place.label
        self._write(self._parts["answers"].entry(view, key, number, record.question, record.error))

    def _write_fields(self, record: ExtractRecord, key: str) -> None:
        fields = view_fields(record, key, self._pages_shown())
        for page, mark in field_marks(fields):
            self._marks[page].append(mark)
        unread = (f"Page {page.page} was not read: {page.message}" for page in record.unread_pages)
        notes = [*record.problems, *flag_sentences(record.flags), *unread]
        self._write(self._parts["fields"].record(fields, key, notes, record.error))

    def _pages_shown(self) -> frozenset[int]:
        return frozenset(self._spool.pages) if self._spool is not None else frozenset()

    def _write_pages(self, spool: PictureSpool) -> None:
        """The pages with answers, beside these."""
        self._write('<div class="pages" role="group" aria-label="Pages" tabindex="0">\n')
        for picture, pieces in spool.pictures():
            page = picture.area.page
            name = self._parts["parts"].page_name(page, self._labels.get(page, str(page)))
            self._write("<figure>")
            self._write_sheet(picture, pieces, f"Page {page}", self._marks[page])
            self._write(f"<figcaption>{name}</figcaption></figure>\n")
        self._write("</div>\n")

    def _write_page(self, record: PageRecord, key: str) -> None:
        view = view_page(record, key)
        self._rail.append(RailEntry(key, view.number, " ".join(view.notes)))
        self._write(self._parts["text"].page_begin(view))
        picture = self._picture_of(record)
        if picture is not None:
            self._write_sheet(picture, (picture.content,), f"Page {view.number}", block_marks(record, key))
        self._write(self._parts["text"].page_end(view, view_blocks(record), record.text))

    def _write_chart(self, record: ChartRecord, key: str) -> None:
        picture = self._picture_of(record)
        view = view_chart(record, key, () if picture is None else (picture.area.page,))
        self._rail.append(RailEntry(key, view.number, " ".join(view.notes)))
        self._write(self._parts["charts"].chart_begin(view))
        if picture is not None:
            self._write("<figure>")
            marks = [mark for one in view.answers for _, mark in answer_marks(one, None)]
            alt = f"{view.title}, on page {view.number}"
            self._write_sheet(picture, (picture.content,), alt, [*chart_marks(record, key), *marks])
            self._write("<figcaption>On the page</figcaption></figure>\n")
        self._write(self._parts["charts"].chart_end(view))

    def _picture_of(self, record: AnyRecord) -> PagePicture | None:
        return next((self._pictures[area] for area in areas_of(record) if area in self._pictures), None)

    def _write_sheet(self, picture: PagePicture, pieces: Iterable[bytes], alt: str, marks: Sequence[Mark]) -> None:
        self._write(self._parts["parts"].sheet_begin(picture))
        for piece in pieces:
            self._write(base64.b64encode(piece).decode("ascii"))
        self._write(self._parts["parts"].sheet_end(picture, alt, marks))

    def _write_head(self, title: str) -> None:
        self._write(self._parts["frame"].head(title).lstrip())

    def _write(self, text: str) -> None:
        self._stream.write(text)


def _describe_engine(engine: EngineInfo | None) -> str:
    """What read the document, and how."""
    if engine is None:
        return "cogdoc"
    name = "the built-in engine" if engine.name == "builtin" else engine.name
    parts_of_it = (f"{name} {engine.version}", engine.checkpoint, engine.quantization, engine.adapter, engine.server)
    return f"Read by cogdoc with {', '.join(filter(None, parts_of_it))}"
