"""How large a page is drawn: decided before a single pixel is allocated."""

from __future__ import annotations

import math
from dataclasses import dataclass

LONG_SIDE = 1344
"""Pixels of a page's long side unless something else is asked for: what CogVLM2 sees."""

MAX_PAGE_POINTS = 14400.0
"""The largest page that PDF 1.7 allows (appendix C, 200 inches); anything above is an absurd page box."""


@dataclass(frozen=True, slots=True)
class PixelSize:
    """Width and height of a picture."""

    width: int
    height: int


COGVLM2_SQUARE = PixelSize(LONG_SIDE, LONG_SIDE)
"""The exact square that CogVLM2 takes; the aspect ratio is not kept."""


def fit_long_side(width: float, height: float, long_side: int = LONG_SIDE) -> PixelSize:
    """The size in pixels at which the longer side of a page is `long_side`, neither side below one pixel."""
    scale = long_side / max(width, height)
    return PixelSize(max(1, round(width * scale)), max(1, round(height * scale)))


def clamp_page_size(width: float, height: float) -> tuple[float, float]:
    """A page size in points that can be drawn: finite, positive, and no larger than PDF allows."""
    return _clamp_side(width), _clamp_side(height)


def _clamp_side(points: float) -> float:
    if not math.isfinite(points) or points <= 0:
        return 1.0
    return min(points, MAX_PAGE_POINTS)
