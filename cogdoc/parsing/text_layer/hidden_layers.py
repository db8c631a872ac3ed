"""Finds text in optional content that a viewer does not show: MuPDF does not extract it, and a flag has to say so."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from cogdoc.documents.mupdf import pymupdf

mupdf = pymupdf.mupdf


def has_hidden_layers(file: pymupdf.Document, index: int) -> bool:
    """Whether page `index` (0-based) has text in layers that are switched off."""
    if not file.is_pdf:
        return False
    pdf = mupdf.pdf_document_from_fz_document(file.this)
    if all(mupdf.pdf_layer_is_enabled(pdf, layer) for layer in range(mupdf.pdf_count_layers(pdf))):
        return False
    shown = _length(file, index)
    with all_layers_shown(file):
        return _length(file, index) > shown


@contextlib.contextmanager
def all_layers_shown(file: pymupdf.Document) -> Iterator[None]:
    """In this context, MuPDF reads and draws the layers that are switched off, too."""
    pdf = mupdf.pdf_document_from_fz_document(file.this) if file.is_pdf else None
    layers = range(mupdf.pdf_count_layers(pdf)) if pdf else ()
    off = [layer for layer in layers if not mupdf.pdf_layer_is_enabled(pdf, layer)]
    try:
        for layer in off:
            mupdf.pdf_enable_layer(pdf, layer, 1)
        yield
    finally:
        for layer in off:
            mupdf.pdf_enable_layer(pdf, layer, 0)


def _length(file: pymupdf.Document, index: int) -> int:
    return len("".join(file.load_page(index).get_text().split()))
