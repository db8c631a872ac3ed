"""`ocr`: transcribes pages as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from cogdoc.documents.document import Document
from cogdoc.documents.page_selection import PageSelection, selection_of
from cogdoc.engines.protocol import Engine
from cogdoc.errors import CogdocError
from cogdoc.parsing.page import Page
from cogdoc.results.block_markdown import blocks_to_markdown
from cogdoc.results.records import PageRecord
from cogdoc.tasks.describe import Stopwatch, describe_block, describe_error, describe_page, describe_source, failed_page
from cogdoc.tasks.lookahead import look_ahead
from cogdoc.tasks.task import Item


@dataclass(frozen=True, slots=True)
class OcrTask:
    """Transcribes the selected pages. Implements `cogdoc.tasks.task.Task`; the items are page numbers."""

    name: ClassVar[str] = "ocr"
    questions: ClassVar[tuple[str, ...]] = ()

    selection: PageSelection

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"pages": self.selection.ranges}

    def items(self, document: Document) -> Sequence[Item]:
        return list(document.page_numbers(self.selection))

    def run(self, document: Document, engine: Engine, items: Sequence[Item]) -> Iterator[tuple[PageRecord]]:
        for record in transcribe(document, engine, selection_of(map(int, items))):
            yield (record,)


def transcribe(document: Document, engine: Engine, selection: PageSelection) -> Iterator[PageRecord]:
    """Yield one record for each page, in page order; the record of a page that fails has an `error`.

    Raises:
        UsageError: `selection` has a page that does not exist.
    """
    pages = (Page(document, number) for number in document.page_numbers(selection))
    for page in look_ahead(pages, 2 * document.sandbox.jobs, engine.prepare):
        yield _transcribe_page(page, engine)


def _transcribe_page(page: Page, engine: Engine) -> PageRecord:
    source = describe_source(page.document)
    stopwatch = Stopwatch()
    try:
        with stopwatch.measure("read"):
            transcription = engine.transcribe(page)
        text = page.text()
    except CogdocError as error:
        return PageRecord(source=source, engine=engine.info, page=failed_page(page.number), error=describe_error(error))
    blocks = tuple(describe_block(block, text) for block in transcription.blocks)
    return PageRecord(
        source=source,
        engine=engine.info,
        page=describe_page(text),
        # Both may have the same flag: OCR and the engine can each read a page in tiles.
        flags=tuple(dict.fromkeys((*text.flags, *transcription.flags))),
        timings=stopwatch.seconds,
        origin=text.origin.value,
        resolution=round(text.resolution, 1) if text.resolution else None,
        confidence=transcription.confidence,
        agreement=transcription.agreement,
        steps=transcription.steps,
        text="\n".join(block.text for block in blocks if block.text),
        markdown=blocks_to_markdown(blocks),
        blocks=blocks,
    )
