"""Removes watermarks from a page that the layout models look at: they cut across the blocks beneath."""

from __future__ import annotations

import itertools
from typing import Any

from cogdoc.documents.mupdf import ERRORS, pymupdf
from cogdoc.parsing.text_layer.watermarks import text_over_text

mupdf = pymupdf.mupdf


def remove_watermarks(page: pymupdf.Page) -> None:
    """Remove the letters of a PDF's page that are laid over others; those of annotations stay."""
    places = {place[1:] for style in text_over_text(page.get_texttrace()) for place in style.places}
    if not places:
        return
    removal = _Removal(places, page.transformation_matrix)
    options = pymupdf._make_PdfFilterOptions(recurse=1, sanitize=1, sopts=removal)
    try:
        mupdf.pdf_filter_page_contents(pymupdf._as_pdf_document(page.parent), pymupdf._as_pdf_page(page), options)
    except ERRORS:
        return  # the models see the watermark


class _Removal(mupdf.PdfSanitizeFilterOptions2):  # type: ignore[misc, name-defined]
    """Drops the letters whose origins are at some places, in quarters of a point."""

    def __init__(self, places: set[tuple[int, int]], to_page: pymupdf.Matrix) -> None:
        super().__init__()
        self._places = {(x + dx, y + dy) for x, y in places for dx, dy in itertools.product((-1, 0, 1), repeat=2)}
        self._to_page = to_page
        self.use_virtual_text_filter()

    def text_filter(self, _context: Any, _codes: Any, _count: int, letter: Any, matrix: Any, *_rest: Any) -> int:
        """1 to drop a letter: `letter` is its matrix in the content, `matrix` that of the content on the page."""
        x = letter.e * matrix.a + letter.f * matrix.c + matrix.e
        y = letter.e * matrix.b + letter.f * matrix.d + matrix.f
        place = pymupdf.Point(x, y) * self._to_page
        return int((round(4 * place.x), round(4 * place.y)) in self._places)
