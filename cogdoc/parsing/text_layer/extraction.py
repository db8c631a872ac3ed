"""Extract the words of a PDF, XPS or EPUB page, and evidence of whether to trust them. Runs in the sandbox."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.documents.mupdf import ERRORS, pymupdf, reason
from cogdoc.documents.mupdf_document import MupdfDocument
from cogdoc.errors import DamagedError
from cogdoc.parsing.page_text import Line, Word
from cogdoc.parsing.text_layer.characters import Entry, Place
from cogdoc.parsing.text_layer.checkboxes import mark_checkboxes
from cogdoc.parsing.text_layer.drop_caps import join_drop_caps
from cogdoc.parsing.text_layer.form_fields import read_form_fields, with_values
from cogdoc.parsing.text_layer.hidden_layers import all_layers_shown, has_hidden_layers
from cogdoc.parsing.text_layer.hidden_text import intersection, readable_text
from cogdoc.parsing.text_layer.links import read_links
from cogdoc.parsing.text_layer.page_frame import PageFrame, frame_of
from cogdoc.parsing.text_layer.paint_log import log_paint
from cogdoc.parsing.text_layer.plausibility import is_implausible
from cogdoc.parsing.text_layer.text_lines import join_columns, join_parts, lines_of
from cogdoc.parsing.text_layer.text_styles import with_spans
from cogdoc.parsing.text_layer.watermarks import separate_watermarks, text_over_text
from cogdoc.parsing.text_layer.word_repair import repaired_words
from cogdoc.text import HAN, KANA, has_right_to_left

_REPLACEMENT = "\ufffd"
_SOFT_HYPHEN = "\u00ad"
MAX_UNREADABLE_SHARE = 0.5
"""Above this share of characters without meaning, the whole page is read by OCR: its fonts lack a Unicode map."""

UNREADABLE = 0.0
"""The confidence of words that have no Unicode values; OCR has to read them."""

SAMPLED_TEXT = 800
"""Characters of a font's text that tell whether it is a language."""

MAX_UNREADABLE_IN_WORD = 0.3
"""Above this share of private characters, a word is read by OCR; fewer are bullets and other symbols beside it."""

SCAN_SHARE = 0.6
"""A picture that covers this share of the page is a scan of it."""

GLYPH_HEIGHT = (3.0, 48.0)
"""Points; filled shapes of this height may be letters that a program converted to curves."""

MIN_GLYPHS = 40

MIN_GLYPH_SIZES = 8
"""Distinct sizes of filled shapes from which they are letters; the marks of a chart have few sizes."""

MIN_CELL_HEIGHTS = 3
"""Distinct heights of filled shapes between the same left and right edges from which they are the cells of a column;
letters below one another differ in width when they differ in height."""

_LIGATURES = {ord(k): v for k, v in {"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st"}.items()}
_SYMBOLS = {
    0xF06F: "☐", 0xF0A8: "☐", 0xF071: "☐", 0xF078: "☒", 0xF0FD: "☒", 0xF0FE: "☒",
    0xF0FC: "✓", 0xF0FB: "✗",
}  # fmt: skip
"""Checkboxes and ticks of the font Wingdings, which has no Unicode values."""

_PRESENTATION_FORM = re.compile("[\ufb1d-\ufdff\ufe70-\ufefc]+")
"""The shapes of Arabic letters at the start, in the middle and at the end of words, and Hebrew letters with points."""

_DOUBLE_HAN = re.compile("[\u2e80-\u2fd5\uf900-\ufad9\U0002f800-\U0002fa1d]")
"""Radicals and compatibility ideographs, which look like usual Chinese characters: programs that take the characters
back from the glyphs of a font write them instead."""

_UNRECOGNIZED = re.compile(f"(?![{HAN}{KANA}])[^\\W\\d_\u0000-\u024f\u1e00-\u1eff]")
"""Letters that OCR does not read; it would give look-alikes for them."""

# A glyph without a Unicode value must give U+FFFD: its index in the font would pass for a letter.
_FLAGS = pymupdf.TEXTFLAGS_WORDS & ~pymupdf.TEXT_CID_FOR_UNKNOWN_UNICODE | pymupdf.TEXT_ACCURATE_BBOXES


@dataclass(frozen=True, slots=True)
class TextLayer:
    """The text of a page's text objects in content order, with boxes as displayed."""

    lines: tuple[Line, ...]
    unreadable_share: float
    """Share of the characters that are replacement, private-use or control characters."""
    overlay: tuple[Line, ...]
    """The lines that are hidden but over a picture, as OCR programs draw them over a scan."""
    hidden_share: float
    """Share of the characters that a reader of the page cannot see."""
    hides_text: bool
    """Whether the page has text that it does not show; it was left out unless it was asked for."""
    covers_text: bool
    """Whether some of that is only covered, as by a black box that was meant to redact it."""
    doubtful: tuple[tuple[Line, ...], ...]
    """For each font whose text is no language, its lines."""
    pictures: tuple[Box, ...]
    """The boxes of the page's pictures in points, clipped to the page."""
    drawn_text: tuple[Box, ...]
    """The boxes of filled shapes that are likely letters, clipped to the page."""
    watermarks: tuple[Line, ...] = ()
    """The lines that are laid over the others, or printed behind them; `lines` has them not."""

    @property
    def readable(self) -> bool:
        return bool(self.lines) and self.unreadable_share <= MAX_UNREADABLE_SHARE


