"""Is there anything on this page? Told from its pixels before any reader, literal or deep, sees it."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from cogdoc.documents.pictures import Picture

CONTRAST = 28
"""Gray levels by which ink differs from the paper around it; paper texture and scanner noise stay below."""

BLANK_SHARE = 2e-5
"""Less ink than this share of the page (one full stop on A4 has about as much) is a blank page."""

WORKING_SIDE = 1000


def ink_mask(picture: Picture) -> npt.NDArray[np.bool_]:
    """Where the page differs from its surrounding paper: (height, width), at most 1000 pixels a side."""
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    scale = WORKING_SIDE / max(gray.shape)
    if scale < 1:
        size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
        gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    calm = cv2.medianBlur(gray, 3)
    paper = cv2.medianBlur(gray, 31 if min(gray.shape) > 31 else 3)
    return np.asarray(cv2.absdiff(calm, paper) > CONTRAST)


def is_blank(picture: Picture) -> bool:
    """Whether the page shows nothing but paper (of any colour)."""
    mask = ink_mask(picture)
    # Scans have dark borders where the lid ends; they are not writing.
    margin_y, margin_x = mask.shape[0] // 40, mask.shape[1] // 40
    inner = mask[margin_y : mask.shape[0] - margin_y, margin_x : mask.shape[1] - margin_x]
    return bool(inner.size == 0 or inner.mean() < BLANK_SHARE)
