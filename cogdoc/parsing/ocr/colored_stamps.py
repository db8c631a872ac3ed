"""Take stamps and notes in colored ink off the black text that they are laid on, so that OCR reads each by itself.

Only colored ink that touches black ink in many places is taken off: colored headings, charts and photographs stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.documents.pictures import Picture

MIN_COLOR = 60
"""Levels by which red, green and blue of colored ink differ at least; JPEG gives gray edges of letters some color."""

BLACK = 0.5
"""The brightest color of black ink, as a share of that of the stamp."""

MAX_COLORED_SHARE = 0.1
"""Share of a page's pixels up to which color is ink on paper, not a photograph or a colored background."""

MAX_STAMP_SHARE = 0.25
"""Share of a page's area up to which colored ink is a stamp; more is a frame or the rules of a form."""

JOINED = 1 / 80
"""Share of the page's long side up to which strokes of colored ink belong together."""

NEAR = 0.5
"""Parts of a stamp, such as large letters, are nearer than this share of the larger one's shorter side."""

MIN_TOUCHING = 3
"""Pieces of black ink that a part of a stamp touches: letters of the text beneath."""

MIN_LETTER = 8
"""Pixels of the height of such a letter."""

MIN_SIZE = 12
"""Pixels of the sides of a stamp."""

BLEED = 5
"""Pixels of the square that closes the gaps where black letters cross the strokes of a stamp; color runs as far into
the paper, mostly through JPEG."""

Mask = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Stamp:
    """The colored ink of a part of a page's picture, black on white, and where its left and top are, in pixels."""

    picture: Picture
    left: int
    top: int


def take_off_stamps(picture: Picture) -> tuple[Picture, list[Stamp]]:
    """`picture` without the colored stamps over its black text, and the stamps; itself if it has none.

    Args:
        picture: shape (height, width, 3), red, green and blue.
    """
    red, green, blue = cv2.split(picture)
    brightest = np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)
    darkest = cv2.min(cv2.min(red, green), blue)
    colored = np.asarray(cv2.compare(cv2.subtract(brightest, darkest), MIN_COLOR, cv2.CMP_GT) & 1, np.uint8)
    if not 0 < colored.mean() <= MAX_COLORED_SHARE:
        return picture, []
    parts = _parts_over_black(colored, brightest)
    if not parts:
        return picture, []
    cleaned = picture.copy()
    square = np.ones((BLEED, BLEED), np.uint8)
    stamps: list[Stamp] = []
    for part in _joined(parts):
        left, top, right, bottom = map(int, part)
        area = np.s_[top:bottom, left:right]
        own = colored[area]
        level = _level(brightest[area], own)
        # In its brightest color, ink that is not black is as bright as paper.
        dropped = np.minimum(255, brightest[area].astype(np.float32) * (255 / level)).astype(np.uint8)
        inked = cv2.dilate(own, square) == 1
        cleaned[area][inked] = dropped[inked][:, None]
        strokes = cv2.morphologyEx(own, cv2.MORPH_CLOSE, square)
        stamps.append(Stamp(np.repeat(255 * (1 - strokes[..., None]), 3, axis=2), left, top))
    return cleaned, stamps


def _parts_over_black(colored: Mask, brightest: Mask) -> list[Box]:
    """The boxes of colored ink that touches several pieces of black ink."""
    height, width = colored.shape
    reach = max(3, round(JOINED * max(height, width)))
    joined = cv2.morphologyEx(colored, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found: list[Box] = []
    for label, (left, top, wide, tall, _) in enumerate(stats.tolist()[1:], 1):
        if min(wide, tall) < MIN_SIZE or wide * tall > MAX_STAMP_SHARE * width * height:
            continue
        area = np.s_[top : top + tall, left : left + wide]
        own = (labels[area] == label).astype(np.uint8) & colored[area]
        black = (brightest[area] < BLACK * _level(brightest[area], own)).astype(np.uint8)
        _, pieces, sizes, _ = cv2.connectedComponentsWithStats(black, connectivity=8)
        beside = cv2.dilate(own, np.ones((BLEED, BLEED), np.uint8)) & black
        touched = np.unique(pieces[beside == 1])
        # Colored writing on dotted lines and rules is none over text.
        if (sizes[touched, cv2.CC_STAT_HEIGHT] >= MIN_LETTER).sum() >= MIN_TOUCHING:
            found.append(Box(float(left), float(top), float(left + wide), float(top + tall)))
    return found


def _joined(parts: Sequence[Box]) -> list[Box]:
    """The bounding boxes of parts that are near each other."""
    joined: list[Box] = []
    for part in parts:
        current = part
        while near := [other for other in joined if _are_near(other, current)]:
            joined = [other for other in joined if other not in near]
            current = bounding_box([current, *near])
        joined.append(current)
    return joined


def _are_near(one: Box, two: Box) -> bool:
    reach = NEAR * max(min(one.width, one.height), min(two.width, two.height))
    across = max(one.x0, two.x0) - min(one.x1, two.x1)
    down = max(one.y0, two.y0) - min(one.y1, two.y1)
    return across <= reach and down <= reach


def _level(brightest: Mask, own: Mask) -> float:
    """The usual brightest color of colored ink, 1 to 255."""
    values = brightest[own == 1]
    return float(max(1, np.median(values))) if len(values) else 255.0
