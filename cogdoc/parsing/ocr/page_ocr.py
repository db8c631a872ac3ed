"""Read a page by OCR: at the right size, upright and deskewed, and in bands if it is dense. Runs in the sandbox."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cogdoc.documents.geometry import Box
from cogdoc.documents.opening import OpenDocument
from cogdoc.documents.picture_document import PictureDocument
from cogdoc.documents.pictures import Picture
from cogdoc.documents.rendering import PixelSize
from cogdoc.documents.tesseract import Tesseract
from cogdoc.parsing.bend import Bend
from cogdoc.parsing.ocr import tesseract_engine
from cogdoc.parsing.ocr.bands import recognize_bands
from cogdoc.parsing.ocr.checkboxes import mark_checkboxes
from cogdoc.parsing.ocr.colored_stamps import take_off_stamps
from cogdoc.parsing.ocr.cut_brackets import read_cut_brackets
from cogdoc.parsing.ocr.faint_lines import part_faint_lines
from cogdoc.parsing.ocr.ink import InkComponent, find_ink, ink_window
from cogdoc.parsing.ocr.merged_rows import split_merged_rows
from cogdoc.parsing.ocr.missed_ink import read_missed_ink
from cogdoc.parsing.ocr.ocr_engine import median_line_height, recognize
from cogdoc.parsing.ocr.ocr_lines import OcrLine, OcrWord, Quad, page_skew, shifted, to_line
from cogdoc.parsing.ocr.orientation import find_turn, looks_turned, rotate
from cogdoc.parsing.ocr.page_bend import find_bend, straightened
from cogdoc.parsing.ocr.raised_digits import set_digits_apart
from cogdoc.parsing.ocr.scripts import mark_unread_scripts
from cogdoc.parsing.ocr.sideways_numbers import join_sideways_numbers
from cogdoc.parsing.ocr.specks import without_specks
from cogdoc.parsing.ocr.spelling import correct_spelling
from cogdoc.parsing.ocr.stamps import part_stamps
from cogdoc.parsing.page_text import Line

LONG_SIDE = 2000
"""Pixels of a page's long side: 171 per inch on A4. More pixels cost time and only help with small print."""

SMALL_PICTURE_SIDE = 1600
"""Smaller pictures with small print are enlarged to this size. Noisy forms of 1000 pixels gain up to 20 points of
word recall from it, while large print loses some."""

LARGE_PRINT = 22.0
"""Pixels of line height from which enlarging harms."""

MAX_ENLARGEMENT = 2.0

STRIP_RATIO = 2.4
"""Pictures longer than this many times their width are strips (long screenshots, till rolls)."""

STRIP_WIDTH = 1440
"""Pixels of the short side of a strip."""

MAX_PIXELS = 30e6
"""Pixels of a page's picture for OCR: those of a till roll 15 times as long as wide. A longer strip is read smaller."""

BAND_HEIGHT = 2000

SMALL_PRINT = 15.0
"""Pixels of line height below which a page is read again, enlarged and in bands."""

ENLARGED_PRINT = 26.0
"""Pixels of line height to which small print is enlarged."""

UNREADABLE_PRINT = 9.0
"""Pixels of line height below which the result cannot be trusted."""

WINDOW_MARGIN = 60
"""Pixels of paper around the ink of a page that is mostly empty."""

MAX_WINDOW_SHARE = 0.5
"""The share of a page up to which only the part with ink is read."""

MIN_SKEW = 0.35
"""Degrees; smaller skews are ignored. At 0.35 degrees, a line falls by a third of its height across a page."""


@dataclass(frozen=True, slots=True)
class PageOcr:
    """The result of OCR on one page: lines in points of the upright, level page."""

    lines: tuple[Line, ...]
    turned: int
    skew: float
    bend: Bend | None
    """All as in `PageText`."""
    resolution: float
    """Pixels per inch of the picture that was read."""
    banded: bool
    """Whether the picture was read in several bands."""
    small_print: bool
    """Whether text is too small to be trusted."""
    legibility: float | None
    unread_scripts: tuple[str, ...]
    """Both as in `PageText`."""


