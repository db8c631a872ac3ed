"""Finds the colors of marks and text in a picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.charts.chart_parts import Color, Mask, Picture

SAME_COLOR = 14
"""Largest channel difference between two pixels of the same color."""
LINE_TOLERANCE = 34
"""The same for thin lines and dots, which do not reach their full color where they are antialiased."""
_FLAT = 6
"""Largest channel difference between neighboring pixels of a uniform area."""
_MAX_COLORS = 24
"""A chart has fewer colors; a photograph has many more."""
_FAINT = 18
"""A color that differs less than this from the background is part of the background."""
_TEXT_TOLERANCE = 48
"""Large, since antialiased thin letters do not reach their full color."""
_MIN_PANEL = 0.35
"""Share of the picture's width and height that a plot with a background of its own takes up at least."""
_IN_PANEL = 0.2
"""Share of a row or column of the picture that is background where it crosses the plot."""
_FULL_EDGE = 0.9
"""Share of a plot's edge that is background."""
_MAX_FULL = 0.995
"""Share of a plot that is background at most."""
_MAX_GRAY_SPREAD = 26
"""A color whose channels differ by less may be that of the grid or an axis."""


def hexadecimal(color: Color) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def distance(one: Color, other: Color) -> int:
    """Largest channel difference, 0 to 255."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def is_gray(color: Color) -> bool:
    """Whether a color may be that of the grid, an axis or a frame."""
    return max(color) - min(color) < _MAX_GRAY_SPREAD


def mask_of(picture: Picture, color: Color, tolerance: int = SAME_COLOR) -> Mask:
    """The pixels of `picture` that have the color `color`."""
    low = tuple(max(0, channel - tolerance) for channel in color)
    high = tuple(min(255, channel + tolerance) for channel in color)
    inside: Mask = cv2.inRange(picture, low, high).view(bool)
    return inside


def background_of(picture: Picture) -> Color:
    """The most frequent color of the picture's margin."""
    across, down = max(2, picture.shape[1] // 40), max(2, picture.shape[0] // 40)
    margin = (picture[:down], picture[-down:], picture[:, :across], picture[:, -across:])
    return _peaks(np.concatenate([part.reshape(-1, 3) for part in margin]), least=1, most=1)[0]


def with_one_background(picture: Picture) -> Picture:
    """The picture with its margin in the color of the plot, where the plot has a background of its own."""
    background = background_of(picture)
    least = int(_MIN_PANEL**2 * picture.shape[0] * picture.shape[1])
    for color in flat_colors(picture, background, least, faint=2):
        tolerance = min(SAME_COLOR, (distance(color, background) - 1) // 2)
        if _is_panel(mask_of(picture, color, tolerance)):
            painted = picture.copy()
            painted[mask_of(picture, background, tolerance)] = color
            return painted
    return picture


def _is_panel(mask: Mask) -> bool:
    """Whether a color fills a large rectangle up to its edges, with something else on it."""
    rows, columns = np.flatnonzero(mask.mean(axis=1) > _IN_PANEL), np.flatnonzero(mask.mean(axis=0) > _IN_PANEL)
    if min(len(rows) / mask.shape[0], len(columns) / mask.shape[1]) < _MIN_PANEL:
        return False
    inside = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    reach = max(4, min(inside.shape) // 50)
    edges = (inside[:reach], inside[-reach:], inside[:, :reach].T, inside[:, -reach:].T)
    corners = (edge[:, end] for edge in edges[:2] for end in (slice(reach), slice(-reach, None)))
    full = sum(bool(edge.any(axis=0).mean() > _FULL_EDGE) for edge in edges)
    return full >= len(edges) - 1 and all(corner.any() for corner in corners) and bool(inside.mean() < _MAX_FULL)


def flat_colors(picture: Picture, background: Color, least: int, faint: int = _FAINT) -> list[Color]:
    """Colors of uniform areas with at least `least` pixels in all, the largest first, without the background."""
    signed = picture.astype(np.int16)
    flat = np.zeros(picture.shape[:2], dtype=bool)
    flat[:-1, :-1] = (np.abs(signed[:-1, :-1] - signed[1:, :-1]).max(axis=2) <= _FLAT) & (
        np.abs(signed[:-1, :-1] - signed[:-1, 1:]).max(axis=2) <= _FLAT
    )
    return [color for color in _peaks(picture[flat], least) if distance(color, background) > faint]


def ink_colors(picture: Picture, ignored: Mask, background: Color, least: int) -> list[Color]:
    """Colors of thin strokes: the most frequent ones of all pixels that are neither background nor `ignored`."""
    contrast = np.abs(picture.astype(np.int16) - np.array(background, dtype=np.int16)).max(axis=2)
    pixels = picture[(contrast >= 2 * _FAINT) & ~ignored]
    return _peaks(pixels, least)


def text_color(picture: Picture, box: Box, background: Color) -> Color | None:
    """The color of a word: that of its pixels with the highest contrast to the background."""
    x0, y0, x1, y1 = (round(edge) for edge in box)
    patch = picture[max(0, y0) : y1, max(0, x0) : x1].reshape(-1, 3)
    if len(patch) < 12:
        return None
    contrast = np.abs(patch.astype(np.int16) - np.array(background, dtype=np.int16)).max(axis=1)
    strongest = patch[contrast >= 0.85 * contrast.max()]
    if contrast.max() < 2 * _FAINT:
        return None
    red, green, blue = np.median(strongest, axis=0)
    return int(red), int(green), int(blue)


def is_blend(color: Color, strong: Color, background: Color) -> bool:
    """Whether `color` is a blend of `strong` and the background."""
    toward = np.array(strong, dtype=np.float64) - background
    share = float(np.dot(np.array(color) - background, toward) / max(1.0, float(np.dot(toward, toward))))
    return 0.1 < share < 1.05 and float(np.abs(background + share * toward - color).max()) < 30


def may_color(ink: Color, color: Color, background: Color) -> bool:
    """Whether text in the color `ink` has pixels in `color`, some of them antialiased."""
    alike = distance(ink, color) <= _TEXT_TOLERANCE
    return alike or is_blend(color, ink, background) or is_blend(ink, color, background)


def _peaks(pixels: NDArray[np.uint8], least: int, most: int = _MAX_COLORS) -> list[Color]:
    """Colors that at least `least` of `pixels`, (count, 3), are close to, the most frequent first."""
    if len(pixels) == 0:
        return []
    packed = (pixels >> 3).astype(np.int32)
    codes = packed[:, 0] << 10 | packed[:, 1] << 5 | packed[:, 2]
    counts = np.bincount(codes, minlength=1 << 15)
    sums = np.stack([np.bincount(codes, weights=pixels[:, channel], minlength=1 << 15) for channel in range(3)])
    order = np.argsort(counts, kind="stable")[::-1][: 40 * most]
    peaks: list[Color] = []
    for code in order[counts[order] >= max(1, least // 4)]:
        if counts[code] < least and _count_near(counts, int(code)) < least:
            continue
        red, green, blue = (round(float(total)) for total in sums[:, code] / counts[code])
        color = (red, green, blue)
        if all(distance(color, other) > SAME_COLOR for other in peaks):
            peaks.append(color)
            if len(peaks) == most:
                break
    return peaks


def _count_near(counts: NDArray[np.intp], code: int) -> int:
    """Pixels in a cell of the color cube and in its six neighbors."""
    near = (0, 1, -1, 32, -32, 1024, -1024)
    return int(sum(counts[code + step] for step in near if 0 <= code + step < len(counts)))
