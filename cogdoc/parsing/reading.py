"""Read a page's own text from its text layer if that can be trusted, else by OCR, or from both. Runs in the sandbox.

The decision for each page:
    nothing is drawn                             -> a blank page without text
    a readable text layer                        -> the layer, and OCR of pictures and drawn letters without text,
                                                    and of words in fonts that have no Unicode values, or false ones
    a hidden layer over a scan (an earlier OCR)  -> the layer, if samples of it agree with the pixels
    hidden text over a smaller picture           -> those of its lines that agree with the pixels
    anything else                                -> OCR
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from rapidfuzz import fuzz

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.documents.mupdf_document import MupdfDocument
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.opening import OpenDocument, check_index, open_document
from cogdoc.documents.rendering import LONG_SIDE, fit_long_side
from cogdoc.documents.tesseract import Tesseract
from cogdoc.parsing.layout.single_column import find_single_column
from cogdoc.parsing.ocr.blank_pages import is_blank
from cogdoc.parsing.page_text import Line, PageLayout, PageText, TextOrigin
from cogdoc.parsing.sideways_pages import upright
from cogdoc.parsing.text_layer.comments import read_comments
from cogdoc.parsing.text_layer.extraction import SCAN_SHARE, UNREADABLE, TextLayer, read_text_layer
from cogdoc.parsing.text_layer.xfa import read_xfa_form, with_xfa_form
from cogdoc.parsing.unreadable_words import crop, has_unreadable_words, read_unreadable_words, without_false_words

MIN_PICTURE_SHARE = 0.03
"""On pages with a text layer, pictures below this share of the page (logos, stamps) are not read by OCR."""

COVERED_SHARE = 0.3
"""A picture has its text in the layer already if the layer's words cover this share of its area."""

OCR_LONG_SIDE = 2000
"""Pixels of the long side of a page whose parts are read by OCR."""

SAMPLED_LINES = 8
MIN_LEGIBILITY = 0.85
"""Pages below it are flagged as hard to read."""

READ_SCRIPTS = ("LATIN", "CJK", "HIRAGANA", "KATAKANA", "FULLWIDTH")
"""What the Unicode names of letters that RapidOCR reads begin with."""

MIN_BENEATH = 2
"""Words beneath a stamp of a picture."""

LARGE = 1.5
"""Heights of the words beneath from which it is one."""

AGREEMENT = 0.9
"""The similarity (0 to 1) of sampled lines and their pixels' OCR from which a hidden layer is trusted."""


def read_page_text(request: OpenRequest, number: int, *, pictures: bool = True) -> PageText:
    """Read the text of page `number` (1-based).

    Args:
        pictures: whether OCR reads the pictures and drawn letters of a page that has a text layer, which takes longest.

    Raises:
        InputError, EncryptedError: the file or the page cannot be read.
        UsageError: there is no such page.
    """
    document = open_document(request)
    index = check_index(document, number)
    page_text = _read(document, index, request.tesseract, hidden=request.hidden, read_pictures=pictures)
    if isinstance(document, MupdfDocument):
        page_text = _with_unpainted(document, index, page_text)
    if document.is_repaired(index):
        page_text = replace(page_text, flags=("repaired-file", *page_text.flags))
    return page_text


def _with_unpainted(document: MupdfDocument, index: int, page_text: PageText) -> PageText:
    """The page with what its file says about it, but does not paint."""
    if index == 0 and (form := read_xfa_form(document.file)) is not None:
        page_text = with_xfa_form(page_text, form)
    if comments := read_comments(document.load_page(index), page_text.text):
        page_text = replace(page_text, comments=comments, flags=(*page_text.flags, "comments"))
    return page_text


def read_layout(request: OpenRequest, number: int, page_text: PageText | None = None) -> PageLayout:
    """Read the layout of page `number` (1-based), and its text unless `page_text` is given.

    Raises:
        InputError, EncryptedError: the file or the page cannot be read.
        UsageError: there is no such page.
    """
    page_text = page_text or read_page_text(request, number)
    if not page_text.lines:
        return PageLayout(page_text, ())
    from cogdoc.parsing.layout.block_detection import find_blocks

    document = open_document(request)
    return find_blocks(document, check_index(document, number), page_text)


def read_ordered_text(request: OpenRequest, number: int, page_text: PageText | None = None) -> PageLayout:
    """As `read_layout`, for the text alone: pages of one column need no layout models, and get no kinds of blocks.

    Raises:
        InputError, EncryptedError: the file or the page cannot be read.
        UsageError: there is no such page.
    """
    page_text = page_text or read_page_text(request, number)
    column = find_single_column(page_text)
    return PageLayout(page_text, column) if column else read_layout(request, number, page_text)