def recognize_page(document: OpenDocument, index: int, tesseract: Tesseract | None = None) -> PageOcr:
    """Read page `index` (0-based) from its picture, by RapidOCR unless `tesseract` is given."""
    width, height = document.size(index)
    native = document.frame(index).shape if isinstance(document, PictureDocument) else None
    long_side, short_side = max(width, height), min(width, height)
    native_scale = max(native) / long_side if native else float("inf")
    is_strip = long_side > STRIP_RATIO * short_side
    most = (MAX_PIXELS / (long_side * short_side)) ** 0.5
    scale = min(native_scale, most, STRIP_WIDTH / short_side if is_strip else LONG_SIDE / long_side)
    picture = document.picture(index, _pixels(width, height, scale))
    # Enlarge small pictures beyond their own pixels: detection misses small print.
    if scale * long_side < SMALL_PICTURE_SIDE and 0 < _line_height(picture) < LARGE_PRINT:
        scale *= min(SMALL_PICTURE_SIDE / (scale * long_side), MAX_ENLARGEMENT)
        picture = document.picture(index, _pixels(width, height, scale))
    reading = _read(picture, tesseract)
    turn = find_turn(picture, reading.lines) if looks_turned(reading.lines) else 0
    if turn:
        picture = rotate(picture, turn)
        reading = _read(picture, tesseract)
    # Read small print again with all the pixels that the file has.
    enlargement = _enlargement(reading.lines, scale, min(native_scale, most))
    if enlargement > 1.2:
        scale *= enlargement
        picture = rotate(document.picture(index, _pixels(width, height, scale)), turn)
        reading = _read(picture, tesseract)
    picture, lines = reading.picture, reading.lines
    scripts: tuple[str, ...] = ()
    if tesseract is None:
        lines, scripts = mark_unread_scripts(picture, lines, reading.faint)
    lines = mark_checkboxes(picture, correct_spelling(join_sideways_numbers(picture, lines)))
    lines = set_digits_apart(lines, reading.components)
    skew = page_skew(lines)
    if abs(skew) < MIN_SKEW:
        skew = 0.0
    level = (_deskewed(part, skew, picture.shape[1] / 2, picture.shape[0] / 2) for part in (lines, reading.stamps))
    lines, beside, laid_over = part_stamps(*level)
    page_lines = [to_line(line) for line in (*lines, *beside)]
    page_lines += [replace(to_line(line), is_watermark=True) for line in laid_over]
    return PageOcr(
        lines=tuple(_in_points(line, 1 / scale) for line in page_lines),
        turned=turn,
        skew=skew,
        bend=reading.bend,
        resolution=72 * scale,
        banded=tesseract is None and picture.shape[0] > BAND_HEIGHT,
        small_print=bool(lines) and _typical_height(lines) < UNREADABLE_PRINT,
        legibility=_legibility(lines),
        unread_scripts=scripts,
    )


def recognize_regions(
    picture: Picture, regions: Sequence[Box], scale: float, tesseract: Tesseract | None = None
) -> list[Line]:
    """Read parts of a page's picture (`scale` pixels per point); the lines and `regions` are in points."""
    lines: list[Line] = []
    for region in regions:
        left, top = max(0, int(region.x0 * scale)), max(0, int(region.y0 * scale))
        crop = picture[top : int(region.y1 * scale) + 1, left : int(region.x1 * scale) + 1]
        if min(crop.shape[:2]) < 8:
            continue
        for ocr_line in correct_spelling(_recognize(np.ascontiguousarray(crop), tesseract)):
            line = to_line(ocr_line)
            moved = tuple(replace(word, box=word.box.shifted(left, top)) for word in line.words)
            lines.append(_in_points(Line(moved), 1 / scale))
    return lines


def _recognize(picture: Picture, tesseract: Tesseract | None) -> list[OcrLine]:
    return tesseract_engine.recognize(picture, tesseract) if tesseract else recognize(picture)


@dataclass(frozen=True, slots=True)
class _Reading:
    """What OCR finds in a page's picture."""

    picture: Picture
    """With straight lines."""
    bend: Bend | None
    components: list[InkComponent]
    """Without those of stamps."""
    lines: list[OcrLine]
    """Those of ink that text detection misses included."""
    faint: list[OcrLine]
    """What is recognized too badly to be text."""
    stamps: list[OcrLine]


