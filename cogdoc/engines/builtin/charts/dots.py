"""Finds charts that show values as dots, with or without stems (lollipops): each dot is read as the end of a bar."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence

import cv2
import numpy as np

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.charts.bar_layout import BarLayout, Row
from cogdoc.engines.builtin.charts.chart_parts import Bar, Color, Mask, Picture
from cogdoc.engines.builtin.charts.colors import LINE_TOLERANCE, background_of, ink_colors, mask_of

_MIN_DOTS, _MAX_DOTS = 3, 40
_MIN_SIDE = 5
"""Pixels; thinner strokes are stems and lines."""
_MAX_SIDE = 0.05
"""Share of the picture's longer side."""
_FILL = (0.6, 0.93)
"""Share of its bounding box that a dot fills; a disc fills 0.79, a rectangle all of it."""
_JOINED = 0.7
"""Share of the way between two dots that is painted if a line joins them."""
_MAX_UNEVENNESS = 0.15
"""Standard deviation of the steps between dots along the category axis, relative to their mean."""


def find_dots(picture: Picture) -> BarLayout | None:
    """The layout of the bars that end in the dots of one color; None if there are no such dots."""
    background = background_of(picture)
    ink = ~mask_of(picture, background)
    nothing = np.zeros_like(ink)
    largest: list[Box] = []
    color_of_largest: Color | None = None
    for color in ink_colors(picture, nothing, background, _MIN_DOTS * _MIN_SIDE**2 // 2):
        dots = _dots(mask_of(picture, color, LINE_TOLERANCE), _MAX_SIDE * max(picture.shape[:2]))
        if len(dots) > len(largest):
            largest, color_of_largest = dots, color
    if color_of_largest is None or not _MIN_DOTS <= len(largest) <= _MAX_DOTS or _are_joined(largest, ink):
        return None
    layouts = [
        (unevenness, _layout(largest, color_of_largest, ink, vertical=vertical))
        for vertical in (True, False)
        if (unevenness := _unevenness([dot.center[0 if vertical else 1] for dot in largest])) < _MAX_UNEVENNESS
    ]
    return min(layouts, key=lambda layout: layout[0])[1] if layouts else None


def _dots(mask: Mask, most: float) -> list[Box]:
    """Round spots of equal size that no line of their color connects."""
    pixels = mask.astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_MIN_SIDE, _MIN_SIDE))
    _, _, stats, centers = cv2.connectedComponentsWithStats(cv2.morphologyEx(pixels, cv2.MORPH_OPEN, kernel))
    _, parts = cv2.connectedComponents(pixels)
    found: list[tuple[Box, int]] = []
    for (x, y, width, height, area), (center_x, center_y) in zip(stats[1:].tolist(), centers[1:], strict=True):
        square = abs(width - height) <= max(2, 0.2 * width) and _MIN_SIDE <= width <= most
        if square and _FILL[0] <= area / (width * height) <= _FILL[1]:
            found.append((Box(x, y, x + width, y + height), int(parts[round(center_y), round(center_x)])))
    if len(found) < _MIN_DOTS:
        return []
    usual = statistics.median(box.width for box, _ in found)
    alike = [(box, part) for box, part in found if abs(box.width - usual) <= max(2.0, 0.2 * usual)]
    return [box for box, _ in alike] if len({part for _, part in alike}) == len(alike) else []


def _are_joined(dots: Sequence[Box], ink: Mask) -> bool:
    """Whether straight lines join most dots with the next one, as in a line chart with markers."""
    joined = 0
    thick = cv2.dilate(ink.astype(np.uint8), np.ones((3, 3), np.uint8))
    for one, other in itertools.pairwise(sorted(dots, key=lambda dot: dot.x0)):
        steps = np.linspace(0, 1, 13)[2:-2]
        xs = one.center[0] + steps * (other.center[0] - one.center[0])
        ys = one.center[1] + steps * (other.center[1] - one.center[1])
        joined += bool(thick[ys.round().astype(int), xs.round().astype(int)].mean() > _JOINED)
    return joined > (len(dots) - 1) / 2


def _unevenness(positions: Sequence[float]) -> float:
    steps = [b - a for a, b in itertools.pairwise(sorted(positions))]
    mean = statistics.fmean(steps)
    return statistics.pstdev(steps) / mean if mean > 2 * _MIN_SIDE else np.inf


def _layout(dots: Sequence[Box], color: Color, ink: Mask, *, vertical: bool) -> BarLayout:
    """Bars from the baseline to the center of each dot, along the value axis first."""
    stems = [_stem_end(dot, ink, vertical=vertical) for dot in dots]
    outermost = max if vertical else min
    baseline = outermost(stems)
    rows = []
    for dot in sorted(dots, key=lambda dot: dot.center[0 if vertical else 1]):
        (end, across) = dot.center[::-1] if vertical else dot.center
        half = dot.width / 2
        box = Box(min(end, baseline), across - half, max(end, baseline), across + half)
        rows.append(Row((Bar(box, color),)))
    return BarLayout(vertical, dots[0].width, baseline, tuple(rows), (color,))


def _stem_end(dot: Box, ink: Mask, *, vertical: bool) -> float:
    """Where the stem of a dot ends, below it or left of it; the edge of the dot without a stem."""
    x, y = (round(part) for part in dot.center)
    beside = ink[y:, max(0, x - 1) : x + 2] if vertical else ink[max(0, y - 1) : y + 2, x::-1].T
    gaps = np.flatnonzero(~beside.any(axis=1))
    length = int(gaps[0]) if len(gaps) else len(beside)
    return float(y + length if vertical else x - length)
