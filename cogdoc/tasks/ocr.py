"""`ocr`: transcribes pages as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from cogdoc.documents.document import Document
from cogdoc.documents.page_selection import PageSelection
from cogdoc.engines.protocol import Engine
from cogdoc.engines.usage_meter import UsageMeter
from cogdoc.errors import CogdocError
from cogdoc.parsing.page import Page
from cogdoc.results.markdown.blocks import blocks_to_markdown
from cogdoc.results.markdown.omissions import omission_flags
from cogdoc.results.records import PageRecord
from cogdoc.results.usage import with_cache_hits
from cogdoc.results.usage_counts import Usage
from cogdoc.tasks.describe import (
    Stopwatch,
    describe_blocks,
    describe_comments,
    describe_error,
    describe_page,
    describe_source,
    failed_page,
)
from cogdoc.tasks.lookahead import look_ahead, map_side_by_side
from cogdoc.tasks.page_progress import watched
from cogdoc.tasks.picture_folder import PictureFolder
from cogdoc.tasks.task import Item
from cogdoc.tasks.text_layers import TextLayers


@dataclass(frozen=True, slots=True)
class OcrTask:
    """Transcribes the selected pages. Implements `cogdoc.tasks.task.Task`; the items are page numbers."""

    name: ClassVar[str] = "ocr"
    questions: ClassVar[tuple[str, ...]] = ()

    selection: PageSelection
    text_only: bool = False
    """Whether of the records only the text is used; their blocks may then not be those of the page's layout."""
    text_layers: bool = False
    """Whether the records have text layers, for a searchable PDF file."""
    overlays: bool = False
    """Whether these also draw what was found over the pages."""
    images: PictureFolder | None = None
    """Where to write the pictures of the pages, if anywhere."""

    @property
    def settings(self) -> Mapping[str, Any]:
        pages = {"pages": (*self.selection.ranges, *self.selection.labels)}
        chosen = {"text_only": self.text_only, "text_layers": self.text_layers, "overlays": self.overlays}
        images = {"images": str(self.images.path.absolute())} if self.images else {}
        return pages | {name: True for name, value in chosen.items() if value} | images

    def items(self, document: Document) -> Sequence[Item]:
        return document.select(self.selection).items

    def run(self, document: Document, engine: Engine, items: Sequence[Item]) -> Iterator[tuple[PageRecord]]:
        chosen = TextLayers(self.overlays) if self.text_layers else None
        for record in transcribe(
            document, engine, self.selection, items, text_only=self.text_only, layers=chosen, images=self.images
        ):
            yield (record,)


def transcribe(
    document: Document,
    engine: Engine,
    selection: PageSelection,
    items: Sequence[Item] | None = None,
    *,
    text_only: bool = False,
    layers: TextLayers | None = None,
    images: PictureFolder | None = None,
) -> Iterator[PageRecord]:
    """Yield one record for each page, in page order; the record of a page that fails has an `error`.

    Args:
        items: only these of the selected pages.
        text_only: as in `OcrTask`.
        layers: makes the records' text layers, if these are wanted.
        images: as in `OcrTask`.

    Raises:
        UsageError: `selection` has a page that does not exist.
    """
    selected = document.select(selection)
    if items is not None:
        selected = selected.only(items)
    pages = (Page(document, number, text_only=text_only) for number in selected.numbers)
    prepared = look_ahead(pages, 2 * document.sandbox.jobs, engine.prepare)
    transcribe_page = partial(_transcribe_page, engine=engine, layers=layers, images=images)
    yield from map_side_by_side(watched(transcribe_page), prepared, engine.at_a_time)
    for number, error in selected.left_out.items():
        yield _failed(document, engine, number, error)


def _failed(
    document: Document, engine: Engine, number: int, error: CogdocError, usage: Usage | None = None
) -> PageRecord:
    return PageRecord(
        source=describe_source(document),
        engine=engine.info,
        page=failed_page(number),
        usage=usage,
        error=describe_error(error),
    )


def _transcribe_page(
    page: Page, engine: Engine, *, layers: TextLayers | None, images: PictureFolder | None
) -> PageRecord:
    stopwatch, meter = Stopwatch(), UsageMeter()
    try:
        with stopwatch.measure("read"), meter.measure():
            transcription = engine.transcribe(page)
        text = page.text()
    except CogdocError as error:
        return _failed(page.document, engine, page.number, error, with_cache_hits(meter.total, page.cache_hits))
    on_page = describe_blocks(transcription.blocks, text)
    if images is not None:
        on_page = images.with_images(page.document, on_page, text)
    blocks = (*on_page, *describe_comments(text))
    raw = transcription.raw
    markdown = blocks_to_markdown(blocks, page.number) if raw is None else raw
    omitted = omission_flags(blocks, markdown) if raw is None else ()
    return PageRecord(
        source=describe_source(page.document),
        engine=engine.info,
        page=describe_page(text),
        # Both may have the same flag: OCR and the engine can each read a page in tiles.
        flags=tuple(dict.fromkeys((*text.flags, *transcription.flags, *omitted))),
        timings=stopwatch.seconds,
        usage=with_cache_hits(meter.total, page.cache_hits),
        origin=text.origin.value,
        resolution=round(text.resolution, 1) if text.resolution else None,
        ocr_engine=text.ocr_engine,
        legibility=text.legibility,
        unread_scripts=text.unread_scripts,
        confidence=transcription.confidence,
        agreement=transcription.agreement,
        steps=transcription.steps,
        text="\n".join(block.text for block in on_page if block.text) if raw is None else raw,
        markdown=markdown,
        blocks=blocks,
        text_layer=layers.make(transcription, blocks, text) if layers else None,
    )
