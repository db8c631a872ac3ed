"""Runs a task on an uploaded document, in a thread that waits for the worker processes and the model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cogdoc.documents.document import Document
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.page_selection import MAX_PAGES
from cogdoc.documents.sources import Source
from cogdoc.documents.tesseract import Tesseract
from cogdoc.engines.abandonment import abandonable
from cogdoc.engines.generation import GenerationRequest
from cogdoc.errors import TimeLimitError, TooLargeError
from cogdoc.results.records import AnyRecord, SourceInfo
from cogdoc.serve.service import Service
from cogdoc.serve.uploads import Upload
from cogdoc.tasks.describe import describe_source
from cogdoc.tasks.task import Item, Task


@dataclass(frozen=True, slots=True)
class DocumentWork:
    """What to do with a document, and how to open it."""

    task: Task
    generation: GenerationRequest
    password: str | None = None
    tesseract: Tesseract | None = None
    hidden: bool = False
    max_pages: int = MAX_PAGES
    """How many pages may be selected."""
    max_seconds: float = float("inf")


@dataclass(frozen=True, slots=True)
class Opened:
    """The document is open."""

    source: SourceInfo
    items: tuple[Item, ...]
    """What the task goes through: page numbers or questions."""


@dataclass(frozen=True, slots=True)
class ItemRecords:
    """All records of one item."""

    item: Item
    records: tuple[AnyRecord, ...]


Progress = Opened | ItemRecords


def run_document(
    service: Service,
    work: DocumentWork,
    upload: Upload,
    *,
    done: frozenset[str] = frozenset(),
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[Progress]:
    """Open a document, and yield that and then the records of each item in order.

    Args:
        done: items to leave out, as text.
        cancelled: polled between items, and while a model generates; True ends it.

    Raises:
        CogdocError: the document cannot be opened or is too long, or it takes too long; the error of a page or an
            answer is in its record.
    """
    deadline = time.monotonic() + work.max_seconds
    engine = service.generating(work.generation)
    request = OpenRequest(
        upload.path, work.password, service.settings.max_megapixels, work.tesseract, hidden=work.hidden
    )
    service.metrics.count_upload(upload.path.stat().st_size)
    document = Document(Source(upload.path, upload.name, Path(upload.name)), request, service.workers)
    pages = document.count_pages(work.task.selection)
    if pages > work.max_pages:
        raise TooLargeError(f"{pages} pages are more than the {work.max_pages} allowed here", "select fewer with pages")
    items = tuple(work.task.items(document))
    yield Opened(describe_source(document), items)
    left = [item for item in items if str(item) not in done]
    results = work.task.run(document, engine, left) if left else iter(())
    for item in left:
        if cancelled():
            return
        if time.monotonic() > deadline:
            raise TimeLimitError(f"took longer than {work.max_seconds:g} s", "select fewer pages, or send it as a job")
        with abandonable(cancelled):
            records = next(results)
        if cancelled():  # a model's words may be cut off
            return
        service.metrics.count_records(records)
        yield ItemRecords(item, records)
