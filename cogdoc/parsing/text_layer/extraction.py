"""Extract the words of a PDF, XPS or EPUB page, and evidence of whether to trust them. Runs in the sandbox."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.documents.mupdf import pymupdf
from cogdoc.documents.mupdf_document import MupdfDocument
from cogdoc.errors import DamagedError
from cogdoc.parsing.page_text import Line, Word
from cogdoc.parsing.text_layer.drop_caps import join_drop_caps
from cogdoc.parsing.text_layer.word_splitting import split_tight_words

_REPLACEMENT = "\ufffd"
MAX_UNREADABLE_SHARE = 0.1
"""Above this share of characters without meaning, the layer is not text: its fonts lack a Unicode map."""

SCAN_SHARE = 0.6
"""A picture that covers this share of the page is a scan of it."""

CELL_GAP = 2.5
"""Line heights of white space that separate two lines in the same row."""

GLYPH_HEIGHT = (3.0, 48.0)
"""Points; filled shapes of this height may be letters that a program converted to curves."""

MIN_GLYPHS = 40

MIN_GLYPH_SIZES = 8
"""Distinct sizes of filled shapes from which they are letters; the marks of a chart have few sizes."""

_LIGATURES = {ord(k): v for k, v in {"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st"}.items()}
# A glyph without a Unicode value must give U+FFFD: its index in the font would pass for a letter.
_FLAGS = pymupdf.TEXTFLAGS_WORDS & ~pymupdf.TEXT_CID_FOR_UNKNOWN_UNICODE | pymupdf.TEXT_ACCURATE_BBOXES


@dataclass(frozen=True, slots=True)
class TextLayer:
    """The text of a page's text objects in content order, with boxes as displayed."""

    lines: tuple[Line, ...]
    unreadable_share: float
    """Share of the characters that are replacement, private-use or control characters."""
    hidden_share: float
    """Share of the characters that are drawn invisibly, as OCR programs draw them over a scan."""
    hides_text: bool
    """Whether invisible text was left out because no picture shows it either."""
    pictures: tuple[Box, ...]
    """The boxes of the page's pictures in points, clipped to the page."""
    drawn_text: tuple[Box, ...]
    """The boxes of filled shapes that are likely letters, clipped to the page."""

    @property
    def readable(self) -> bool:
        return bool(self.lines) and self.unreadable_share <= MAX_UNREADABLE_SHARE


def read_text_layer(document: MupdfDocument, index: int) -> TextLayer:
    """Read the text of page `index` (0-based).

    Raises:
        DamagedError: the page cannot be read.
    """
    page = document.load_page(index)
    try:
        rotation = page.rotation_matrix
        page_rect = page.rect
        entries = page.get_text("words", flags=_FLAGS, clip=pymupdf.INFINITE_RECT(), delimiters=None)
        entries = split_tight_words(page, entries, _FLAGS)
        visible, invisible = _trace_text(page)
        hidden = _displayed(page, (span.box for span in invisible if span.text.strip()))
        pictures = _displayed(page, _picture_boxes(page))
        drawn_text = _displayed(page, _drawn_text_boxes(page))
    except (pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError) as error:
        raise DamagedError(f"damaged page: {' '.join(str(error).split())}") from None
    unseen = [box for box in hidden if not any(picture.overlap(box) > 0 for picture in pictures)]
    lines: list[Line] = []
    for _, group in itertools.groupby(entries, key=lambda entry: (entry[5], entry[6])):
        words: list[Word] = []
        for x0, y0, x1, y1, text, *_ in group:
            file_box = Box(x0, y0, x1, y1)
            box = _relative_box(pymupdf.Rect(file_box) * rotation, page_rect)
            cleaned = _clean(text)
            area_on_page = box.overlap(Box(0, 0, page_rect.width, page_rect.height))
            may_be_unseen = any(other.overlap(box) > 0.5 * area_on_page for other in unseen)
            if cleaned and area_on_page > 0 and not (may_be_unseen and not _is_visible(text, file_box, visible)):
                words.append(Word(cleaned, box, 1.0))
        lines.extend(_split_at_gaps(words))
    chars = "".join(entry[4] for entry in entries)
    return TextLayer(
        lines=tuple(join_drop_caps(lines)),
        unreadable_share=sum(map(_is_unreadable, chars)) / max(1, len(chars)),
        hidden_share=_length(invisible) / max(1, _length(invisible) + _length(visible)),
        hides_text=bool(unseen),
        pictures=pictures,
        drawn_text=drawn_text,
    )


