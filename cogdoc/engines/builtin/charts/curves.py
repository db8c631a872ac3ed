"""Finds the curves of line charts: one y coordinate for each pixel column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.engines.builtin.charts.chart_parts import Color, Curve, Drawing, Mask, Picture
from cogdoc.engines.builtin.charts.colors import (
    LINE_TOLERANCE,
    background_of,
    distance,
    ink_colors,
    is_blend,
    is_gray,
    mask_of,
    may_color,
    text_color,
)
from cogdoc.parsing.page_text import Word

_MIN_SPAN = 0.25
"""Share of the picture's width that a line spans at least."""
_MAX_SPAN = 0.963
"""A longer line is a frame, since axis labels need room beside the plot."""
_MIN_COVERED = 0.55
"""Share of its columns in which a line is visible; dashes, crossings and labels cover the others."""
_MAX_THICKNESS = 9
_MAX_ROUGHNESS = 0.12
"""Share of the steps in which a line may jump; traces along text jump often."""
_FAINT = 64
"""Contrast to the background up to which a color may be that of the grid."""
_STRAY_GAP = 18
_STRAY_LENGTH = 14


def find_curves(picture: Picture, words: Iterable[Word]) -> list[Curve]:
    """One curve for each color that forms a thin line across the picture, the longest first."""
    background = background_of(picture)
    inks = [(word, text_color(picture, word.box, background)) for word in words]
    ignored = _word_mask(picture.shape[:2], (word for word, _ in inks))
    least = max(30, picture.shape[1] // 6)
    curves: list[Curve] = []
    colors = ink_colors(picture, ignored, background, least)
    for color in colors:
        if any(distance(color, curve.color) <= LINE_TOLERANCE for curve in curves):
            continue
        stronger = [
            other
            for other in colors
            if distance(other, background) > distance(color, background) and is_blend(color, other, background)
        ]
        alike = (word for word, ink in inks if ink is None or may_color(ink, color, background))
        text = ignored if distance(color, background) <= _FAINT else _word_mask(picture.shape[:2], alike)
        mask = mask_of(picture, color, LINE_TOLERANCE) & ~text & ~_fringes(picture, stronger, color)
        curve = _trace(_without_straight_lines(mask, color, background), color)
        if curve is not None:
            curves.append(curve)
    whole = [curve for curve in curves if not _is_fringe(curve, curves, background)]
    return sorted(_with_common_span(whole), key=lambda curve: curve.xs[0] - curve.xs[-1])


def drawn_curves(drawing: Drawing) -> list[Curve]:
    """Stroked paths that run from left to right, with exact coordinates; pieces of one color are joined."""
    points: dict[Color, list[tuple[float, float]]] = {}
    for path in drawing.paths:
        if path.stroke is None or len(path.points) < 2 or path.fill is not None:
            continue
        xs = np.array([x for x, _ in path.points])
        ys = np.array([y for _, y in path.points])
        straight = np.ptp(ys) < 0.5 or np.ptp(xs) < 0.5
        monotonic = bool(np.all(np.diff(xs) >= -0.5))
        if monotonic and not (straight and len(path.points) == 2):
            points.setdefault(path.stroke, []).extend(path.points)
    curves = []
    for color, found in points.items():
        ordered = sorted(found)
        if len({x for x, _ in ordered}) >= 3:
            xs = np.array([x for x, _ in ordered])
            curves.append(Curve(xs, np.array([y for _, y in ordered]), color))
    return _with_common_span(curves)


def _fringes(picture: Picture, strong: Iterable[Color], color: Color) -> Mask:
    """The pixels around strokes in `strong` colors, where `color` may come from antialiasing."""
    fringes = np.zeros(picture.shape[:2], dtype=np.uint8)
    for other in strong:
        if distance(other, color) > LINE_TOLERANCE:
            fringes |= mask_of(picture, other, LINE_TOLERANCE).view(np.uint8)
    widened: Mask = cv2.dilate(fringes, np.ones((5, 5), np.uint8)).view(bool)
    return widened


def _word_mask(shape: tuple[int, ...], words: Iterable[Word]) -> Mask:
    covered = np.zeros(shape[:2], dtype=bool)
    for word in words:
        x0, y0, x1, y1 = (round(edge) for edge in word.box)
        covered[max(0, y0) : y1, max(0, x0) : x1] = True
    return covered


def _without_straight_lines(mask: Mask, color: Color, background: Color) -> Mask:
    """`mask` without grid lines and axes, which are gray or faint, straight and long."""
    if not is_gray(color) and distance(color, background) > _FAINT:
        return mask
    cleaned = mask.copy()
    height, width = mask.shape
    cleaned[mask.mean(axis=1) > 0.3] = False
    cleaned[:, mask.mean(axis=0) > 0.25] = False
    return cleaned if height and width else mask


def _trace(mask: Mask, color: Color) -> Curve | None:
    """The curve through the mask: in each column the run of pixels nearest to the line so far."""
    columns = np.flatnonzero(mask.any(axis=0))
    if len(columns) < 12:
        return None
    runs = [_runs(mask[:, x]) for x in columns]
    # Where a line is steep, its vertical runs are longer than it is thick.
    thickness = float(np.quantile([max(end - start for start, end in run) for run in runs], 0.25))
    if thickness > _MAX_THICKNESS:
        return None
    best: tuple[list[int], list[float]] = ([], [])
    for seed in _seeds(columns, runs):
        path = _follow(columns, runs, seed, mask.shape)
        if len(path[0]) > len(best[0]):
            best = path
    xs, ys = np.array(best[0], dtype=np.float64), np.array(best[1], dtype=np.float64)
    xs, ys = _without_strays(xs, ys)
    if len(xs) < 12:
        return None
    span = xs[-1] - xs[0] + 1
    width = mask.shape[1]
    if not _MIN_SPAN * width <= span <= _MAX_SPAN * width or len(xs) < _MIN_COVERED * span:
        return None
    if _roughness(ys, thickness) > _MAX_ROUGHNESS:
        return None
    tops = np.array([_run_at(runs[np.searchsorted(columns, x)], y)[0] for x, y in zip(xs, ys, strict=True)])
    bottoms = np.array([_run_at(runs[np.searchsorted(columns, x)], y)[1] - 1 for x, y in zip(xs, ys, strict=True)])
    if is_gray(color) and float(np.ptp(ys)) < 2 + thickness:
        return None
    return Curve(xs, _sharpen_tips(ys, tops, bottoms, thickness), color)


def _roughness(ys: NDArray[np.float64], thickness: float) -> float:
    """Share of the steps that jump and are followed by a jump back."""
    steps = np.diff(ys)
    far = np.abs(steps) > 2 + thickness
    back = far[1:] & far[:-1] & (np.sign(steps[1:]) != np.sign(steps[:-1]))
    return float(back.mean()) if len(back) else 0.0


def _run_at(runs: Sequence[tuple[int, int]], y: float) -> tuple[int, int]:
    return min(runs, key=lambda run: abs((run[0] + run[1] - 1) / 2 - y))


def _sharpen_tips(
    ys: NDArray[np.float64], tops: NDArray[np.intp], bottoms: NDArray[np.intp], thickness: float
) -> NDArray[np.float64]:
    """Heights with the tips of steep peaks and valleys restored, where a column's run covers both slopes."""
    reach = 4
    before, after = np.roll(ys, reach), np.roll(ys, -reach)
    before[:reach], after[-reach:] = ys[:reach], ys[-reach:]
    peak = (before > ys + thickness) & (after > ys + thickness)
    valley = (before < ys - thickness) & (after < ys - thickness)
    return np.where(peak, tops + thickness / 2, np.where(valley, bottoms - thickness / 2, ys))


def _without_strays(
    xs: NDArray[np.float64], ys: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The line without short pieces beyond its ends, which belong to something else in its color."""
    cuts = np.flatnonzero(np.diff(xs) > _STRAY_GAP) + 1
    pieces = np.split(np.arange(len(xs)), cuts)
    while len(pieces) > 1 and len(pieces[0]) < _STRAY_LENGTH:
        pieces = pieces[1:]
    while len(pieces) > 1 and len(pieces[-1]) < _STRAY_LENGTH:
        pieces = pieces[:-1]
    indices = np.concatenate(pieces) if pieces else np.arange(0)
    return xs[indices], ys[indices]


def _is_fringe(curve: Curve, curves: Iterable[Curve], background: Color) -> bool:
    """Whether a curve is the antialiased edge of others: in a blend of their color and the background, beside them."""
    strong = [
        other
        for other in curves
        if other is not curve
        and distance(other.color, background) > distance(curve.color, background)
        and (is_blend(curve.color, other.color, background) or distance(curve.color, other.color) <= 2 * LINE_TOLERANCE)
    ]
    if not strong:
        return False
    apart = np.min([np.abs(np.interp(curve.xs, other.xs, other.ys) - curve.ys) for other in strong], axis=0)
    return float((apart <= 4.0).mean()) >= 0.6


def _seeds(columns: NDArray[np.intp], runs: Sequence[Sequence[tuple[int, int]]]) -> list[tuple[int, float]]:
    """Where to start tracing: a few columns with only one run."""
    single = [i for i in range(len(columns)) if len(runs[i]) == 1] or [0]
    picks = {single[0], single[len(single) // 4], single[len(single) // 2], single[-1 - len(single) // 4]}
    return [(i, sum(runs[i][0]) / 2) for i in sorted(picks)]


def _follow(
    columns: NDArray[np.intp],
    runs: Sequence[Sequence[tuple[int, int]]],
    seed: tuple[int, float],
    shape: tuple[int, ...],
) -> tuple[list[int], list[float]]:
    start, height = seed
    forward = _steps(columns, runs, range(start, len(columns)), height, shape[0])
    backward = _steps(columns, runs, range(start - 1, -1, -1), height, shape[0])
    path = [*reversed(backward), *forward]
    return [x for x, _ in path], [y for _, y in path]


def _steps(
    columns: NDArray[np.intp],
    runs: Sequence[Sequence[tuple[int, int]]],
    order: range,
    height: float,
    picture_height: int,
) -> list[tuple[int, float]]:
    path: list[tuple[int, float]] = []
    slope, last = 0.0, int(columns[order[0]]) if len(order) else 0
    # A vertical piece ends at either end of its run; at a sharp peak or valley the line turns back.
    low = high = height
    for i in order:
        x = int(columns[i])
        gap = abs(x - last)
        ahead = slope * gap if gap <= 12 else 0.0
        expected = height + ahead
        start, end = min(runs[i], key=lambda run: max(run[0] - expected, expected - run[1], 0.0))
        nearest = (start + end - 1) / 2
        jump = max(start - (high + abs(ahead)), low - abs(ahead) - end, 0.0)
        if jump > 6 + 2.5 * min(gap, 24) + 0.01 * picture_height:
            continue
        if gap:
            slope = 0.7 * slope + 0.3 * max(-6.0, min(6.0, (nearest - height) / gap))
        path.append((x, nearest))
        height, last, low, high = nearest, x, start, end
    return path


def _runs(column: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], column.view(np.int8), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _with_common_span(curves: Sequence[Curve]) -> list[Curve]:
    """Curves that overlap the longest one horizontally; the curve of a logo does not."""
    if not curves:
        return []
    longest = max(curves, key=lambda curve: float(curve.xs[-1] - curve.xs[0]))
    sharing = []
    for curve in curves:
        shared = min(curve.xs[-1], longest.xs[-1]) - max(curve.xs[0], longest.xs[0])
        if shared >= 0.6 * (curve.xs[-1] - curve.xs[0]):
            sharing.append(curve)
    return sharing


def plot_of(curves: Sequence[Curve]) -> Box:
    """The box around all curves."""
    return bounding_box(curve.box for curve in curves)