def read_text_layer(document: MupdfDocument, index: int, *, hidden: bool = False) -> TextLayer:
    """Read the text of page `index` (0-based).

    Args:
        hidden: read text too that the page does not show.

    Raises:
        DamagedError: the page cannot be read.
    """
    if not hidden:
        return _read(document, index, hidden=False)
    hides_layers = has_hidden_layers(document.file, index)
    with all_layers_shown(document.file):
        layer = _read(document, index, hidden=True)
    return replace(layer, hides_text=layer.hides_text or hides_layers)


def _read(document: MupdfDocument, index: int, *, hidden: bool) -> TextLayer:
    page = document.load_page(index)
    flags = _FLAGS & ~pymupdf.TEXT_MEDIABOX_CLIP if hidden else _FLAGS
    try:
        frame = frame_of(page)
        page_box = frame.box
        entries = page.get_text("words", flags=flags, clip=pymupdf.INFINITE_RECT(), delimiters=None)
        log = log_paint(page)
        infos = page.get_image_info() if log.has_pictures else ()
        pictures = _clipped((frame.display(Box(*info["bbox"])) for info in infos), page_box)
        trace = page.get_texttrace()
        over_text = text_over_text(trace)
        overlaid = frozenset[Place]().union(*(style.places for style in over_text))
        readable = readable_text(page, frame, entries, flags, log, trace, pictures, overlaid)
        if hidden:
            readable = replace(readable, entries=list(entries), overlays=frozenset(), chars=None)
        readable, stamped = separate_watermarks(page, readable, over_text, flags)
        watermarks = _watermark_lines(stamped, frame)
        entries, directions = repaired_words(page, frame, readable, trace, flags)
        drawn_text = _clipped(_drawn_text_boxes(_without_backgrounds(log.filled_shapes, entries)), page_box)
        hides_layers = has_hidden_layers(document.file, index)
        implausible = [
            [frame.display(Box(*span["bbox"])) for span in trace if span["font"] == font]
            for font, text in _texts_of_fonts(trace).items()
            if is_implausible(text)
        ]
    except ERRORS as error:
        raise DamagedError(f"broken page: {reason(error)}") from None
    lines: list[Line] = []
    overlay: list[Line] = []
    chars = "".join(entry[4] for entry in entries)
    can_be_recognized = len(_UNRECOGNIZED.findall(chars)) <= len(chars) / 2
    for (block, number, is_overlay), group in itertools.groupby(
        entries, key=lambda entry: (entry[5], entry[6], entry[7] in readable.overlays)
    ):
        words: list[Word] = []
        for entry in group:
            box, direction = Box(*entry[:4]), directions.get((block, number), 0)
            if box.overlap(page_box) <= 0 and not hidden:
                continue
            text, confidence = _readable_part(entry[4], can_be_recognized)
            if text:
                words.append(Word(text, box, confidence, direction))
        parts = lines_of(words)
        lines.extend(parts)
        overlay.extend(parts if is_overlay else ())
    try:
        fields = read_form_fields(page)
        lines = with_values(join_drop_caps(join_columns(join_parts(lines))), fields)
        paths = (*log.filled_paths, *log.stroked_paths)
        lines = mark_checkboxes(page, paths, lines, fields)
        lines = with_spans(lines, trace, frame, read_links(page, frame), paths)
    except ERRORS as error:
        raise DamagedError(f"broken page: {reason(error)}") from None
    return TextLayer(
        lines=tuple(lines),
        overlay=tuple(overlay),
        unreadable_share=sum(chars.count(char) for char in set(chars) if _is_unreadable(char)) / max(1, len(chars)),
        hidden_share=readable.hidden_share,
        hides_text=readable.leaves_out or hides_layers,
        covers_text=readable.covered,
        doubtful=tuple(_lines_in(boxes, lines) for boxes in implausible),
        pictures=pictures,
        drawn_text=drawn_text,
        watermarks=watermarks,
    )


def _watermark_lines(entries: Iterable[Entry], frame: PageFrame) -> tuple[Line, ...]:
    lines: list[Line] = []
    for _, group in itertools.groupby(entries, key=lambda entry: entry[5:7]):
        words = ((_clean(entry[4]), frame.display(Box(*entry[:4]))) for entry in group)
        if kept := tuple(Word(text, box, 1.0) for text, box in words if text and box.overlap(frame.box) > 0):
            lines.append(Line(kept, is_watermark=True))
    return tuple(lines)


