"""Separate rows that text detection takes for one line, such as the numbers 71 and 64 of two rows of a tight table.

Recognition reads such a line as if its rows were side by side, or as vertical writing, with high confidence.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import numpy as np

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.documents.pictures import Picture
from cogdoc.parsing.ocr.ink import InkComponent
from cogdoc.parsing.ocr.ocr_engine import recognize_lines
from cogdoc.parsing.ocr.ocr_lines import OcrLine

MIN_LINES = 4
"""Lines that a page must have for a typical height."""

MIN_HEIGHT = 1.45
"""Typical heights of a line that may be several rows."""

MIN_ROW = 0.35
"""Typical heights of a row at least; dots, accents and quotation marks are lower."""

MIN_SCORE = 0.8

MIN_LENGTH_IN_STACK = 2
"""Letters and digits of each row of a stack; vertical writing has one character in each, or letters on their side."""


def split_merged_rows(picture: Picture, lines: Sequence[OcrLine], components: Sequence[InkComponent]) -> list[OcrLine]:
    """`lines` of `picture`, with each line of several rows replaced by a line for each row."""
    typical = statistics.median(min(line.height, line.width) for line in lines) if len(lines) >= MIN_LINES else 0.0
    result: list[OcrLine] = []
    for line in lines:
        if _is_stack(line):
            result += _recognized(picture, _rows(line, components), MIN_LENGTH_IN_STACK) or [line]
        elif typical and _may_be_merged(line, typical):
            rows = [box for box in _rows(line, components) if box.height >= MIN_ROW * typical]
            result += _recognized(picture, rows, 1) or [line]
        else:
            result.append(line)
    return result


def _is_stack(line: OcrLine) -> bool:
    """Whether a line is taller than wide, so that it was read as vertical writing."""
    return line.height > 1.5 * line.width and abs(line.slope) < 3


def _may_be_merged(line: OcrLine, typical: float) -> bool:
    return abs(line.slope) < 3 and MIN_HEIGHT * typical < line.height < 4 * typical


def _rows(line: OcrLine, components: Sequence[InkComponent]) -> list[Box]:
    """The rows of ink within a line that share no height, without marks such as dots and accents."""
    (left, top), (right, bottom) = line.quad.min(axis=0), line.quad.max(axis=0)
    inside = [
        part.box
        for part in components
        if left <= (part.box.x0 + part.box.x1) / 2 <= right
        and top <= (part.box.y0 + part.box.y1) / 2 <= bottom
        and part.box.width < 8 * part.box.height
    ]
    rows: list[list[Box]] = []
    for box in sorted(inside, key=lambda box: box.y0):
        if rows and box.y0 < max(other.y1 for other in rows[-1]):
            rows[-1].append(box)
        else:
            rows.append([box])
    boxes = [bounding_box(row) for row in rows]
    return [box for box in boxes if box.height > 0.6 * max(other.height for other in boxes)]


def _recognized(picture: Picture, rows: Sequence[Box], min_length: int) -> list[OcrLine]:
    """A line for each row; empty unless there are several, and each is recognized well."""
    if len(rows) < 2:
        return []
    crops = []
    for box in rows:
        margin = max(2, round(0.15 * box.height))
        top, left = max(0, int(box.y0) - margin), max(0, int(box.x0) - margin)
        crops.append(np.ascontiguousarray(picture[top : int(box.y1) + margin, left : int(box.x1) + margin]))
    readings = recognize_lines(crops)
    if any(score < MIN_SCORE or sum(map(str.isalnum, text)) < min_length for text, score in readings):
        return []
    return [
        OcrLine(
            text,
            np.array([[box.x0, box.y0], [box.x1, box.y0], [box.x1, box.y1], [box.x0, box.y1]], np.float64),
            score,
            (),
        )
        for box, (text, score) in zip(rows, readings, strict=True)
    ]
