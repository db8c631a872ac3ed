"""What worker processes do for a searchable PDF file. They import libraries that the parent does not need."""

from __future__ import annotations

from collections.abc import Sequence

from cogdoc.documents.formats import DocumentFormat
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.searchable_pdf.pieces import PagePiece, PdfUpdate, SharedObjects
from cogdoc.results.text_layer import TextLayer

MAX_PIECE = 16 << 20
"""Bytes that a call returns at most, of a file that is written piece by piece."""


def read_format(request: OpenRequest) -> DocumentFormat:
    from cogdoc.documents.formats import recognize_format

    with request.open() as file:
        return recognize_format(file)


def update_pdf(request: OpenRequest, layers: Sequence[TextLayer], shared: SharedObjects) -> PdfUpdate:
    """The update that adds `layers` to a PDF file.

    Args:
        shared: what an earlier update of the file has added.
    """
    from cogdoc.documents.searchable_pdf.pdf_update import make_update

    return make_update(request, layers, shared)


def rewrite_pdf(request: OpenRequest, offset: int) -> bytes:
    """A piece of a damaged PDF file as it is after repair, from byte `offset` on; empty at its end."""
    from cogdoc.documents.searchable_pdf.pdf_update import repaired_piece

    return repaired_piece(request, offset, MAX_PIECE)


def read_picture_page(request: OpenRequest, number: int, layer: TextLayer | None, first: int, offset: int) -> PagePiece:
    """A piece of the objects of page `number` (1-based) of a picture file, from byte `offset` on.

    Args:
        layer: its text, if any.
        first: the number of the first of these objects.
    """
    from cogdoc.documents.searchable_pdf.picture_pages import page_objects

    objects = page_objects(request, number, layer, first)
    data = bytes(memoryview(objects.data)[offset : offset + MAX_PIECE])
    return PagePiece(data, len(objects.data), tuple(objects.starts))
