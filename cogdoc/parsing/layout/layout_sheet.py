"""The sheet that the layout models look at: a PDF of one page with all of its words as text.

The models were trained on documents of paper size. A scan of a page is given such a size, with its words laid
invisibly over its picture. A picture with large print on it may be a table that was cut out of a page: blown up
to the whole sheet it passes for an illustration, and its first row for a running header, so it is laid on an
empty sheet at the size at which it would have been printed. What is no table is better off as a page of its
own, for there it is the small picture on much white that passes for an illustration.
"""

from __future__ import annotations

import io
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from PIL import Image

from cogdoc.documents.geometry import Box
from cogdoc.documents.mupdf import pymupdf
from cogdoc.documents.mupdf_document import MupdfDocument
from cogdoc.documents.opening import OpenDocument
from cogdoc.documents.rendering import LONG_SIDE, fit_long_side
from cogdoc.parsing.page_text import PageText, TextOrigin, Word

SHEET = (595.0, 842.0)
"""Points; A4, whose long side a scan's long side is given as well."""

MARGIN = 36.0
TOP_MARGIN = 100.0
"""Points of white above a cutting: with less its first line passes for a header."""

PRINT_HEIGHT = 10.0
"""Points of the median height of a cutting's words on the sheet."""

CUTTING_SCALE = 0.6
"""A cutting's print, at the size of a page, is larger than print is by at least the inverse of this."""

CUTTING_HEIGHT = 0.5
"""Share of the sheet's height that a cutting takes at the most at the size of print."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A one-page file, and where the page lies on it; boxes on the sheet are `scale` times the page's, shifted."""

    file: pymupdf.Document
    scale: float = 1.0
    left: float = 0.0
    top: float = 0.0

    def page_box(self, box: Box) -> Box:
        """Where a box of the sheet stands on the page."""
        return box.shifted(-self.left, -self.top).scaled(1 / self.scale, 1 / self.scale)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


def may_be_cutting(words: PageText) -> bool:
    """Whether a picture with such words may be a part of a page: no narrower than a page is, with large print."""
    if words.origin is not TextOrigin.OCR or words.width * SHEET[1] < words.height * SHEET[0]:
        return False
    printed = _print_scale(words)
    return printed <= CUTTING_SCALE * _page_scale(words) and printed * words.height <= CUTTING_HEIGHT * SHEET[1]


def make_sheet(document: OpenDocument, index: int, words: PageText, *, cutting: bool = False) -> Sheet:
    """The sheet of page `index` (0-based), to be closed after use; with `cutting` the page is but a part of it.

    The parser walks the bookmarks and form fields of a whole file for every page, so it is given one page.
    """
    if words.origin is TextOrigin.OCR or not isinstance(document, MupdfDocument):
        return _picture_sheet(document, index, words, cutting)
    if document.file.is_pdf:
        file = pymupdf.open()
        file.insert_pdf(document.file, from_page=index, to_page=index, links=False, annots=True)
    else:
        file = pymupdf.open("pdf", document.file.convert_to_pdf(index, index + 1))
    page = file[0]
    page.remove_rotation()
    sheet = Sheet(file)
    if words.origin is TextOrigin.MIXED:
        _write_invisibly(page, [word for word in words.words if word.confidence < 1], sheet)
    return sheet


def _picture_sheet(document: OpenDocument, index: int, words: PageText, cutting: bool) -> Sheet:
    from cogdoc.parsing.ocr.orientation import upright_picture

    width, height = document.size(index)
    picture = document.picture(index, fit_long_side(width, height, LONG_SIDE))
    level = Image.fromarray(upright_picture(picture, words.turned, words.skew))
    sheet = _place(words, cutting)
    across, down = words.width * sheet.scale, words.height * sheet.scale
    page_width, page_height = SHEET if cutting else (across, down)
    page = sheet.file.new_page(width=page_width, height=page_height)
    stream = io.BytesIO()
    level.save(stream, "JPEG", quality=85)
    place = pymupdf.Rect(sheet.left, sheet.top, sheet.left + across, sheet.top + down)
    page.insert_image(place, stream=stream.getvalue())
    _write_invisibly(page, words.words, sheet)
    return sheet


def _place(words: PageText, cutting: bool) -> Sheet:
    if not cutting:
        return Sheet(pymupdf.open(), _page_scale(words))
    scale = min(_print_scale(words), (SHEET[0] - 2 * MARGIN) / words.width)
    return Sheet(pymupdf.open(), scale, (SHEET[0] - scale * words.width) / 2, TOP_MARGIN)


def _page_scale(words: PageText) -> float:
    return SHEET[1] / max(words.width, words.height)


def _print_scale(words: PageText) -> float:
    return PRINT_HEIGHT / max(1e-6, statistics.median(word.box.height for word in words.words))


def _write_invisibly(page: pymupdf.Page, words: Sequence[Word], sheet: Sheet) -> None:
    """Lay words over a page in render mode 3, each stretched to the width of its box."""
    font = pymupdf.Font("cjk")
    page.insert_font(fontname="words", fontbuffer=font.buffer)
    for word in words:
        box = word.box.scaled(sheet.scale, sheet.scale).shifted(sheet.left, sheet.top)
        size = max(1.0, 0.8 * box.height)
        natural = font.text_length(word.text, size)
        if natural <= 0 or box.width <= 0:
            continue
        corner = pymupdf.Point(box.x0, box.y1)
        page.insert_text(
            pymupdf.Point(box.x0, box.y1 - 0.2 * box.height),
            word.text,
            fontsize=size,
            fontname="words",
            render_mode=3,
            morph=(corner, pymupdf.Matrix(box.width / natural, 1)),
        )
