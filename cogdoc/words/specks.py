"""Clear a scan of specks: on a page that a worn copier has dotted all over, lines of text are not even found."""

from __future__ import annotations

import cv2
import numpy as np

from cogdoc.documents.opening import Picture

FAINT = 12
"""Gray levels by which the edge of a speck differs from the paper."""

CLEAR = 40
"""Gray levels by which its middle does; a camera's noise and the traces of compression stay below."""

SPECK_SHARE = 1 / 200
"""Of the page's long side: what is no larger is a speck, a full stop or the dot of an i."""

MARK_SHARE = 1 / 16
"""Of the long side: what is larger is no letter but a rule, a frame or a shadow."""

SPECKS_A_LETTER = 3.0
"""Text has one or two dots in ten letters; dithered pictures and clean pages of small print stay below two a letter."""


def without_specks(picture: Picture) -> Picture:
    """`picture` with its specks painted over by paper, if there are many times more of them than letters."""
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    paper = float(np.median(gray))
    marks = (gray < paper - FAINT).astype(np.uint8)
    _, places, stats, _ = cv2.connectedComponentsWithStats(marks, connectivity=8)
    sizes = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    side = max(gray.shape)
    specks = sizes <= SPECK_SHARE * side
    clear = np.zeros(len(sizes), bool)
    clear[np.unique(places[gray < paper - CLEAR])] = True
    letters = clear & ~specks & (sizes <= MARK_SHARE * side)
    if (specks & clear).sum() <= SPECKS_A_LETTER * max(1, letters.sum()):
        return picture
    cleared = picture.copy()
    cleared[specks[places]] = np.median(picture[marks == 0], axis=0).astype(np.uint8)
    return cleared
