"""Which way up a scan stands, told by the recognizer itself: text the wrong way round reads badly."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from cogdoc.documents.pictures import Picture
from cogdoc.parsing.ocr.recognition import OcrLine, recognize_lines

DOUBTFUL_SCORE = 0.88
"""Upright pages read with a mean score of 0.95 and more, others with 0.6 to 0.75."""

PROBES = 6
MARGIN = 0.08


def looks_turned(lines: Sequence[OcrLine]) -> bool:
    """Whether a page that was read as it stands deserves `find_turn`: most lines upright, or scores low."""
    if not lines:
        return False
    weights = np.array([len(line.text) for line in lines], float)
    upright = np.array([_is_tall(line) for line in lines], float)
    scores = np.array([line.confidence for line in lines])
    return bool(np.average(upright, weights=weights) > 0.5 or np.average(scores, weights=weights) < DOUBTFUL_SCORE)


def find_turn(picture: Picture, lines: Sequence[OcrLine]) -> int:
    """Degrees clockwise (0, 90, 180, 270) that make the page upright.

    The longest lines are read in all four directions; the direction must win clearly to be taken.
    """
    longest = sorted(lines, key=lambda line: max(line.width, line.height), reverse=True)[:PROBES]
    crops = [crop for line in longest if (crop := _crop(picture, line)).size]
    if not crops:
        return 0
    scores = {turn: _score([turned(crop, turn) for crop in crops]) for turn in (0, 90, 180, 270)}
    best = max(scores, key=lambda turn: scores[turn])
    return best if scores[best] > scores[0] + MARGIN else 0


def turned(picture: Picture, degrees: int) -> Picture:
    """The picture turned clockwise by a multiple of 90 degrees."""
    return np.ascontiguousarray(np.rot90(picture, -degrees // 90))


def upright_picture(picture: Picture, turn: int, skew: float) -> Picture:
    """A page's picture in the coordinates of its words' boxes: upright, with level lines."""
    upright = turned(picture, turn) if turn else picture
    if not skew:
        return upright
    height, width = upright.shape[:2]
    # OpenCV counts angles counterclockwise, so this rotates lines that slope by `skew` back to level.
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), skew, 1.0)
    return np.asarray(cv2.warpAffine(upright, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _score(crops: list[Picture]) -> float:
    """Mean score of lines that lie level; one that stands upright cannot be read at all."""
    level = [crop for crop in crops if crop.shape[1] >= crop.shape[0]]
    if len(level) * 2 < len(crops):
        return 0.0
    return float(np.mean([score * min(1.0, len(text) / 4) for text, score in recognize_lines(level)]))


def _is_tall(line: OcrLine) -> bool:
    low, high = line.quad.min(axis=0), line.quad.max(axis=0)
    return bool(high[1] - low[1] > 1.5 * (high[0] - low[0]) and len(line.text) > 1)


def _crop(picture: Picture, line: OcrLine) -> Picture:
    (left, top), (right, bottom) = line.quad.min(axis=0).astype(int), np.ceil(line.quad.max(axis=0)).astype(int)
    return picture[max(0, top) : bottom, max(0, left) : right]
