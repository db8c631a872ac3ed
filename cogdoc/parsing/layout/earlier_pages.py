"""Read the lines at the top and bottom of the pages before a page, which show what repeats from page to page."""

from __future__ import annotations

from collections.abc import Iterator

from cogdoc.documents.geometry import Box
from cogdoc.documents.mupdf import pymupdf
from cogdoc.documents.mupdf_document import MupdfDocument
from cogdoc.documents.opening import OpenDocument
from cogdoc.documents.rendering import fit_long_side
from cogdoc.errors import InputError
from cogdoc.parsing.page_text import Line, PageText, TextOrigin, Word
from cogdoc.parsing.row_clustering import sorted_lines
from cogdoc.parsing.text_layer.page_frame import frame_of

PAGES = 2
"""How many pages to look back: left and right pages often have different headers."""

EDGE = 0.15
"""Share of the page's height at its top and bottom."""


def edge_lines_before(document: OpenDocument, page_text: PageText) -> Iterator[list[Line]]:
    """The lines at the edges of the pages before `page_text`, the nearest page first."""
    first = page_text.number - 2
    for index in range(first, max(-1, first - PAGES), -1):
        try:
            if page_text.origin is TextOrigin.OCR:
                yield _recognized_lines(document, index)
            elif isinstance(document, MupdfDocument):
                yield text_layer_edge_lines(document, index)
        except (InputError, pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError):
            continue  # The page itself reports its damage.


def text_layer_edge_lines(document: MupdfDocument, index: int) -> list[Line]:
    """The lines at the edges of page `index` (0-based)."""
    page = document.load_page(index)
    frame = frame_of(page)
    words = (Word(text, frame.display(Box(*box)), 1.0) for *box, text, _, _, _ in page.get_text("words"))
    edges = _edges(frame.width, frame.height)
    return sorted_lines(Line((word,)) for word in words if any(edge.overlap(word.box) > 0 for edge in edges))


def _recognized_lines(document: OpenDocument, index: int) -> list[Line]:
    from cogdoc.parsing.ocr.page_ocr import LONG_SIDE, recognize_regions

    width, height = document.size(index)
    size = fit_long_side(width, height, LONG_SIDE)
    return recognize_regions(document.picture(index, size), _edges(width, height), size.width / width)


def _edges(width: float, height: float) -> list[Box]:
    return [Box(0, 0, width, EDGE * height), Box(0, (1 - EDGE) * height, width, height)]
