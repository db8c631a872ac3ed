"""Computes the sizes at which pages are rendered, before any pixel is allocated."""

from __future__ import annotations

import math
from dataclasses import dataclass

LONG_SIDE = 1344
"""Pixels of a page's long side by default: the side of CogVLM2's input."""

MAX_PAGE_POINTS = 14400.0
"""The longest side that PDF 1.7 allows (appendix C, 200 inches); a longer one is an invalid page box."""

MAX_MEGAPIXELS = 100.0
"""An A0 sheet at 220 pixels per inch; `--max-megapixels` allows larger pictures."""


@dataclass(frozen=True, slots=True)
class PixelSize:
    """Width and height of a picture."""

    width: int
    height: int


def fit_long_side(width: float, height: float, long_side: int = LONG_SIDE) -> PixelSize:
    """The size in pixels at which a page's longer side is `long_side`; each side is at least one pixel."""
    scale = long_side / max(width, height)
    return PixelSize(max(1, round(width * scale)), max(1, round(height * scale)))


def clamp_page_size(width: float, height: float) -> tuple[float, float]:
    """The page size in points, limited to what can be rendered: finite, positive, and no larger than PDF allows."""
    return _clamp_side(width), _clamp_side(height)


def _clamp_side(points: float) -> float:
    if not math.isfinite(points) or points <= 0:
        return 1.0
    return min(points, MAX_PAGE_POINTS)