def _read(
    document: OpenDocument, index: int, tesseract: Tesseract | None, *, hidden: bool, read_pictures: bool
) -> PageText:
    flags: list[str] = []
    if isinstance(document, MupdfDocument):
        layer = read_text_layer(document, index, hidden=hidden)
        if layer.doubtful:
            layer = _without_false_fonts(document, index, layer)
        is_ocr_layer = layer.hidden_share >= 0.5 and _is_scan(document, index, layer)
        if not is_ocr_layer and not hidden:
            layer = _without_false_overlay(document, index, layer)
        is_trusted = layer.readable and (not is_ocr_layer or _agrees_with_pixels(document, index, layer.lines))
        if layer.hides_text and (is_trusted or not is_ocr_layer):
            flags.append("hidden-text-included" if hidden else "hidden-text")
        if layer.covers_text:
            flags.append("covered-text")
        if is_trusted:
            return _read_layer(document, index, layer, flags, tesseract, read_pictures=read_pictures)
        if layer.lines or layer.unreadable_share:
            flags.append("bad-text-layer")
    return _read_scan(document, index, flags, tesseract)


def _is_scan(document: OpenDocument, index: int, layer: TextLayer) -> bool:
    width, height = document.size(index)
    return sum(box.area for box in layer.pictures) >= SCAN_SHARE * width * height


def _without_false_fonts(document: MupdfDocument, index: int, layer: TextLayer) -> TextLayer:
    """The layer, in which text is unreadable that is nonsense beside its picture."""
    width, height = document.size(index)
    size = fit_long_side(width, height, OCR_LONG_SIDE)
    lines = without_false_words(layer.lines, layer.doubtful, document.picture(index, size), size.width / width)
    counts = [(len(word.text), word.confidence == UNREADABLE) for line in lines for word in line.words]
    unreadable = sum(count for count, is_unreadable in counts if is_unreadable)
    share = unreadable / max(1, sum(count for count, _ in counts))
    return replace(layer, lines=tuple(lines), unreadable_share=max(share, layer.unreadable_share))


def _without_false_overlay(document: OpenDocument, index: int, layer: TextLayer) -> TextLayer:
    """The layer without the hidden lines that the picture beneath or above them does not show."""
    similarities = _similarities(document, index, layer.overlay)
    false_words = {
        word
        for line, similarity in zip(layer.overlay, similarities, strict=True)
        if similarity < AGREEMENT
        for word in line.words
    }
    if not false_words:
        return layer
    kept = (tuple(word for word in line.words if word not in false_words) for line in layer.lines)
    return replace(layer, lines=tuple(Line(words) for words in kept if words), hides_text=True)


def _agrees_with_pixels(document: OpenDocument, index: int, lines: Sequence[Line]) -> bool:
    """Whether OCR of sampled lines gives the same text as the layer."""
    lines = [line for line in lines if _in_a_read_script(line.text)]
    if not lines:
        return True  # OCR cannot tell
    long_lines = [line for line in lines if len(line.text) >= 8] or lines
    sampled = [long_lines[i] for i in np.linspace(0, len(long_lines) - 1, SAMPLED_LINES).astype(int)]
    legible = [similarity for similarity in _similarities(document, index, sampled) if similarity >= 0]
    return bool(legible) and float(np.median(legible)) >= AGREEMENT


def _in_a_read_script(text: str) -> bool:
    """Whether RapidOCR reads most letters of a text."""
    letters = [char for char in text if char.isalpha()]
    read = sum(unicodedata.name(char, "").startswith(READ_SCRIPTS) for char in letters)
    return 2 * read >= len(letters)


def _similarities(document: OpenDocument, index: int, lines: Sequence[Line]) -> list[float]:
    """How similar each line is to what OCR recognizes in its place, 0 to 1; -1 if it is too small for that."""
    if not lines:
        return []
    from cogdoc.parsing.ocr.ocr_engine import recognize_lines

    width, height = document.size(index)
    size = fit_long_side(width, height, OCR_LONG_SIDE)
    picture, scale = document.picture(index, size), size.width / width
    crops = [crop(picture, line.box, scale) for line in lines]
    legible = [number for number, crop in enumerate(crops) if min(crop.shape[:2]) >= 4]
    recognized = recognize_lines([crops[number] for number in legible]) if legible else []
    similarities = [-1.0] * len(lines)
    for number, (text, _) in zip(legible, recognized, strict=True):
        similarities[number] = fuzz.ratio(_folded(lines[number].text), _folded(text)) / 100
    return similarities


def _folded(text: str) -> str:
    # Unlike `comparison_key`, this counts full-width forms as different.
    return "".join(text.split()).casefold()