def _read(picture: Picture, tesseract: Tesseract | None) -> _Reading:
    picture = without_specks(picture)
    components = find_ink(picture)
    if bend := find_bend(components, picture.shape[1], picture.shape[0]):
        picture = straightened(picture, bend)
    body, colored = take_off_stamps(picture)
    stamps = [
        shifted(line, stamp.left, stamp.top) for stamp in colored for line in _recognize(stamp.picture, tesseract)
    ]
    if bend or colored:
        components = find_ink(body)
    part, left, top = _with_ink(body, components)
    if tesseract:  # it finds lone lines, and pages of any size, by itself
        lines = [shifted(line, left, top) for line in tesseract_engine.recognize(part, tesseract)]
        return _Reading(picture, bend, components, lines, [], stamps)
    found = recognize_bands(part, BAND_HEIGHT, lambda band: recognize(band, min_score=0.0))
    lines = [shifted(line, left, top) for line in found]
    kept, faint = part_faint_lines(lines)
    lines = read_cut_brackets(body, split_merged_rows(body, kept, components), components)
    lines = read_missed_ink(body, lines, components)
    return _Reading(picture, bend, components, lines, faint, stamps)


def _with_ink(picture: Picture, components: Sequence[InkComponent]) -> tuple[Picture, int, int]:
    """The part of `picture` with ink, and where its left and top are; all of it unless much of it is empty.

    Text detection misses a few words on much paper, and its time grows with the area.
    """
    height, width = picture.shape[:2]
    window = ink_window(components, width, height, WINDOW_MARGIN)
    if window is None or _size(window) > MAX_WINDOW_SHARE * width * height:
        return picture, 0, 0
    return picture[window], window[1].start, window[0].start


def _size(window: tuple[slice, slice]) -> int:
    rows, columns = window
    return int((rows.stop - rows.start) * (columns.stop - columns.start))


def _pixels(width: float, height: float, scale: float) -> PixelSize:
    return PixelSize(max(1, round(width * scale)), max(1, round(height * scale)))


def _line_height(picture: Picture) -> float:
    part, _, _ = _with_ink(picture, find_ink(picture))
    return median_line_height(part)


def _typical_height(lines: Sequence[OcrLine]) -> float:
    """The median line height in pixels, weighted by characters; for vertical lines, their width."""
    heights = ((min(line.height, line.width), len(line.text)) for line in lines)
    return statistics.median(height for height, count in heights for _ in range(count))


def _legibility(lines: Sequence[OcrLine]) -> float | None:
    areas = [line.width * line.height for line in lines]
    if not sum(areas):
        return None
    return sum(line.confidence * area for line, area in zip(lines, areas, strict=True)) / sum(areas)


def _enlargement(lines: Sequence[OcrLine], scale: float, native_scale: float) -> float:
    """The factor by which to enlarge a page with small print, limited by the resolution of the file."""
    if not lines or (height := _typical_height(lines)) >= SMALL_PRINT:
        return 1.0
    return min(ENLARGED_PRINT / height, native_scale / scale)


def _deskewed(lines: Sequence[OcrLine], skew: float, center_x: float, center_y: float) -> list[OcrLine]:
    """`lines` rotated back by `skew` degrees about a center."""
    if not skew:
        return list(lines)
    center = np.array([center_x, center_y])
    cos, sin = np.cos(np.radians(-skew)), np.sin(np.radians(-skew))
    rotation = np.array([[cos, -sin], [sin, cos]])

    def rotate_back(quad: Quad) -> Quad:
        return np.asarray((quad - center) @ rotation.T + center)

    return [
        replace(
            line,
            quad=rotate_back(line.quad),
            words=tuple(OcrWord(word.text, rotate_back(word.quad), word.confidence) for word in line.words),
        )
        for line in lines
    ]


def _in_points(line: Line, factor: float) -> Line:
    return replace(line, words=tuple(replace(word, box=word.box.scaled(factor, factor)) for word in line.words))
