"""Make the input of the layout models: a PDF of one page that has all of the page's words as text.

The models were trained on pages of paper size, so a scan of a page is given such a size, and its words are laid
invisibly over its picture. A picture with large print may be a clipping, such as a table that was cut out of a page.
Enlarged to a whole page it looks like an illustration to the models, and its first row like a running header, so it is
placed on an empty page at its likely printed size. Clippings without a table are better enlarged, because on an empty
page a small picture looks like an illustration.
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
from cogdoc.parsing.layout.watermark_removal import remove_watermarks
from cogdoc.parsing.page_text import PageText, TextOrigin, Word

PAPER = (595.0, 842.0)
"""Width and height of A4 in points; a scan's long side is scaled to that of A4."""

MARGIN = 36.0
"""Points of white beside a clipping."""

TOP_MARGIN = 100.0
"""Points of white above a clipping: with less, its first line looks like a header."""

PRINT_HEIGHT = 10.0
"""Points of the median word height of a clipping at its printed size."""

CLIPPING_SCALE = 0.6
"""A picture may be a clipping if its printed size is at most this share of the size that fills the page."""

CLIPPING_HEIGHT = 0.5
"""Share of the paper's height that a clipping takes at most at its printed size."""


MAX_PATHS = 5000
"""A page with more lines and shapes, such as a plan or a map, is given to the models as a picture: they take time that
grows with the square of their number."""

MAX_PICTURES = 500
"""So is a page with more pictures, since all of them are compared with each other."""

MAX_GRID = 100_000
"""So is a page whose paths have more distinct edges, left and right times top and bottom, in points. The models search
the grid of these for tables, in 30 microseconds a cell."""


@dataclass(frozen=True, slots=True)
class ModelInput:
    """A file of one page, and the position of the original page on it: scaled by `scale`, then shifted, in points."""

    file: pymupdf.Document
    scale: float = 1.0
    left: float = 0.0
    top: float = 0.0

    def to_page(self, box: Box) -> Box:
        """A box of the file, in the coordinates of the original page."""
        return box.shifted(-self.left, -self.top).scaled(1 / self.scale, 1 / self.scale)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


def may_be_clipping(page_text: PageText) -> bool:
    """Whether a picture may be a part of a page: its print is large, and its shape is not narrower than a page's."""
    if page_text.origin is not TextOrigin.OCR or page_text.width * PAPER[1] < page_text.height * PAPER[0]:
        return False
    print_scale = _print_scale(page_text.words)
    return (
        print_scale <= CLIPPING_SCALE * _page_scale(page_text)
        and print_scale * page_text.height <= CLIPPING_HEIGHT * PAPER[1]
    )


def make_input(document: OpenDocument, index: int, page_text: PageText, clip: Box | None = None) -> ModelInput:
    """Make the models' input for page `index` (0-based); the caller closes it.

    With `clip`, the input is only this part of the page, as a picture at its printed size.

    It has only this page, because the parser walks the bookmarks and form fields of the whole file for every page.
    """
    if (
        clip
        or page_text.origin is TextOrigin.OCR
        or not isinstance(document, MupdfDocument)
        or _is_drawing(document.load_page(index))
    ):
        return _make_picture_input(document, index, page_text, clip)
    if document.file.is_pdf:
        file = pymupdf.open()
        file.insert_pdf(document.file, from_page=index, to_page=index, links=False, annots=True)
    else:
        file = pymupdf.open("pdf", document.file.convert_to_pdf(index, index + 1))
    page = file[0]
    if any(line.is_watermark for line in page_text.lines):
        remove_watermarks(page)
    page.set_rotation((page.rotation + page_text.turned) % 360)
    page.remove_rotation()
    model_input = ModelInput(file)
    if page_text.origin is TextOrigin.MIXED:
        _insert_invisibly(page, [word for word in page_text.words if word.confidence < 1], model_input)
    return model_input


def _is_drawing(page: pymupdf.Page) -> bool:
    """Whether a page has more paths and pictures, or paths with more edges, than the models take seconds for."""
    painted = page.get_bboxlog()
    boxes = [box for kind, box in painted if kind.endswith("path")]
    if len(boxes) > MAX_PATHS or sum("image" in kind for kind, _ in painted) > MAX_PICTURES:
        return True
    columns, rows = ({round(box[side]) for box in boxes for side in (first, first + 2)} for first in (0, 1))
    return len(columns) * len(rows) > MAX_GRID


def _make_picture_input(document: OpenDocument, index: int, page_text: PageText, clip: Box | None) -> ModelInput:
    from cogdoc.parsing.ocr.orientation import upright_picture

    width, height = document.size(index)
    picture = document.picture(index, fit_long_side(width, height, LONG_SIDE))
    upright = Image.fromarray(upright_picture(picture, page_text.turned, page_text.skew, page_text.bend))
    words = page_text.words
    if clip:
        pixels = upright.width / page_text.width
        upright = upright.crop(clip.scaled(pixels, pixels))
        words = tuple(word for word in words if clip.contains_point(*word.box.center))
        model_input = _clipping_on_paper(words, clip)
        page = model_input.file.new_page(width=PAPER[0], height=PAPER[1])
    else:
        model_input = ModelInput(pymupdf.open(), _page_scale(page_text))
        page = model_input.file.new_page(
            width=page_text.width * model_input.scale, height=page_text.height * model_input.scale
        )
    stream = io.BytesIO()
    upright.save(stream, "JPEG", quality=85)
    on_page = clip or Box(0, 0, page_text.width, page_text.height)
    on_paper = on_page.scaled(model_input.scale, model_input.scale).shifted(model_input.left, model_input.top)
    page.insert_image(pymupdf.Rect(*on_paper), stream=stream.getvalue())
    _insert_invisibly(page, words, model_input)
    return model_input


def _clipping_on_paper(words: Sequence[Word], clip: Box) -> ModelInput:
    largest = min((PAPER[0] - 2 * MARGIN) / clip.width, (PAPER[1] - 2 * TOP_MARGIN) / clip.height)
    scale = min(_print_scale(words), largest)
    left, top = (PAPER[0] - scale * clip.width) / 2, TOP_MARGIN
    return ModelInput(pymupdf.open(), scale, left - scale * clip.x0, top - scale * clip.y0)


def _page_scale(page_text: PageText) -> float:
    """The scale at which the page fills the paper."""
    return PAPER[1] / max(page_text.width, page_text.height)


def _print_scale(words: Sequence[Word]) -> float:
    """The scale at which the words have the usual height of print."""
    return PRINT_HEIGHT / max(1e-6, statistics.median(word.box.height for word in words))


def _insert_invisibly(page: pymupdf.Page, words: Sequence[Word], model_input: ModelInput) -> None:
    """Insert words in render mode 3 (invisible), each stretched to the width of its box."""
    font = pymupdf.Font("cjk")
    page.insert_font(fontname="words", fontbuffer=font.buffer)
    shape = page.new_shape()  # The page parses all of its content whenever something is added to it: add once.
    for word in words:
        box = word.box.scaled(model_input.scale, model_input.scale).shifted(model_input.left, model_input.top)
        size = max(1.0, 0.8 * box.height)
        natural_width = font.text_length(word.text, size)
        if natural_width <= 0 or box.width <= 0:
            continue
        corner = pymupdf.Point(box.x0, box.y1)
        shape.insert_text(
            pymupdf.Point(box.x0, box.y1 - 0.2 * box.height),
            word.text,
            fontsize=size,
            fontname="words",
            render_mode=3,
            morph=(corner, pymupdf.Matrix(box.width / natural_width, 1)),
        )
    shape.commit()
