"""Find the ink of a page's picture: blank pages, the part of a page that has ink, and ink that no line covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cogdoc.documents.geometry import Box
from cogdoc.documents.pictures import Picture

MIN_CONTRAST = 12
"""Gray levels by which ink differs from clean paper."""

MAX_NOISE = 28
"""On noisy paper, ink differs by more than six times the noise, but at most by this much."""

PAPER_SIDE = 500
"""Pixels of the longer side at which the paper around the ink is estimated."""

PAPER_WINDOW = 31

MIN_HEIGHT = 3
"""Pixels of the smallest characters on clean paper."""

MIN_HEIGHT_ON_SCANS = 8
"""Pixels of the smallest characters on noisy paper, where specks of dust are smaller."""


@dataclass(frozen=True, slots=True)
class InkComponent:
    """Connected pixels of ink."""

    box: Box
    area: int


def find_ink(picture: Picture) -> list[InkComponent]:
    """The components of ink that are tall enough for a character, without those that touch the edge of the picture.

    Scanners leave dark borders, where their lid ends.
    """
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    difference = cv2.absdiff(gray, _paper(gray))
    noise = float(np.median(difference[difference > 0])) if (difference > 0).mean() > 0.5 else 0.0
    contrast = min(max(MIN_CONTRAST, 6 * noise), MAX_NOISE)
    height, width = gray.shape
    _, _, stats, _ = cv2.connectedComponentsWithStats((difference > contrast).astype(np.uint8), connectivity=8)
    kept = stats[1:][stats[1:, cv2.CC_STAT_HEIGHT] >= (MIN_HEIGHT_ON_SCANS if noise else MIN_HEIGHT)]
    return [
        InkComponent(Box(float(left), float(top), float(left + wide), float(top + tall)), int(area))
        for left, top, wide, tall, area in kept.tolist()
        if left > 0 and top > 0 and left + wide < width and top + tall < height
    ]


def ink_window(components: Sequence[InkComponent], width: int, height: int, margin: int) -> tuple[slice, slice] | None:
    """The rows and columns that have ink, with a margin of pixels; None without ink."""
    if not components:
        return None
    left, top = min(part.box.x0 for part in components), min(part.box.y0 for part in components)
    right, bottom = max(part.box.x1 for part in components), max(part.box.y1 for part in components)
    return (
        slice(max(0, int(top) - margin), min(height, int(bottom) + margin)),
        slice(max(0, int(left) - margin), min(width, int(right) + margin)),
    )


def _paper(gray: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The gray of the paper around each pixel: a median over a window much wider than strokes are."""
    height, width = gray.shape
    scale = min(1.0, PAPER_SIDE / max(height, width))
    small = gray
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    if min(small.shape) < 2 * PAPER_WINDOW:
        # A small picture, such as that of a button: its paper is its most frequent gray.
        return np.full_like(gray, np.bincount(gray.ravel(), minlength=256).argmax())
    paper = cv2.medianBlur(small, PAPER_WINDOW)
    return np.asarray(cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
