"""Opens files of every format. Runs in worker processes only, since native code reads hostile bytes here."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Protocol

from cogdoc.documents.formats import recognize_format
from cogdoc.documents.mupdf import forget_warnings
from cogdoc.documents.mupdf_document import MupdfDocument
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.picture_document import PictureDocument
from cogdoc.documents.pictures import Picture
from cogdoc.documents.rendering import PixelSize
from cogdoc.errors import UsageError


class OpenDocument(Protocol):
    """An open file whose pages can be rendered. Page indexes are 0-based here, as in the libraries."""

    page_count: int
    is_animation: bool
    """Whether the pages are frames of an animation."""
    attachments: tuple[str, ...]
    """The names of the files that are attached to it."""

    def is_repaired(self, index: int) -> bool:
        """Whether the file was damaged, so that content of the page may be missing; known once the page is read."""
        ...

    def label(self, index: int) -> str:
        """The page's label, such as `iv`; its number if the file has no labels."""
        ...

    def size(self, index: int) -> tuple[float, float]:
        """Width and height in points, as displayed."""
        ...

    def picture(self, index: int, size: PixelSize) -> Picture:
        """The page, rendered at `size`."""
        ...


def open_document(request: OpenRequest) -> OpenDocument:
    """Open a file, or return the document that is already open for this request.

    Raises:
        InputError: it is missing, empty, damaged, or of a format that cogdoc does not read.
        EncryptedError: it needs a password, or another one.
        TooLargeError: it is a picture with more pixels than the request allows.
    """
    forget_warnings()  # of other pages
    with request.open() as file:
        status = os.fstat(file.fileno())
    return _open_version(request, (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size))


@lru_cache(maxsize=2)
def _open_version(request: OpenRequest, _version: tuple[int, ...]) -> OpenDocument:
    with request.open() as file:
        file_format = recognize_format(file)
    if file_format.is_picture:
        return PictureDocument(request, file_format)
    return MupdfDocument(request, file_format)


def check_index(document: OpenDocument, number: int) -> int:
    """The 0-based index of page `number`.

    Raises:
        UsageError: the document has no such page.
    """
    if not 1 <= number <= document.page_count:
        raise UsageError(f"page {number} is out of range: the document has {document.page_count} pages")
    return number - 1
