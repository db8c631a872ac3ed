"""Find which way up a scan is, from recognition scores: text that is sideways or upside down reads badly."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from cogdoc.documents.pictures import Picture
from cogdoc.parsing.bend import Bend
from cogdoc.parsing.ocr.ocr_engine import recognize_lines
from cogdoc.parsing.ocr.ocr_lines import OcrLine
from cogdoc.parsing.ocr.page_bend import straightened

DOUBTFUL_SCORE = 0.88
"""Upright pages have a mean score of 0.95 and more, others of 0.6 to 0.75."""

PROBES = 6
"""Lines that are read in all four directions."""

MARGIN = 0.08
"""The score by which another direction must be better than the current one."""


def looks_turned(lines: Sequence[OcrLine]) -> bool:
    """Whether a page may need rotation: most of its text is in tall lines, or scores are low."""
    if not lines:
        return False
    weights = np.array([len(line.text) for line in lines], float)
    tall = np.array([_is_tall(line) for line in lines], float)
    scores = np.array([line.confidence for line in lines])
    return bool(np.average(tall, weights=weights) > 0.5 or np.average(scores, weights=weights) < DOUBTFUL_SCORE)


def find_turn(picture: Picture, lines: Sequence[OcrLine]) -> int:
    """Degrees clockwise (0, 90, 180, 270) by which the page must be rotated to be upright.

    Reads the longest lines in all four directions; a direction other than the current one must win by `MARGIN`.
    """
    longest = sorted(lines, key=lambda line: max(line.width, line.height), reverse=True)[:PROBES]
    crops = [crop for line in longest if (crop := _crop(picture, line)).size]
    if not crops:
        return 0
    scores = {turn: _mean_score([rotate(crop, turn) for crop in crops]) for turn in (0, 90, 180, 270)}
    best = max(scores, key=lambda turn: scores[turn])
    return best if scores[best] > scores[0] + MARGIN else 0


def rotate(picture: Picture, degrees: int) -> Picture:
    """The picture rotated clockwise by a multiple of 90 degrees."""
    return np.ascontiguousarray(np.rot90(picture, -degrees // 90))


def upright_picture(picture: Picture, turn: int, skew: float, bend: Bend | None = None) -> Picture:
    """A page's picture in the coordinates of its words' boxes: upright, with straight and level lines."""
    upright = rotate(picture, turn) if turn else picture
    if bend:
        upright = straightened(upright, bend)
    if not skew:
        return upright
    height, width = upright.shape[:2]
    # OpenCV counts angles counterclockwise, so this rotates lines that slope by `skew` back to level.
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), skew, 1.0)
    return np.asarray(cv2.warpAffine(upright, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _mean_score(crops: list[Picture]) -> float:
    """The mean score of the crops that are wider than tall; 0 if most are taller, which no engine can read."""
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
