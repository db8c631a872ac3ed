"""The words that a PDF, XPS or EPUB page holds as text, and how far they can be trusted. Runs in the sandbox."""

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
from cogdoc.parsing.text_layer.word_splitting import part_tight_words

UNREADABLE = "\ufffd"
MAX_UNREADABLE_SHARE = 0.1
"""Above this share of characters without a meaning the layer is not text: its fonts lack a Unicode map."""

SCAN_SHARE = 0.6
"""A picture that covers this share of the page is a scan of it."""

CELL_GAP = 2.5
"""Line heights of white space at which words that share a row are no longer one line."""

GLYPH_HEIGHT = (3.0, 48.0)
"""Points; filled shapes of this height may be letters that a program has turned into curves."""

MIN_GLYPHS = 40
MIN_GLYPH_SIZES = 8
"""Letters differ in size; the marks of a chart hardly do."""

_LIGATURES = {ord(k): v for k, v in {"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st"}.items()}
# A glyph without a Unicode value must come as U+FFFD: its number in the font would pass for a letter.
_FLAGS = pymupdf.TEXTFLAGS_WORDS & ~pymupdf.TEXT_CID_FOR_UNKNOWN_UNICODE | pymupdf.TEXT_ACCURATE_BBOXES


@dataclass(frozen=True, slots=True)
class TextLayer:
    """What the page's text objects say, in content order, boxes as displayed."""

    lines: tuple[Line, ...]
    unreadable_share: float
    """Share of the characters that are replacement, private-use or control characters."""
    hidden_share: float
    """Share of the characters that are drawn invisibly, as OCR programs do over a scan."""
    hides_text: bool
    """Whether text was left out that is drawn invisibly where there is no picture of it either."""
    pictures: tuple[Box, ...]
    """Where the page shows pictures, in points, clipped to the page."""
    drawn_text: tuple[Box, ...]
    """Where shapes stand that are likely to be letters, clipped to the page."""

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
        turn = page.rotation_matrix
        shown = page.rect
        entries = page.get_text("words", flags=_FLAGS, clip=pymupdf.INFINITE_RECT(), delimiters=None)
        entries = part_tight_words(page, entries, _FLAGS)
        drawn, undrawn = _traced_text(page)
        hidden = _displayed(page, (span.box for span in undrawn if span.text.strip()))
        pictures = _displayed(page, _picture_boxes(page))
        drawn_text = _displayed(page, _drawn_text_boxes(page))
    except (pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError) as error:
        raise DamagedError(f"damaged page: {' '.join(str(error).split())}") from None
    ghosts = [box for box in hidden if not any(picture.overlap(box) > 0 for picture in pictures)]
    lines: list[Line] = []
    for _, group in itertools.groupby(entries, key=lambda entry: (entry[5], entry[6])):
        words: list[Word] = []
        for x0, y0, x1, y1, text, *_ in group:
            place = Box(x0, y0, x1, y1)
            rect = pymupdf.Rect(place) * turn
            box = Box(rect.x0 - shown.x0, rect.y0 - shown.y0, rect.x1 - shown.x0, rect.y1 - shown.y0)
            cleaned = clean_layer_text(text)
            on_page = box.overlap(Box(0, 0, shown.width, shown.height))
            is_covered = any(ghost.overlap(box) > 0.5 * on_page for ghost in ghosts)
            if cleaned and on_page > 0 and not (is_covered and not _is_drawn(text, place, drawn)):
                words.append(Word(cleaned, box, 1.0))
        lines.extend(_split_at_gaps(words))
    characters = "".join(entry[4] for entry in entries)
    hidden_share = _length(undrawn) / max(1, _length(undrawn) + _length(drawn))
    unreadable = sum(_is_unreadable(c) for c in characters) / max(1, len(characters))
    return TextLayer(tuple(join_drop_caps(lines)), unreadable, hidden_share, bool(ghosts), pictures, drawn_text)


def clean_layer_text(text: str) -> str:
    """`text` with ligatures spelled out and without characters that say nothing."""
    return "".join(c for c in text.translate(_LIGATURES) if unicodedata.category(c) not in ("Cc", "Cs", "Cn", "Co"))


def _is_unreadable(character: str) -> bool:
    return character == UNREADABLE or unicodedata.category(character) in ("Co", "Cc", "Cn", "Cs")


def _split_at_gaps(words: list[Word]) -> list[Line]:
    """MuPDF takes all that shares a baseline for a line; a wide gap is where a table cell or a column ends."""
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
    """A run of characters in one font, in the page's own coordinates."""

    text: str
    box: Box


def _traced_text(page: pymupdf.Page) -> tuple[list[_Span], list[_Span]]:
    """The text that is drawn, and that in render mode 3 or fully transparent (PDF 1.7, 9.3.6); none without such."""
    traced = page.get_texttrace()
    if not any(map(_is_undrawn, traced)):
        return [], []
    drawn: list[_Span] = []
    undrawn: list[_Span] = []
    for span in traced:
        text = "".join(chr(character[0]) for character in span["chars"] if character[0] > 0)
        (undrawn if _is_undrawn(span) else drawn).append(_Span(text, Box(*span["bbox"])))
    return drawn, undrawn


def _is_undrawn(span: dict[str, Any]) -> bool:
    return bool(span["type"] == 3 or span["opacity"] == 0)


def _is_drawn(text: str, box: Box, drawn: Sequence[_Span]) -> bool:
    """Whether a word stands in `box` visibly: the box of a hidden run may reach over lines that it says nothing of."""
    return text in "".join(span.text for span in drawn if span.box.overlap(box) > 0)


def _length(spans: Iterable[_Span]) -> int:
    return sum(len(span.text) for span in spans)


def _picture_boxes(page: pymupdf.Page) -> list[Box]:
    return [Box(*info["bbox"]) for info in page.get_image_info()]


def _drawn_text_boxes(page: pymupdf.Page) -> list[Box]:
    """Where many small shapes of many sizes are filled, those of a paragraph together."""
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
    shown = page.rect
    rects = [(pymupdf.Rect(box) * page.rotation_matrix) & shown for box in boxes]
    return tuple(
        Box(rect.x0 - shown.x0, rect.y0 - shown.y0, rect.x1 - shown.x0, rect.y1 - shown.y0)
        for rect in rects
        if not rect.is_empty
    )
