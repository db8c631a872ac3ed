"""Read text that text detection misses: short numbers and words that have no others near them.

Detection depends on the context, so that a lone digit of a table, or the only word of a page, can be lost. Ink of the
shape of characters that no line covers is cropped and recognized as one line.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.documents.pictures import Picture
from cogdoc.parsing.ocr.ink import InkComponent
from cogdoc.parsing.ocr.ocr_engine import recognize_lines
from cogdoc.parsing.ocr.ocr_lines import OcrLine, Quad

Corners = npt.NDArray[np.float64]
"""Left, top, right and bottom of boxes: (boxes, 4)."""

MIN_SCORE = 0.9
MIN_SCORE_OF_CHARACTER = 0.98
"""A single character may be a mark of a drawing that resembles it."""

MAX_CROPS = 24
"""Pages with more unread ink have drawings or pictures."""

MIN_FILL, MAX_FILL = 0.08, 0.9
"""The share of its box that the ink of a character covers."""


def read_missed_ink(picture: Picture, lines: Sequence[OcrLine], components: Sequence[InkComponent]) -> list[OcrLine]:
    """`lines` of `picture`, and what is recognized in ink that they do not cover."""
    sizes = [min(line.height, line.width) for line in lines]
    typical = statistics.median(sizes) if sizes else None
    clusters = _clusters([part for part in components if _may_be_character(part, typical)], lines, components)
    if not clusters or len(clusters) > MAX_CROPS:
        return list(lines)
    crops = [_crop(picture, cluster) for cluster in clusters]
    found = [
        OcrLine(text, _quad(cluster), score, ())
        for cluster, (text, score) in zip(clusters, recognize_lines(crops), strict=True)
        if _is_text(text, score, cluster, alone=not lines)
    ]
    return [*lines, *found]


def _may_be_character(part: InkComponent, typical: float | None) -> bool:
    width, height = part.box.width, part.box.height
    if height < 5 or width > 4 * height or height > 8 * width:
        return False
    fill = part.area / (width * height)
    if not MIN_FILL <= fill <= MAX_FILL:
        return False
    # Heights of lines include the space above and below small letters.
    return typical is None or 0.3 * typical <= height <= 1.3 * typical


def _clusters(parts: Sequence[InkComponent], lines: Sequence[OcrLine], components: Sequence[InkComponent]) -> list[Box]:
    """Boxes of characters side by side that no line covers, and that are not part of a drawing."""
    free = [parts[index].box for index in np.flatnonzero(~_are_covered(parts, lines)).tolist()]
    if len(free) > 20 * MAX_CROPS:
        return []
    clusters: list[list[Box]] = []
    for box in sorted(free, key=lambda box: box.x0):
        for cluster in clusters:
            if _continues(cluster[-1], box):
                cluster.append(box)
                break
        else:
            clusters.append([box])
    drawn = _corners([part.box for part in components])
    return [box for box in map(bounding_box, clusters) if not _is_in_drawing(box, drawn)]


def _corners(boxes: Sequence[Box]) -> Corners:
    return np.array([(box.x0, box.y0, box.x1, box.y1) for box in boxes], np.float64).reshape(-1, 4)


def _are_covered(parts: Sequence[InkComponent], lines: Sequence[OcrLine]) -> npt.NDArray[np.bool_]:
    """Which parts are within a line, by a third of their area."""
    own = _corners([part.box for part in parts])
    covered = np.zeros(len(own), bool)
    areas = (own[:, 2] - own[:, 0]) * (own[:, 3] - own[:, 1])
    for line in lines:
        (left, top), (right, bottom) = line.quad.min(axis=0), line.quad.max(axis=0)
        wide = np.minimum(own[:, 2], right) - np.maximum(own[:, 0], left)
        tall = np.minimum(own[:, 3], bottom) - np.maximum(own[:, 1], top)
        covered |= (wide > 0) & (tall > 0) & (wide * tall > 0.3 * areas)
    return covered


def _continues(last: Box, box: Box) -> bool:
    height = max(last.height, box.height)
    overlap = min(last.y1, box.y1) - max(last.y0, box.y0)
    return box.x0 - last.x1 < 1.2 * height and overlap > 0.4 * min(last.height, box.height)


def _is_in_drawing(box: Box, drawn: Corners) -> bool:
    """Whether larger ink crosses the box: a cell of a table surrounds its number, while a drawing reaches into it."""
    left, top, right, bottom = box.x0 - 2, box.y0 - 2, box.x1 + 2, box.y1 + 2
    touches = (drawn[:, 0] < right) & (drawn[:, 2] > left) & (drawn[:, 1] < bottom) & (drawn[:, 3] > top)
    near = drawn[touches]
    widths, heights = near[:, 2] - near[:, 0], near[:, 3] - near[:, 1]
    is_larger = (heights > 1.5 * box.height) | (widths > max(box.width, 4 * box.height))
    surrounds = (near[:, 0] < left) & (near[:, 1] < top) & (near[:, 2] > right) & (near[:, 3] > bottom)
    return bool((is_larger & ~surrounds).any())


def _is_text(text: str, score: float, box: Box, *, alone: bool) -> bool:
    letters = sum(char.isalnum() for char in text)
    if letters == 0 or score < MIN_SCORE:
        return False
    if alone:
        return True
    if len(text) == 1:
        # A short stroke resembles a 1, an l or an I.
        return score >= MIN_SCORE_OF_CHARACTER and text.isdigit() and box.width > 0.35 * box.height
    return letters >= len(text) / 2 and (any(char.isdigit() for char in text) or letters >= 3)


def _crop(picture: Picture, box: Box) -> Picture:
    margin = max(2, round(0.2 * box.height))
    top, left = max(0, int(box.y0) - margin), max(0, int(box.x0) - margin)
    return np.ascontiguousarray(picture[top : int(box.y1) + margin, left : int(box.x1) + margin])


def _quad(box: Box) -> Quad:
    return np.array([[box.x0, box.y0], [box.x1, box.y0], [box.x1, box.y1], [box.x0, box.y1]], np.float64)
