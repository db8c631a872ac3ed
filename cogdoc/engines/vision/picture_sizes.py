"""The size at which pictures are drawn for a model: its square, or their own proportions with as many pixels."""

from __future__ import annotations

import math

from cogdoc.documents.rendering import LONG_SIDE, PixelSize
from cogdoc.engines.vision.vision_model import VisionModelLimits

SQUARE_SHARE = 0.75
"""The share of a square's pixels that a picture in its own proportions gets: A4 then has the square's long side."""

LONGEST_SIDE = 2048
"""Pixels of a side in their own proportions; common servers scale longer ones down, whatever the other side."""


def page_size(limits: VisionModelLimits, width: float, height: float) -> PixelSize:
    """The size at which a whole page of `width` x `height` points is drawn.

    For a model with a square it is that square, or a larger one that the model scales down.
    """
    if limits.keeps_proportions:
        scale = pixels_per_point(limits, width, height)
        return PixelSize(max(1, round(width * scale)), max(1, round(height * scale)))
    side = max(LONG_SIDE, limits.image_size)
    return PixelSize(side, side)


def pixels_per_point(limits: VisionModelLimits, width: float, height: float) -> float:
    """The largest scale at which a model that keeps proportions takes a picture of this width and height."""
    pixels = SQUARE_SHARE * limits.image_size**2
    return min(math.sqrt(pixels / (width * height)), LONGEST_SIDE / max(width, height))


def patches_per_point(limits: VisionModelLimits, width: float, height: float) -> float:
    """Patches down a picture for each point of its height."""
    if limits.keeps_proportions:
        return pixels_per_point(limits, width, height) * limits.patch_grid / limits.image_size
    return limits.patch_grid / height
