"""Detect blank pages from their pixels, before any engine reads them."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from cogdoc.documents.pictures import Picture
from cogdoc.parsing.ocr.ink import find_ink

CONTRAST = 28
"""Gray levels by which ink differs from the paper around it; paper texture and scanner noise are below."""

BLANK_SHARE = 2e-5
"""A page with less ink than this share of its area is blank; one full stop on A4 has about as much."""

WORKING_SIDE = 1000
"""Pixels of the longer side at which ink is searched."""


def _ink_mask(picture: Picture) -> npt.NDArray[np.bool_]:
    """Where pixels differ from the paper around them: (height, width), at most 1000 pixels a side."""
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    scale = WORKING_SIDE / max(gray.shape)
    if scale < 1:
        size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
        gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    denoised = cv2.medianBlur(gray, 3)
    paper = cv2.medianBlur(gray, 31 if min(gray.shape) > 31 else 3)
    return np.asarray(cv2.absdiff(denoised, paper) > CONTRAST)


def is_blank(picture: Picture) -> bool:
    """Whether the page shows only paper, of any color."""
    # A single short line has less ink than a page's noise, but whole characters.
    if find_ink(picture):
        return False
    mask = _ink_mask(picture)
    # The dark borders of scans, where the lid of the scanner ends, are not ink.
    margin_y, margin_x = mask.shape[0] // 40, mask.shape[1] // 40
    inner = mask[margin_y : mask.shape[0] - margin_y, margin_x : mask.shape[1] - margin_x]
    return bool(inner.size == 0 or inner.mean() < BLANK_SHARE)
