"""A document as the rest of cogdoc sees it: its pages and their pictures, read in the sandbox."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cogdoc.documents.file_hash import file_hash
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.page_selection import (
    COUNTED_PAGES,
    MAX_FRAMES,
    MAX_PAGES,
    PageSelection,
    PagesToRead,
    limit_pages,
)
from cogdoc.documents.reading_cache.cacheable import cacheable
from cogdoc.documents.rendering import LONG_SIDE, PixelSize, fit_long_side
from cogdoc.documents.sources import Source
from cogdoc.documents.tesseract import Tesseract
from cogdoc.documents.workers import Workers
from cogdoc.errors import DamagedError, TooLargeError
from cogdoc.results.printable import well_formed

if TYPE_CHECKING:
    from cogdoc.documents.pictures import Picture


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What a worker process reports about a document when it opens it."""

    page_count: int
    is_animation: bool = False
    """Whether the pages are frames of an animation."""
    attachments: tuple[str, ...] = ()
    """The names of the files that are attached to it."""


class Document:
    """An opened source. Each page is read on demand: page 900 does not read the first 899."""

    def __init__(self, source: Source, request: OpenRequest, sandbox: Workers, max_pages: int | None = None) -> None:
        """
        Args:
            max_pages: how many pages to read at most; by default `MAX_PAGES`, or `MAX_FRAMES` of an animation.

        Raises:
            InputError, EncryptedError, TooLargeError: the file cannot be opened.
        """
        self.source = source
        self.request = request
        self.sandbox = sandbox
        self._max_pages = max_pages
        self.facts: DocumentFacts = sandbox.run(read_facts, request)
        if self.facts.page_count < 1:
            raise DamagedError("broken file: it has no pages")
        if self.facts.page_count > COUNTED_PAGES:
            raise TooLargeError(f"it has more than {COUNTED_PAGES} pages", "split it into several files")

    @property
    def page_count(self) -> int:
        return self.facts.page_count

    @property
    def attachments(self) -> tuple[str, ...]:
        """The names of the files that are attached to it; they are not read."""
        return tuple(well_formed(name) for name in self.facts.attachments)

    @cached_property
    def sha256(self) -> str:
        """The hash of the file's bytes, as results state it."""
        return file_hash(self.request.path).hex()

    def page_numbers(self, selection: PageSelection) -> Iterator[int]:
        """The selected page numbers, 1-based.

        Raises:
            UsageError: the document has no such page.
        """
        return self._in_numbers(selection).page_numbers(self.page_count)

    def count_pages(self, selection: PageSelection) -> int:
        """How many pages are selected.

        Raises:
            UsageError: the document has no such page.
        """
        return self._in_numbers(selection).count(self.page_count)

    def select(self, selection: PageSelection) -> PagesToRead:
        """The selected pages up to the limit, and the error of the pages beyond it.

        Raises:
            UsageError: the document has no such page.
        """
        default, kind = (MAX_FRAMES, "frames of an animation") if self.facts.is_animation else (MAX_PAGES, "pages")
        return limit_pages(self._in_numbers(selection), self.page_count, self._max_pages or default, kind)

    def _in_numbers(self, selection: PageSelection) -> PageSelection:
        """The selection with the pages of this document in place of printed labels."""
        return selection.with_labels(self._first_pages) if selection.labels else selection

    @cached_property
    def _first_pages(self) -> dict[str, int]:
        """The number of the first page with each label, in the order of the pages."""
        first_pages: dict[str, int] = {}
        for number, label in enumerate(self.sandbox.run(read_labels, self.request), 1):
            first_pages.setdefault(label, number)
        return first_pages

    def page_size(self, number: int) -> tuple[float, float]:
        """Width and height of page `number` in points, as displayed."""
        return self.sandbox.run(read_page_size, self.request, number)

    def picture(self, number: int, size: PixelSize | None = None) -> Future[Picture]:
        """Page `number` rendered at `size`, by default with a long side of 1344 pixels."""
        return self.sandbox.submit(draw_page, self.request, number, size)


def open_path(
    path: str | os.PathLike[str],
    sandbox: Workers,
    password: str | None = None,
    tesseract: Tesseract | None = None,
    *,
    hidden: bool = False,
) -> Document:
    """Open one file; results name it as `path` does.

    Args:
        hidden: read text too that the pages do not show.

    Raises:
        InputError, EncryptedError, TooLargeError: the file cannot be opened.
    """
    file = Path(path)
    source = Source(file, well_formed(os.fspath(path)), Path(file.name))
    return Document(source, OpenRequest(file.absolute(), password, tesseract=tesseract, hidden=hidden), sandbox)


# The functions below run in a worker process. They import libraries there that the parent does not need.


@cacheable(lambda _: 0)
def read_facts(request: OpenRequest) -> DocumentFacts:
    from cogdoc.documents.opening import open_document

    document = open_document(request)
    return DocumentFacts(document.page_count, document.is_animation, document.attachments)


def read_page_size(request: OpenRequest, number: int) -> tuple[float, float]:
    from cogdoc.documents.opening import check_index, open_document

    document = open_document(request)
    return document.size(check_index(document, number))


def read_labels(request: OpenRequest) -> list[str]:
    from cogdoc.documents.opening import open_document

    document = open_document(request)
    return [document.label(index) for index in range(document.page_count)]


def draw_page(request: OpenRequest, number: int, size: PixelSize | None) -> Picture:
    from cogdoc.documents.opening import check_index, open_document

    document = open_document(request)
    index = check_index(document, number)
    return document.picture(index, size or fit_long_side(*document.size(index), LONG_SIDE))