def _clean(text: str) -> str:
    """`text` with ligatures spelled out, and without characters that have no meaning."""
    return "".join(c for c in text.translate(_LIGATURES) if unicodedata.category(c) not in ("Cc", "Cs", "Cn", "Co"))


def _is_unreadable(char: str) -> bool:
    return char == _REPLACEMENT or unicodedata.category(char) in ("Co", "Cc", "Cn", "Cs")


def _split_at_gaps(words: list[Word]) -> list[Line]:
    """Split a MuPDF line, which holds all words on one baseline, at wide gaps: there a table cell or column ends."""
    lines: list[Line] = []
    current: list[Word] = []
    for word in words:
        if current:
            gap = word.box.x0 - current[-1].box.x1
            height = max(current[-1].box.height, word.box.height)
            if gap > CELL_GAP * height or gap < -height:
                lines.append(Line(tuple(current)))
                current = []
        current.append(word)
    if current:
        lines.append(Line(tuple(current)))
    return lines


@dataclass(frozen=True, slots=True)
class _Span:
    """A run of characters in one font, in the coordinates of the file."""

    text: str
    box: Box


def _trace_text(page: pymupdf.Page) -> tuple[list[_Span], list[_Span]]:
    """The visible and the invisible text, which has render mode 3 (PDF 1.7, 9.3.6) or is fully transparent.

    Both are empty on pages without invisible text.
    """
    trace = page.get_texttrace()
    if not any(map(_is_invisible, trace)):
        return [], []
    visible: list[_Span] = []
    invisible: list[_Span] = []
    for span in trace:
        text = "".join(chr(char[0]) for char in span["chars"] if char[0] > 0)
        (invisible if _is_invisible(span) else visible).append(_Span(text, Box(*span["bbox"])))
    return visible, invisible


def _is_invisible(span: dict[str, Any]) -> bool:
    return bool(span["type"] == 3 or span["opacity"] == 0)


def _is_visible(text: str, box: Box, visible: Sequence[_Span]) -> bool:
    """Whether visible text in `box` contains `text`: the box of an invisible span may also cover visible lines."""
    return text in "".join(span.text for span in visible if span.box.overlap(box) > 0)


def _length(spans: Iterable[_Span]) -> int:
    return sum(len(span.text) for span in spans)


def _picture_boxes(page: pymupdf.Page) -> list[Box]:
    return [Box(*info["bbox"]) for info in page.get_image_info()]


def _drawn_text_boxes(page: pymupdf.Page) -> list[Box]:
    """The boxes of paragraphs drawn as filled shapes: many small ones of many sizes."""
    low, high = GLYPH_HEIGHT
    filled = (Box(*box) for kind, box in page.get_bboxlog() if kind == "fill-path")
    glyphs = [box for box in filled if low <= box.height <= high and 0 < box.width <= high]
    if len(glyphs) < MIN_GLYPHS or len({(round(box.width), round(box.height)) for box in glyphs}) < MIN_GLYPH_SIZES:
        return []
    paragraphs: list[Box] = []
    for box in sorted(glyphs, key=lambda box: box.y0):
        if paragraphs and box.y0 - paragraphs[-1].y1 <= 4 * box.height:
            paragraphs[-1] = bounding_box([paragraphs[-1], box])
        else:
            paragraphs.append(box)
    return paragraphs


def _displayed(page: pymupdf.Page, boxes: Iterable[Box]) -> tuple[Box, ...]:
    """`boxes` of the file as displayed, clipped to the page."""
    page_rect = page.rect
    rects = [(pymupdf.Rect(box) * page.rotation_matrix) & page_rect for box in boxes]
    return tuple(_relative_box(rect, page_rect) for rect in rects if not rect.is_empty)


def _relative_box(rect: pymupdf.Rect, page_rect: pymupdf.Rect) -> Box:
    return Box(rect.x0 - page_rect.x0, rect.y0 - page_rect.y0, rect.x1 - page_rect.x0, rect.y1 - page_rect.y0)
