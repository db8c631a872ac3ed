"""Read numbers that are stamped sideways on a page, as archives do, in one piece.

Text detection finds their digits one by one. A column of single characters that are close to each other and on their
side is cropped, rotated both ways and read as one line.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import numpy as np

from cogdoc.documents.pictures import Picture
from cogdoc.parsing.ocr.ocr_engine import recognize_lines
from cogdoc.parsing.ocr.ocr_lines import OcrLine

MIN_PIECES = 3
MAX_LETTERS = 3
"""Letters of a piece that is wider than tall; a tall piece may be any part of the number."""

MAX_GAP = 1.6
"""Widths of the column between two pieces at most: one character may have been missed."""

MIN_LENGTH = 4
MIN_SCORE = 0.98
"""Stamped numbers have scores of 0.999 and more the right way up, and below 0.87 the wrong way."""


def join_sideways_numbers(picture: Picture, lines: Sequence[OcrLine]) -> list[OcrLine]:
    """`lines` of `picture`, with the pieces of each sideways number replaced by the number."""
    joined = list(lines)
    for column in _columns(lines):
        if number := _read_rotated(picture, column):
            first, *others = column
            joined = [
                number if line is first else line for line in joined if not any(line is piece for piece in others)
            ]
    return joined


def _columns(lines: Sequence[OcrLine]) -> list[list[OcrLine]]:
    """Pieces of similar width one below the other, close together, top to bottom."""
    pieces = sorted((line for line in lines if _may_be_piece(line)), key=lambda line: float(line.quad[:, 1].min()))
    columns: list[list[OcrLine]] = []
    for piece in pieces:
        for column in columns:
            if _continues(column, piece):
                column.append(piece)
                break
        else:
            columns.append([piece])
    return [column for column in columns if len(column) >= MIN_PIECES and _is_sideways(column)]


def _is_sideways(column: Sequence[OcrLine]) -> bool:
    """Whether single characters are wider than tall, which upright ones are not."""
    shapes = [np.ptp(piece.quad, axis=0) for piece in column if len(piece.text) == 1]
    return bool(shapes) and statistics.median(float(width / height) for width, height in shapes) > 1.05


def _may_be_piece(line: OcrLine) -> bool:
    width, height = np.ptp(line.quad, axis=0)
    return bool(height > 1.5 * width or (len(line.text) <= MAX_LETTERS and height > 0.5 * width))


def _continues(column: Sequence[OcrLine], piece: OcrLine) -> bool:
    width = statistics.median(float(np.ptp(line.quad[:, 0])) for line in column)
    center = statistics.median(float(line.quad[:, 0].mean()) for line in column)
    gap = float(piece.quad[:, 1].min() - column[-1].quad[:, 1].max())
    is_aligned = abs(float(piece.quad[:, 0].mean()) - center) < 0.5 * width
    has_similar_width = 0.5 * width < float(np.ptp(piece.quad[:, 0])) < 2 * width
    return is_aligned and has_similar_width and -width < gap < MAX_GAP * width


def _read_rotated(picture: Picture, column: Sequence[OcrLine]) -> OcrLine | None:
    corners = np.concatenate([piece.quad for piece in column])
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    margin = right - left
    top, bottom = max(0.0, top - margin), min(float(picture.shape[0]), bottom + margin)
    crop = picture[int(top) : int(bottom) + 1, max(0, int(left)) : int(right) + 1]
    readings = recognize_lines([np.ascontiguousarray(np.rot90(crop)), np.ascontiguousarray(np.rot90(crop, -1))])
    text, score = max(readings, key=lambda reading: reading[1])
    if score < MIN_SCORE or len(text) < MIN_LENGTH or sum(c.isdigit() for c in text) < len(text) / 2:
        return None
    return OcrLine(text, np.array([[left, top], [right, top], [right, bottom], [left, bottom]]), score, ())
