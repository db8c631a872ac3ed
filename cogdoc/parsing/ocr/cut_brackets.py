"""Read the brackets at the ends of lines that text detection cuts off: wide space parts them from what they enclose."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cogdoc.documents.geometry import Box
from cogdoc.documents.pictures import Picture
from cogdoc.parsing.ocr.ink import InkComponent
from cogdoc.parsing.ocr.ocr_engine import recognize_lines
from cogdoc.parsing.ocr.ocr_lines import OcrLine, OcrWord

PAIRS = {"(": ")", "（": "）", "[": "]", "【": "】", "《": "》"}

REACH = 1.0
"""Line heights between the end of a line and its bracket."""

HEIGHT = (0.5, 1.3)
"""The heights of a bracket in line heights."""

MAX_WIDTH = 0.5
"""The width of a bracket in its heights."""

CONTEXT = 3.0
"""Line heights of the line's end that are recognized once more, with the bracket."""


def read_cut_brackets(picture: Picture, lines: Sequence[OcrLine], components: Sequence[InkComponent]) -> list[OcrLine]:
    """`lines` of `picture`, in which brackets that were left open are closed if their other half is printed behind."""
    boxes = [_extent(line) for line in lines]
    read: list[OcrLine] = []
    for line, box in zip(lines, boxes, strict=True):
        closing = _missing(line.text)
        found = _bracket_behind(box, components, boxes) if closing and box.width > box.height else None
        read.append(_closed(picture, line, box, found, closing) if found and closing else line)
    return read


def _missing(text: str) -> str | None:
    """The bracket that closes the last open one of a text; None if all are closed."""
    for index in range(len(text) - 1, -1, -1):
        if text[index] in PAIRS.values():
            return None
        if text[index] in PAIRS:
            return PAIRS[text[index]] if index < len(text) - 1 else None
    return None


def _bracket_behind(line: Box, components: Sequence[InkComponent], lines: Sequence[Box]) -> Box | None:
    """The nearest ink behind a line, if it has the shape of a bracket and is part of no other line."""
    reach = REACH * line.height
    level = (part.box for part in components if part.box.vertical_overlap(line) > 0.5)
    behind = [box for box in level if -0.2 * line.height <= box.x0 - line.x1 <= reach and box.x1 > line.x1]
    nearest = min(behind, default=None)
    if nearest is None or not HEIGHT[0] <= nearest.height / line.height <= HEIGHT[1]:
        return None
    is_free = not any(other is not line and other.overlap(nearest) > 0.3 * nearest.area for other in lines)
    return nearest if is_free and nearest.width <= MAX_WIDTH * nearest.height else None


def _closed(picture: Picture, line: OcrLine, box: Box, bracket: Box, closing: str) -> OcrLine:
    """A line with the bracket behind it, if that is recognized there."""
    margin = 0.15 * box.height
    left, top = max(box.x0, bracket.x0 - CONTEXT * box.height), max(0.0, min(box.y0, bracket.y0) - margin)
    right, bottom = bracket.x1 + 2 * margin, max(box.y1, bracket.y1) + margin
    ((text, _),) = recognize_lines([picture[int(top) : int(bottom) + 1, int(left) : int(right) + 1]])
    if not text or unicodedata.normalize("NFKC", text[-1]) != unicodedata.normalize("NFKC", closing):
        return line
    quad = line.quad.copy()
    quad[[1, 2], 0] = bracket.x1
    corners = np.array([(bracket.x0, box.y0), (bracket.x1, box.y0), (bracket.x1, box.y1), (bracket.x0, box.y1)])
    words = line.words or (OcrWord(line.text, line.quad, line.confidence),)
    word = OcrWord(closing, corners, line.confidence)
    return replace(line, text=line.text + closing, quad=quad, words=(*words, word), ctc=None)


def _extent(line: OcrLine) -> Box:
    (left, top), (right, bottom) = line.quad.min(axis=0).tolist(), line.quad.max(axis=0).tolist()
    return Box(left, top, right, bottom)
