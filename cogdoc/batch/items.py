"""Runs a task on a document item by item, so that items stored by an earlier run are not processed again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Protocol

from cogdoc.batch.document_threads import OpenOptions
from cogdoc.batch.page_pictures import AreasOf, PagePictures
from cogdoc.documents.document import Document
from cogdoc.documents.searchable_pdf.pdf_file import TextLayers, check_format, searchable_pdf
from cogdoc.engines.protocol import Engine
from cogdoc.results.page_picture import PagePicture
from cogdoc.results.records import (
    SCHEMA_VERSION,
    AnswerRecord,
    AnyRecord,
    ExtractRecord,
    PageRecord,
    SearchRecord,
    SourceInfo,
)
from cogdoc.results.renderers.renderer import DocumentRenderer, Renderer
from cogdoc.tasks.describe import describe_source
from cogdoc.tasks.task import Item, Task


@dataclass(frozen=True, slots=True)
class ItemResult:
    """All records of one item of one document."""

    item: Item
    records: tuple[AnyRecord, ...]
    stored: bool = False
    """Whether they come from an earlier run."""
    pictures: tuple[PagePicture, ...] = ()
    """Those that output formats asked for, and that no earlier item has."""

    @property
    def failed(self) -> bool:
        """Whether a retry could add something: the item has an error, or pages that could not be searched."""
        return any(
            record.error is not None
            or (isinstance(record, AnswerRecord | ExtractRecord | SearchRecord) and record.unread_pages != ())
            for record in self.records
        )


@dataclass(frozen=True, slots=True)
class FinishedDocument:
    """The document as a searchable PDF file, after the results of its items."""

    file: IO[bytes]

    def write_to(self, renderers: Iterable[Renderer]) -> None:
        """Give the file to those that write it, and close it."""
        with self.file as file:
            for renderer in renderers:
                if isinstance(renderer, DocumentRenderer):
                    file.seek(0)
                    renderer.write_document(file)


DocumentResult = ItemResult | FinishedDocument
"""What comes of a document: the results of its items, and at the end perhaps the document itself."""


class StoredResults(Protocol):
    """Results of earlier runs."""

    def items(self, source: SourceInfo) -> set[str]:
        """The items stored for a file with these bytes, as text."""

    def find(self, source: SourceInfo, item: Item) -> tuple[AnyRecord, ...]:
        """The records of a stored item."""


def run_key(task: Task, engine: Engine, options: OpenOptions) -> str:
    """A hash of everything that an output file depends on besides the document and the format."""
    settings = {"max_megapixels": options.max_megapixels, **task.settings}
    if options.tesseract is not None:
        settings["tesseract"] = options.tesseract.language
    if options.hidden:
        settings["hidden"] = True
    parts = [SCHEMA_VERSION, task.name, engine.info.model_dump(mode="json"), settings]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def run_items(
    document: Document,
    task: Task,
    engine: Engine,
    stored: StoredResults | None,
    areas_of: AreasOf | None = None,
) -> Iterator[ItemResult]:
    """Yield the results of all items in order; only items that are not stored are processed.

    Args:
        areas_of: the pictures that go with a record; None for none.
    """
    source = describe_source(document)
    items = task.items(document)
    stored_items = stored.items(source) if stored else set()
    missing = [item for item in items if str(item) not in stored_items]
    results = task.run(document, engine, missing) if missing else iter(())
    pictures = PagePictures(document, areas_of) if areas_of is not None else None
    for item in items:
        is_stored = stored is not None and str(item) in stored_items
        records = stored.find(source, item) if stored is not None and is_stored else next(results)
        yield ItemResult(item, records, is_stored, pictures.of(records) if pictures is not None else ())


def run_items_and_finish(
    document: Document,
    task: Task,
    engine: Engine,
    stored: StoredResults | None,
    areas_of: AreasOf | None = None,
) -> Iterator[DocumentResult]:
    """`run_items`, and at the end the document as a searchable PDF file.

    Raises:
        UnsupportedError: the document cannot be written as a PDF file.
    """
    check_format(document)
    layers = TextLayers()
    for result in run_items(document, task, engine, stored, areas_of):
        for record in result.records:
            if isinstance(record, PageRecord) and record.text_layer is not None:
                layers.add(record.text_layer)
        yield result
    yield FinishedDocument(searchable_pdf(document, layers))
