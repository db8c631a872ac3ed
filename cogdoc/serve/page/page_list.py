"""The sizes and labels of a document's pages, which a worker process reads before any page is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from cogdoc.documents.document import Document
from cogdoc.documents.open_request import OpenRequest


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page as displayed; width and height are in points."""

    number: int
    label: str
    width: float
    height: float


def list_pages(document: Document, most: int) -> list[ListedPage]:
    """The first pages of a document, `most` at most.

    Raises:
        CogdocError: a page cannot be opened.
    """
    return document.sandbox.run(read_page_list, document.request, min(most, document.page_count))


def read_page_list(request: OpenRequest, count: int) -> list[ListedPage]:
    """In a worker process: the first `count` pages."""
    from cogdoc.documents.opening import open_document

    document = open_document(request)
    return [ListedPage(index + 1, document.label(index), *document.size(index)) for index in range(count)]