def _texts_of_fonts(trace: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The beginning of the text in each font of a page."""
    texts: dict[str, str] = {}
    for span in trace:
        before = texts.get(span["font"], "")
        if len(before) < SAMPLED_TEXT:
            texts[span["font"]] = f"{before} {''.join([chr(max(0, char[0])) for char in span['chars']])}"
    return texts


def _lines_in(boxes: Sequence[Box], lines: Iterable[Line]) -> tuple[Line, ...]:
    """The parts of lines in some boxes."""
    parts: list[Line] = []
    for line in lines:
        words = tuple(word for word in line.words if any(box.contains_point(*word.box.center) for box in boxes))
        parts += [Line(words)] if words else []
    return tuple(parts)


def _clean(text: str) -> str:
    """`text` with ligatures spelled out, and without characters that have no meaning."""
    spelled = text.translate(_LIGATURES | _SYMBOLS)
    if _SOFT_HYPHEN in spelled[:-1]:  # the page shows it, so it is none
        spelled = spelled[:-1].replace(_SOFT_HYPHEN, "-") + spelled[-1]
    if has_right_to_left(spelled):
        spelled = _PRESENTATION_FORM.sub(lambda match: unicodedata.normalize("NFKC", match[0]), spelled)
    if not spelled.isascii():
        spelled = _DOUBLE_HAN.sub(lambda match: unicodedata.normalize("NFKC", match[0]), spelled)
    return "".join(c for c in spelled if unicodedata.category(c) not in ("Cc", "Cs", "Cn", "Co") and c != _REPLACEMENT)


def _readable_part(text: str, can_be_recognized: bool) -> tuple[str, float]:
    """What is known of a word, and its confidence: `UNREADABLE` if OCR has to read it.

    Args:
        can_be_recognized: whether the page is in a script that OCR reads.
    """
    if text.isascii() and text.isprintable():
        return text, 1.0
    if not _is_unreadable_word(text):
        return _clean(text), 1.0
    text = text.translate(_LIGATURES | _SYMBOLS)
    if can_be_recognized and not _UNRECOGNIZED.search(text):
        return _REPLACEMENT * len(text), UNREADABLE
    marked = "".join(_REPLACEMENT if _is_unreadable(char) else char for char in text)
    return marked, max(0.01, 1 - marked.count(_REPLACEMENT) / len(marked))


def _is_unreadable_word(text: str) -> bool:
    """Whether a word can only be read by OCR; single symbols without a meaning are left out instead."""
    unreadable = sum(map(_is_unreadable, text.translate(_SYMBOLS)))
    return len(text) > 1 and (_REPLACEMENT in text or unreadable > max(1, MAX_UNREADABLE_IN_WORD * len(text)))


def _is_unreadable(char: str) -> bool:
    return char == _REPLACEMENT or unicodedata.category(char) in ("Co", "Cc", "Cn", "Cs")


def _without_backgrounds(shapes: Sequence[Box], entries: Iterable[Entry]) -> list[Box]:
    """`shapes` without tinted cells and buttons: these have words on them, or form columns of one width."""
    if len(shapes) < MIN_GLYPHS:
        return []
    heights: dict[tuple[float, float], set[int]] = {}
    for box in shapes:
        heights.setdefault((round(box.x0, 1), round(box.x1, 1)), set()).add(round(box.height))
    shapes = [box for box in shapes if len(heights[round(box.x0, 1), round(box.x1, 1)]) < MIN_CELL_HEIGHTS]
    centers = np.array([Box(*entry[:4]).center for entry in entries]).reshape(-1, 2)
    centers = centers[np.argsort(centers[:, 1])]
    outlines = np.array(shapes).reshape(-1, 4)
    first, last = (np.searchsorted(centers[:, 1], outlines[:, side]) for side in (1, 3))
    return [
        box
        for box, start, end in zip(shapes, first.tolist(), last.tolist(), strict=True)
        if not ((centers[start:end, 0] > box.x0) & (centers[start:end, 0] < box.x1)).any()
    ]


def _drawn_text_boxes(filled_shapes: Iterable[Box]) -> list[Box]:
    """The boxes of paragraphs drawn as filled shapes: many small ones of many sizes."""
    low, high = GLYPH_HEIGHT
    glyphs = [box for box in filled_shapes if low <= box.height <= high and 0 < box.width <= high]
    if len(glyphs) < MIN_GLYPHS or len({(round(box.width), round(box.height)) for box in glyphs}) < MIN_GLYPH_SIZES:
        return []
    paragraphs: list[Box] = []
    for box in sorted(glyphs, key=lambda box: box.y0):
        if paragraphs and box.y0 - paragraphs[-1].y1 <= 4 * box.height:
            paragraphs[-1] = bounding_box([paragraphs[-1], box])
        else:
            paragraphs.append(box)
    return paragraphs


def _clipped(boxes: Iterable[Box], page_box: Box) -> tuple[Box, ...]:
    shown = (intersection(box, page_box) for box in boxes)
    return tuple(box for box in shown if box.width > 0 and box.height > 0)
