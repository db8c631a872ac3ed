"""Numbers stamped sideways on a page: the detector finds their digits one by one, so here they are read in one piece.

Archives stamp their pages so. A column of single characters that stand close and lie on their side is cut out,
turned either way and read as a line.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import numpy as np

from cogdoc.documents.pictures import Picture
from cogdoc.parsing.ocr.recognition import OcrLine, recognize_lines

MIN_PIECES = 3
MAX_LETTERS = 3
"""Letters of a piece that lies level; an upright piece may be any part of the number."""

MAX_GAP = 1.6
"""Between two pieces, in widths of the column: one character may have been missed."""

MIN_LENGTH = 4
SURE = 0.98
"""Stamped numbers read with 0.999 and more the right way, with less than 0.87 the wrong way."""


def with_sideways_numbers(picture: Picture, lines: Sequence[OcrLine]) -> list[OcrLine]:
    """`lines` of `picture`, those that are pieces of one sideways number replaced by it."""
    kept = list(lines)
    for column in _columns(lines):
        if found := _read_turned(picture, column):
            first, *others = column
            kept = [found if line is first else line for line in kept if not any(line is piece for piece in others)]
    return kept


def _columns(lines: Sequence[OcrLine]) -> list[list[OcrLine]]:
    """Pieces one below another, close together and of like width: top to bottom."""
    pieces = sorted((line for line in lines if _may_be_piece(line)), key=lambda line: float(line.quad[:, 1].min()))
    columns: list[list[OcrLine]] = []
    for piece in pieces:
        for column in columns:
            if _continues(column, piece):
                column.append(piece)
                break
        else:
            columns.append([piece])
    return [column for column in columns if len(column) >= MIN_PIECES and _lies_on_its_side(column)]


def _lies_on_its_side(column: Sequence[OcrLine]) -> bool:
    """Characters are taller than wide; where single ones are wider than tall, they are turned."""
    shapes = [np.ptp(piece.quad, axis=0) for piece in column if len(piece.text) == 1]
    return bool(shapes) and statistics.median(float(width / height) for width, height in shapes) > 1.05


def _may_be_piece(line: OcrLine) -> bool:
    width, height = np.ptp(line.quad, axis=0)
    return bool(height > 1.5 * width or (len(line.text) <= MAX_LETTERS and height > 0.5 * width))


def _continues(column: Sequence[OcrLine], piece: OcrLine) -> bool:
    width = statistics.median(float(np.ptp(line.quad[:, 0])) for line in column)
    center = statistics.median(float(line.quad[:, 0].mean()) for line in column)
    gap = float(piece.quad[:, 1].min() - column[-1].quad[:, 1].max())
    near = abs(float(piece.quad[:, 0].mean()) - center) < 0.5 * width
    alike = 0.5 * width < float(np.ptp(piece.quad[:, 0])) < 2 * width
    return near and alike and -width < gap < MAX_GAP * width


def _read_turned(picture: Picture, column: Sequence[OcrLine]) -> OcrLine | None:
    corners = np.concatenate([piece.quad for piece in column])
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    margin = right - left
    top, bottom = max(0.0, top - margin), min(float(picture.shape[0]), bottom + margin)
    crop = picture[int(top) : int(bottom) + 1, max(0, int(left)) : int(right) + 1]
    read = recognize_lines([np.ascontiguousarray(np.rot90(crop)), np.ascontiguousarray(np.rot90(crop, -1))])
    text, score = max(read, key=lambda result: result[1])
    if score < SURE or len(text) < MIN_LENGTH or sum(c.isdigit() for c in text) < len(text) / 2:
        return None
    return OcrLine(text, np.array([[left, top], [right, top], [right, bottom], [left, bottom]]), score, ())
