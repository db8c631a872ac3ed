"""`ocr`: pages in, text out."""

from __future__ import annotations

from collections.abc import Iterator

from cogdoc.documents.document import Document
from cogdoc.documents.page_selection import PageSelection
from cogdoc.engines.protocol import Engine
from cogdoc.errors import CogdocError
from cogdoc.parsing.page import Page
from cogdoc.results.block_markdown import blocks_to_markdown
from cogdoc.results.records import PageRecord
from cogdoc.tasks.describe import Stopwatch, describe_block, describe_error, describe_page, describe_source, unread_page
from cogdoc.tasks.lookahead import look_ahead


def transcribe(document: Document, engine: Engine, selection: PageSelection) -> Iterator[PageRecord]:
    """One record a page, in page order; a page that fails yields a record with its error.

    Raises:
        UsageError: a page was asked for that does not exist.
    """
    pages = (Page(document, number) for number in document.numbers(selection))
    for page in look_ahead(pages, 2 * document.sandbox.jobs, engine.prepare):
        yield _transcribe_page(page, engine)


def _transcribe_page(page: Page, engine: Engine) -> PageRecord:
    source = describe_source(page.document)
    watch = Stopwatch()
    try:
        with watch.measure("read"):
            transcription = engine.transcribe(page)
        words = page.text()
    except CogdocError as error:
        return PageRecord(source=source, engine=engine.info, page=unread_page(page.number), error=describe_error(error))
    blocks = tuple(describe_block(block, words) for block in transcription.blocks)
    return PageRecord(
        source=source,
        engine=engine.info,
        page=describe_page(words),
        # The words' own flags may come again from how the page was read: both can be in tiles.
        flags=tuple(dict.fromkeys((*words.flags, *transcription.flags))),
        timings=watch.seconds,
        origin=words.origin.value,
        resolution=round(words.resolution, 1) if words.resolution else None,
        confidence=transcription.confidence,
        agreement=transcription.agreement,
        steps=transcription.steps,
        text="\n".join(block.text for block in blocks if block.text),
        markdown=blocks_to_markdown(blocks),
        blocks=blocks,
    )
