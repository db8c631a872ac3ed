"""Converts pictures of all of Pillow's modes to arrays of RGB pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

Picture = npt.NDArray[np.uint8]
"""RGB pixels: (height, width, 3)."""

WHITES = tuple(float(2**bits - 1) for bits in (8, 10, 12, 14, 16))

_BAND = 512
"""Rows that are copied at a time."""


def flatten_on_white(picture: Image.Image) -> Image.Image:
    """The picture in RGB, white where it is transparent."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        page = Image.new("RGBA", layer.size, "white")
        page.alpha_composite(layer)
        return page.convert("RGB")
    if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        return Image.fromarray(_eight_bit(picture)).convert("RGB")
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def rgb_pixels(picture: Image.Image) -> Picture:
    """The pixels of an RGB picture, copied in bands: Pillow would hold two more copies of a large picture."""
    pixels = np.empty((picture.height, picture.width, 3), np.uint8)
    for top in range(0, picture.height, _BAND):
        band = picture.crop((0, top, picture.width, min(top + _BAND, picture.height)))
        pixels[top : top + _BAND] = np.asarray(band)
    return pixels


def _eight_bit(picture: Image.Image) -> npt.NDArray[np.uint8]:
    """Gray of more than 8 bits, scaled to bytes; Pillow would clip it.

    White is the maximum of the smallest format that holds every pixel: scanners and cameras store 10, 12 or 14 bits of
    a pixel in 16.
    """
    levels = np.nan_to_num(np.asarray(picture, np.float64))
    whites = (1.0, *WHITES) if picture.mode == "F" else WHITES
    peak = levels.max(initial=0.0)
    white = next((white for white in whites if peak <= white), peak)
    return np.clip(levels * (255 / white), 0, 255).astype(np.uint8)
