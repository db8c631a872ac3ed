"""Find how the lines of a photographed page bend, as on an open book or a creased letter, and straighten the page.

The feet of the characters of each line are fitted by one polynomial for the page, whose terms of second and third
order are the bend (see `cogdoc.parsing.bend`). Text detection reads hardly a line that bends by half its height.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from cogdoc.documents.pictures import Picture
from cogdoc.parsing.bend import Bend, bend_offset
from cogdoc.parsing.ocr.ink import InkComponent

SIZES = (0.6, 1.8)
"""Heights of characters, as shares of the median height."""

GAP = 2.5
"""Heights between characters of a line."""

MIN_CHARACTERS = 10
MIN_WIDTH = 0.25
"""Share of a page's width of the shortest line that tells the bend."""

MIN_LINES = 5
MAX_CHARACTERS = 20_000
"""More specks of ink are no characters."""

OUTLIER = 2.5
"""Deviations beyond which a character does not count, such as one with a descender."""

MIN_BEND = 0.6
"""Heights of characters by which lines bend, if the page is straightened."""

MIN_GAIN = 0.6
"""The remaining deviation from the lines, as a share of that from straight ones, if they bend."""

MAX_DEVIATION = 0.25
"""Heights of characters of that deviation; several receipts in one picture do not bend together."""

Floats = npt.NDArray[np.float64]
Owners = npt.NDArray[np.int_]
"""The line of each character, by its number."""


def find_bend(components: Sequence[InkComponent], width: int, height: int) -> Bend | None:
    """How the lines of a page of `width` by `height` pixels bend; None if they are straight, or too few to tell."""
    boxes = np.array([part.box for part in components], np.float64).reshape(-1, 4)
    tall, wide = boxes[:, 3] - boxes[:, 1], boxes[:, 2] - boxes[:, 0]
    if not MIN_LINES * MIN_CHARACTERS <= len(boxes) <= MAX_CHARACTERS:
        return None
    typical = float(np.median(tall[wide < 3 * tall])) if (wide < 3 * tall).any() else 0.0
    boxes = boxes[(SIZES[0] * typical <= tall) & (tall <= SIZES[1] * typical) & (wide < 4 * typical)]
    lines = _lines(boxes[np.argsort(boxes[:, 0])], MIN_WIDTH * width)
    if len(lines) < MIN_LINES:
        return None
    owner = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    chars = np.concatenate(lines)
    u = (chars[:, 0] + chars[:, 2]) / width - 1
    v = 2 * chars[:, 3] / height - 1
    straight = np.stack([u, u * v], axis=1)
    bent = np.stack([u, u * v, u**2, u**3, v * u**2, v * u**3], axis=1)
    before, _ = _fit(straight, chars[:, 3], owner)
    after, terms = _fit(bent, chars[:, 3], owner)
    bend = tuple(float(term / height) for term in terms[2:])
    assert len(bend) == 4
    if after > min(MIN_GAIN * before, MAX_DEVIATION * typical) or _depth(bend, u) * height < MIN_BEND * typical:
        return None
    return bend


def straightened(picture: Picture, bend: Bend) -> Picture:
    """`picture`, shape (height, width, 3), with straight lines."""
    height, width = picture.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    y += np.asarray(height * bend_offset(bend, 2 * x / width - 1, 2 * y / height - 1), np.float32)
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _lines(boxes: Floats, min_width: float) -> list[Floats]:
    """The characters of each long line, from boxes that are ordered by their left sides."""
    following = np.full(len(boxes), -1)
    lefts = boxes[:, 0]
    for index, (x0, y0, x1, y1) in enumerate(boxes):
        reach = GAP * (y1 - y0)
        first, last = np.searchsorted(lefts, ((x0 + x1) / 2, x1 + reach))
        first = max(first, index + 1)
        near = boxes[first:last]
        shared = np.minimum(near[:, 3], y1) - np.maximum(near[:, 1], y0)
        level = np.flatnonzero(shared > 0.5 * np.minimum(near[:, 3] - near[:, 1], y1 - y0))
        if len(level):
            following[index] = first + level[0]
    preceded = np.zeros(len(boxes), bool)
    lines: list[Floats] = []
    for start in range(len(boxes)):
        if preceded[start]:
            continue
        line, index = [start], int(following[start])
        while index >= 0 and not preceded[index]:
            preceded[index] = True
            line.append(index)
            index = int(following[index])
        if len(line) >= MIN_CHARACTERS and boxes[line[-1], 2] - boxes[start, 0] >= min_width:
            lines.append(boxes[line])
    return lines


def _fit(terms: Floats, feet: Floats, owner: Owners) -> tuple[float, Floats]:
    """The usual deviation of feet from lines of one shape, each at its own height, and the factors of the shape."""
    kept = np.ones(len(feet), np.bool_)
    factors: Floats = np.zeros(terms.shape[1])
    deviation = 0.0
    for _ in range(3):
        own = np.stack([_centered(term, owner[kept]) for term in terms[kept].T], axis=1)
        factors = np.asarray(np.linalg.lstsq(own, _centered(feet[kept], owner[kept]), rcond=None)[0], np.float64)
        rest = feet - terms @ factors
        middles = {line: np.median(rest[kept & (owner == line)]) for line in np.unique(owner[kept]).tolist()}
        off = np.abs(rest - np.array([middles.get(line, np.inf) for line in owner.tolist()]))
        deviation = float(np.median(off[kept]))
        kept = off <= max(1.0, OUTLIER * 1.5 * deviation)
    return max(deviation, 0.5), factors


def _centered(values: Floats, owner: Owners) -> Floats:
    """`values` less the mean of those of the same line."""
    counts = np.maximum(np.bincount(owner), 1)
    return np.asarray(values - (np.bincount(owner, values) / counts)[owner], np.float64)


def _depth(bend: Bend, u: Floats) -> float:
    """How far the most bent of three lines over the page departs from a straight one, as a share of the height."""
    across = np.linspace(u.min(), u.max(), 21)
    depths = []
    for v in (-1.0, 0.0, 1.0):
        offsets = bend_offset(bend, across, v)
        depths.append(float(np.ptp(offsets - np.polyval(np.polyfit(across, offsets, 1), across))))
    return max(depths)
