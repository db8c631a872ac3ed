"""Read the cells of a scanned table in which OCR found nothing although something is printed there.

Text detection overlooks single marks: the dashes of empty cells, and lone digits. The grid of a table says where to
look for them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.documents.opening import OpenDocument
from cogdoc.documents.pictures import Picture
from cogdoc.documents.rendering import fit_long_side
from cogdoc.parsing.ocr.ocr_engine import recognize_lines
from cogdoc.parsing.ocr.orientation import upright_picture
from cogdoc.parsing.page_text import Line, PageText, Word
from cogdoc.parsing.tables.phrases import typical_height

LONG_SIDE = 2000
"""Pixels of the picture in which cells are looked at."""

MAX_CELLS = 600
"""Empty cells that are looked at on one page."""

CONTRAST = 60
"""Gray levels by which print differs from the paper of its cell."""

BAR_LENGTH = 3.0
"""Word heights from which a mark is a rule of the table."""

MAX_MARKS = 6
"""Separate marks that a lone text has at most; more are a pattern."""

DASH = (0.15, 0.25, 1.4)
"""Of a dash: the smallest width and the largest height in word heights, and the smallest ratio of width to height."""

EN_DASH = 0.55
"""Width in word heights from which a dash is written as an en dash."""

MIDDLE = 0.3
"""Word heights by which a dash may be above or below the middle of its row."""

MIN_CONFIDENCE = 0.75

Grid = tuple[tuple[float, ...], tuple[float, ...]]


def read_empty_cells(document: OpenDocument, index: int, page_text: PageText, grids: Sequence[Grid]) -> list[Line]:
    """The texts in cells of `grids` that contain no word of `page_text`, which is the OCR of page `index` (0-based)."""
    boxes = [(cell, row) for grid in grids for cell, row in _empty_cells(grid, page_text.words)][:MAX_CELLS]
    if not boxes:
        return []
    width, height = document.size(index)
    picture = document.picture(index, fit_long_side(width, height, LONG_SIDE))
    upright = upright_picture(picture, page_text.turned, page_text.skew, page_text.bend)
    scale = upright.shape[1] / page_text.width
    print_height = typical_height(page_text.words)
    words = (_read_cell(upright, scale, cell, row, print_height) for cell, row in boxes)
    return [Line((word,)) for word in words if word]


def _empty_cells(grid: Grid, words: Sequence[Word]) -> Iterator[tuple[Box, Box]]:
    """The cells that no word overlaps, each with the box of the words in its row; rows without words are no rows."""
    column_lines, row_lines = grid
    table = Box(column_lines[0], row_lines[0], column_lines[-1], row_lines[-1])
    inside = [word.box for word in words if table.overlap(word.box) > 0]
    for top, bottom in itertools.pairwise(row_lines):
        in_row = [box for box in inside if top <= box.center[1] <= bottom]
        if not in_row:
            continue
        row = bounding_box(in_row)
        for left, right in itertools.pairwise(column_lines):
            cell = Box(left, top, right, bottom)
            if not any(_is_in(box, cell) for box in inside):
                yield cell, row


def _is_in(word: Box, cell: Box) -> bool:
    """Whether a cell contains a part of a word: boxes of OCR words extend into the rows above and below."""
    return cell.y0 <= word.center[1] <= cell.y1 and min(word.x1, cell.x1) - max(word.x0, cell.x0) > 0.1 * word.width


def _read_cell(picture: Picture, scale: float, cell: Box, row: Box, print_height: float) -> Word | None:
    """The word in a cell of the picture (`scale` pixels per point); None if nothing legible is printed there."""
    left, top = max(0, int(cell.x0 * scale)), max(0, int(cell.y0 * scale))
    crop = picture[top : int(cell.y1 * scale) + 1, left : int(cell.x1 * scale) + 1]
    if min(crop.shape[:2]) < 4:
        return None
    marks = _marks(crop, print_height * scale)
    if not 0 < len(marks) <= MAX_MARKS:
        return None
    box = bounding_box(marks).shifted(left, top).scaled(1 / scale, 1 / scale)
    if len(marks) == 1 and (dash := _dash(box, row, print_height)):
        return Word(dash, box, 0.9)
    if box.height > 1.6 * print_height or box.height < 0.4 * print_height:
        return None
    pad = 0.25 * print_height
    wide = Box(box.x0 - 2 * pad, box.y0 - pad, box.x1 + 2 * pad, box.y1 + pad).scaled(scale, scale)
    around = picture[max(0, int(wide.y0)) : int(wide.y1) + 1, max(0, int(wide.x0)) : int(wide.x1) + 1]
    ((text, confidence),) = recognize_lines([around])
    legible = confidence >= MIN_CONFIDENCE and any(char.isalnum() for char in text)
    return Word("".join(text.split()), box, min(1.0, confidence)) if legible else None


def _marks(crop: Picture, print_height: float) -> list[Box]:
    """The boxes in pixels of what is printed in a cell: neither its rules, nor what extends into it, nor specks."""
    gray = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    ink = (np.abs(gray.astype(np.int16) - int(np.median(gray))) > CONTRAST).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    height, width = ink.shape
    marks: list[Box] = []
    for x, y, w, h, area in stats[1:]:
        touches = x == 0 or y == 0 or x + w == width or y + h == height
        is_rule = max(w, h) > BAR_LENGTH * print_height
        is_speck = area < 0.01 * print_height**2 or max(w, h) < 0.12 * print_height
        if not (touches or is_rule or is_speck):
            marks.append(Box(float(x), float(y), float(x + w), float(y + h)))
    return marks


def _dash(box: Box, row: Box, print_height: float) -> str | None:
    """The dash in a box that is level with its row; None if it contains something else."""
    min_width, max_height, min_ratio = DASH
    is_flat = box.height <= max_height * print_height and box.width >= min_ratio * box.height
    is_level = abs(box.center[1] - row.center[1]) <= MIDDLE * print_height
    if not (is_flat and is_level and box.width >= min_width * print_height):
        return None
    return "–" if box.width >= EN_DASH * print_height else "-"