def _read_layer(
    document: MupdfDocument,
    index: int,
    layer: TextLayer,
    flags: list[str],
    tesseract: Tesseract | None,
    *,
    read_pictures: bool,
) -> PageText:
    width, height = document.size(index)
    lines, origin, resolution = list(layer.lines), TextOrigin.TEXT_LAYER, None
    if has_unreadable_words(lines):
        size = fit_long_side(width, height, OCR_LONG_SIDE)
        lines = read_unreadable_words(lines, document.picture(index, size), size.width / width)
        origin, resolution = TextOrigin.MIXED, 72 * size.width / width
    if lines != list(layer.lines) or any(word.confidence < 1 for line in lines for word in line.words):
        flags = [*flags, "bad-text-layer"]
    pictures = [box for box in layer.pictures if box.area >= MIN_PICTURE_SHARE * width * height]
    regions = [box for box in (*pictures, *layer.drawn_text) if not _is_covered(box, layer.lines)]
    if regions and read_pictures:
        from cogdoc.parsing.ocr.page_ocr import recognize_regions

        size = fit_long_side(width, height, OCR_LONG_SIDE)
        picture, scale = document.picture(index, size).copy(), size.width / width
        # Erase the layer's words, so that OCR does not read them a second time.
        for word in (word for line in layer.lines for word in line.words):
            box = word.box.scaled(scale, scale)
            picture[max(0, int(box.y0)) : int(box.y1) + 1, max(0, int(box.x0)) : int(box.x1) + 1] = 255
        if ocr_lines := recognize_regions(picture, _merged(regions), scale, tesseract):
            lines += [replace(line, is_watermark=_is_laid_over(line, layer.lines)) for line in ocr_lines]
            origin, resolution = TextOrigin.MIXED, 72 * scale
    page_text = PageText(
        number=index + 1,
        label=document.label(index),
        width=width,
        height=height,
        turned=0,
        origin=origin,
        lines=(*lines, *layer.watermarks),
        resolution=resolution,
        ocr_engine=None if resolution is None else _name(tesseract),
        flags=tuple(flags),
        unread_pictures=bool(regions) and not read_pictures,
    )
    return upright(page_text)


def _name(tesseract: Tesseract | None) -> str:
    return f"tesseract {tesseract.language}" if tesseract else "rapidocr"


def _is_covered(region: Box, lines: Sequence[Line]) -> bool:
    covered = sum(region.overlap(word.box) for line in lines for word in line.words)
    return covered >= COVERED_SHARE * region.area


def _is_laid_over(line: Line, lines: Sequence[Line]) -> bool:
    """Whether a line of a picture is large print over the words of a text layer, such as a stamp."""
    beneath = [
        word
        for other in lines
        if other.box.overlap(line.box) > 0
        for word in other.words
        if line.box.contains_point(*word.box.center)
    ]
    return len(beneath) >= MIN_BENEATH and line.box.height >= LARGE * min(word.box.height for word in beneath)


def _merged(boxes: Sequence[Box]) -> list[Box]:
    """`boxes`, with boxes that overlap merged, so that no part of the page is read twice."""
    merged: list[Box] = []
    for box in boxes:
        current = box
        while touching := [other for other in merged if other.overlap(current) > 0]:
            merged = [other for other in merged if other not in touching]
            current = bounding_box([current, *touching])
        merged.append(current)
    return merged


def _read_scan(document: OpenDocument, index: int, flags: list[str], tesseract: Tesseract | None) -> PageText:
    width, height = document.size(index)
    if is_blank(document.picture(index, fit_long_side(width, height, LONG_SIDE))):
        return PageText(
            number=index + 1,
            label=document.label(index),
            width=width,
            height=height,
            turned=0,
            origin=TextOrigin.BLANK,
            lines=(),
            flags=(*flags, "blank-page"),
        )
    from cogdoc.parsing.ocr.page_ocr import recognize_page

    result = recognize_page(document, index, tesseract)
    if result.turned:
        flags.append("turned")
    if result.banded:
        flags.append("tiled")
    if result.small_print:
        flags.append("low-resolution")
    if result.unread_scripts:
        flags.append("unsupported-script")
    if not result.lines:
        flags.append("no-words")
    if result.legibility is not None and result.legibility < MIN_LEGIBILITY:
        flags.append("hard-to-read")
    is_sideways = result.turned in (90, 270)
    return PageText(
        number=index + 1,
        label=document.label(index),
        width=height if is_sideways else width,
        height=width if is_sideways else height,
        turned=result.turned,
        origin=TextOrigin.OCR,
        lines=result.lines,
        skew=result.skew,
        bend=result.bend,
        resolution=result.resolution,
        ocr_engine=_name(tesseract),
        legibility=result.legibility,
        unread_scripts=result.unread_scripts,
        flags=tuple(flags),
    )
