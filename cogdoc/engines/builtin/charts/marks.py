"""Finds the filled rectangles of a picture or a vector drawing: bars, their segments, legend swatches."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.engines.builtin.charts.chart_parts import Bar, Color, Drawing, Mask, Picture
from cogdoc.engines.builtin.charts.colors import background_of, distance, flat_colors, is_gray, mask_of
from cogdoc.parsing.page_text import Word

_MIN_PIXELS = 24
"""A color that fills fewer pixels is not that of a mark."""
_HALO = 0.2
"""How far the outline of a label may reach beyond its word to the left and right, in text heights."""
_SAME_PAINT = 10
"""Pixels of one surface differ by at most this in each channel."""
_MIN_FILLED = 0.86
"""Share of its bounding box that a rectangle fills; corners may be rounded."""


def without_labels(picture: Picture, words: Iterable[Word]) -> Picture:
    """`picture` with words on a uniform color painted over, so that labels do not cut bars."""
    cleaned = picture.copy()
    height, width = picture.shape[:2]
    for word in words:
        halo = max(1, round(_HALO * min(word.box.width, word.box.height)))
        x0, y0 = max(1, int(word.box.x0) - halo), max(1, int(word.box.y0) - 1)
        x1, y1 = min(width - 2, int(word.box.x1) + halo + 1), min(height - 2, int(word.box.y1) + 2)
        if x1 - x0 >= 2 and y1 - y0 >= 2:
            _paint_over(cleaned[y0 - 1 : y1 + 1, x0 - 1 : x1 + 1])
    return cleaned


def _paint_over(patch: Picture) -> None:
    """Fill the rows of a patch whose ends have one color, and the columns, except its outermost pixels.

    Both ends of a row are beside the bar where a label is wider than it: what fills more of the patch comes first.
    """
    block = patch[1:-1, 1:-1]
    rows = (_same_paint(patch[1:-1, :1], patch[1:-1, -1:]), patch[1:-1, :1])
    columns = (_same_paint(patch[:1, 1:-1], patch[-1:, 1:-1]), patch[:1, 1:-1])
    for is_even, paint in sorted(
        (rows, columns), key=lambda fill: np.count_nonzero(fill[0] & _same_paint(block, fill[1]))
    ):
        block[:] = np.where(is_even[..., None], paint, block)


def _same_paint(one: Picture, other: Picture) -> Mask:
    """Which pixels of two pictures, one of which may be a single row or column, have nearly the same color."""
    even: Mask = np.abs(one.astype(np.int16) - other.astype(np.int16)).max(axis=2) <= _SAME_PAINT
    return even


def find_bars(picture: Picture) -> list[Bar]:
    """All rectangles of one uniform color, except the background, of at least 2 by 2 and 12 pixels."""
    background = background_of(picture)
    bars: list[Bar] = []
    for color in flat_colors(picture, background, _MIN_PIXELS):
        mask = mask_of(picture, color)
        bars += _rectangles(_without_axes(mask) if is_gray(color) else mask, color)
    return bars


def _without_axes(mask: Mask) -> Mask:
    """`mask` without the long thin lines of axes and frames, which would join bars of their color."""
    pixels = mask.view(np.uint8)
    thin = pixels & ~cv2.morphologyEx(pixels, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    height, width = mask.shape
    across = cv2.morphologyEx(thin, cv2.MORPH_OPEN, np.ones((1, width // 5), np.uint8))
    down = cv2.morphologyEx(thin, cv2.MORPH_OPEN, np.ones((height // 5, 1), np.uint8))
    cleaned: Mask = mask & ~(across | down).view(bool)
    return cleaned


def drawn_bars(drawing: Drawing, background: Color) -> list[Bar]:
    """The filled rectangles of a drawing, with exact coordinates."""
    bars = []
    for path in drawing.paths:
        if path.fill is None or len(path.points) < 4 or distance(path.fill, background) < 12:
            continue
        box = bounding_box(Box(x, y, x, y) for x, y in path.points)
        on_edge = all(
            min(abs(x - box.x0), abs(x - box.x1)) < 0.5 and min(abs(y - box.y0), abs(y - box.y1)) < 0.5
            for x, y in path.points
        )
        if on_edge and box.width >= 1 and box.height >= 1:
            bars.append(Bar(box, path.fill))
    return bars


def paint_drawing(drawing: Drawing, shape: tuple[int, int]) -> Picture:
    """A drawing on white without its text, as pixels; `shape` is (height, width)."""
    canvas = np.full((*shape, 3), 255, dtype=np.uint8)
    for path in drawing.paths:
        points = np.round(np.array(path.points, dtype=np.float64)).astype(np.int32)
        if path.fill is not None and len(points) > 2:
            cv2.fillPoly(canvas, [points], path.fill)
        if path.stroke is not None and len(points) > 1:
            cv2.polylines(canvas, [points], False, path.stroke, max(1, round(path.width)))
    return canvas


def _rectangles(mask: Mask, color: Color) -> list[Bar]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    bars = []
    widths, heights, areas = stats[:, 2], stats[:, 3], stats[:, 4]
    solid = (widths >= 2) & (heights >= 2) & (widths * heights >= 12) & (areas >= 0.3 * widths * heights)
    solid[0] = False
    for index in np.flatnonzero(solid[:count]):
        x, y, width, height = (int(value) for value in stats[index][:4])
        part = (labels[y : y + height, x : x + width] == index).astype(np.uint8)
        box = _trim_to_rectangle(part, x, y)
        if box is not None:
            bars.append(Bar(box, color))
    return bars


def _trim_to_rectangle(part: Mask | np.ndarray[tuple[int, int], np.dtype[np.uint8]], x: int, y: int) -> Box | None:
    """The rectangle that `part` fills without thin lines attached to it; None if it has another shape."""
    padded = cv2.copyMakeBorder(part.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    contours, _ = cv2.findContours(padded, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(padded)
    cv2.drawContours(filled, contours, -1, 1, cv2.FILLED)
    filled = filled[1:-1, 1:-1]
    rows = np.flatnonzero(filled.mean(axis=1) >= 0.5)
    columns = np.flatnonzero(filled.mean(axis=0) >= 0.5)
    if len(rows) == 0 or len(columns) == 0:
        return None
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    inside = filled[top:bottom, left:right]
    if inside.mean() < _MIN_FILLED or inside.sum() < 0.8 * filled.sum():
        return None
    return Box(float(x + left), float(y + top), float(x + right), float(y + bottom))
