"""Take specks off the paper of a page that is strewn with them, as faxes and copies of copies are.

Text detection takes few of the words among specks. Only ink by itself is taken off: a dot of a letter, a full stop and
a dot of a matrix printer are beside other ink.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from cogdoc.documents.pictures import Picture

MIN_CONTRAST = 48
"""Gray levels by which a speck is darker than the paper, as grain of a scan is not."""

MAX_HEIGHT = 1 / 250
"""Share of the page's long side: a third of the height of small letters on A4."""

MAX_WIDTH = 4 * MAX_HEIGHT
"""Specks that a scanner's motion smears are wide."""

APART = 1 / 800
"""Share of the long side that is between a speck and other ink."""

FIELDS = 16
"""The page is looked at in this many fields across and down."""

MIN_SPECKS = 3
"""Specks of a field that is strewn with them."""

MIN_STREWN = 0.85
"""Share of the fields of a page that is."""


def without_specks(picture: Picture) -> Picture:
    """`picture` without the specks that its paper is strewn with; itself if it is not.

    Args:
        picture: shape (height, width, 3), red, green and blue.
    """
    height, width = picture.shape[:2]
    long_side = max(height, width)
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    paper = int(np.median(gray))
    ink = (gray.astype(np.int16) < paper - MIN_CONTRAST).astype(np.uint8)
    _, labels, stats, centers = cv2.connectedComponentsWithStats(ink, connectivity=8)
    is_small = (stats[:, cv2.CC_STAT_HEIGHT] < MAX_HEIGHT * long_side) & (
        stats[:, cv2.CC_STAT_WIDTH] < MAX_WIDTH * long_side
    )
    reach = 2 * max(1, round(APART * long_side)) + 1
    near_others = cv2.dilate((ink & ~is_small[labels]).astype(np.uint8), np.ones((reach, reach), np.uint8))
    is_small[np.unique(labels[near_others > 0])] = False
    if not _is_strewn(centers[is_small], height, width):
        return picture
    specks = is_small[labels].astype(np.uint8)
    edges = cv2.dilate(specks, np.ones((3, 3), np.uint8))
    cleaned = picture.copy()
    cleaned[(edges > 0) & ((ink == 0) | (specks > 0))] = np.median(picture.reshape(-1, 3), axis=0)
    return cleaned


def _is_strewn(specks: npt.NDArray[np.float64], height: int, width: int) -> bool:
    counts, _, _ = np.histogram2d(specks[:, 1], specks[:, 0], FIELDS, [[0, height], [0, width]])
    return bool((counts >= MIN_SPECKS).mean() >= MIN_STREWN)
