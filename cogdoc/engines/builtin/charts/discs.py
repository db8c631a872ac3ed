"""Finds the disc or ring of a pie chart and the angles of its slices."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cogdoc.engines.builtin.charts.chart_parts import Color, Picture, Pie, Slice
from cogdoc.engines.builtin.charts.colors import background_of, flat_colors, mask_of

_DIRECTIONS = 1440
"""Directions sampled around the center."""
_MIN_RADIUS = 0.08
"""Share of the picture's shorter side."""
_MIN_SLICE = 1.2
"""Degrees; narrower runs are seams or the antialiasing between two slices."""
_RADII = np.linspace(0.55, 0.92, 12)


def find_pie(picture: Picture) -> Pie | None:
    """The largest disc or ring in two or more uniform colors; None if there is none."""
    background = background_of(picture)
    colors = flat_colors(picture, background, least=max(60, picture.shape[0] * picture.shape[1] // 4000))[:14]
    if len(colors) < 2:
        return None
    index = np.full(picture.shape[:2], -1, dtype=np.int16)
    for color_index, color in enumerate(colors):
        index[(index < 0) & mask_of(picture, color)] = color_index
    for center, radius in _round_shapes(index >= 0):
        if radius < _MIN_RADIUS * min(picture.shape[:2]):
            continue
        slices = _slices(index, colors, center, radius)
        if len(slices) >= 2 and sum(part.sweep for part in slices) > 340:
            return Pie(center, radius, slices)
    return None


def _round_shapes(painted: NDArray[np.bool_]) -> list[tuple[tuple[float, float], float]]:
    """Centers and radii of connected shapes with a circular outline, the largest first."""
    closed = cv2.morphologyEx(painted.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    contours, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    shapes = []
    for contour in contours:
        if len(contour) < 40:
            continue
        (x, y), radius = cv2.minEnclosingCircle(contour)
        area = cv2.contourArea(contour)
        if area >= 0.9 * np.pi * radius * radius:
            moments = cv2.moments(contour)
            center = (moments["m10"] / moments["m00"], moments["m01"] / moments["m00"])
            shapes.append((center, float(np.sqrt(area / np.pi))))
        elif area >= 0.5 * np.pi * radius * radius and _is_round(contour, (x, y), radius):
            shapes.append(((float(x), float(y)), float(radius)))
    return sorted(shapes, key=lambda shape: -shape[1])


def _is_round(contour: NDArray[np.int32], center: tuple[float, float], radius: float) -> bool:
    """Whether most of an outline lies on one circle, even if something interrupts it."""
    distances = np.hypot(contour[:, 0, 0] - center[0], contour[:, 0, 1] - center[1])
    return bool((np.abs(distances - radius) < 0.05 * radius).mean() > 0.75)


def _slices(
    index: NDArray[np.int16], colors: list[Color], center: tuple[float, float], radius: float
) -> tuple[Slice, ...]:
    angles = np.arange(_DIRECTIONS) * (2 * np.pi / _DIRECTIONS)
    xs = center[0] + radius * np.outer(_RADII, np.sin(angles))
    ys = center[1] - radius * np.outer(_RADII, np.cos(angles))
    height, width = index.shape
    sampled = index[np.clip(ys.round().astype(int), 0, height - 1), np.clip(xs.round().astype(int), 0, width - 1)]
    votes = np.stack([(sampled == color).sum(axis=0) for color in range(len(colors))])
    winner = np.where(votes.max(axis=0) >= 4, votes.argmax(axis=0), -1)
    if (winner < 0).mean() > 0.25:
        return ()
    runs = _cyclic_runs(_fill_gaps(winner))
    min_length = _MIN_SLICE * _DIRECTIONS / 360
    while len(runs) > 1 and min(length for _, _, length in runs) < min_length:
        runs = _without_shortest(runs)
    return tuple(
        Slice(colors[color], start * 360 / _DIRECTIONS, length * 360 / _DIRECTIONS) for color, start, length in runs
    )


def _fill_gaps(winner: NDArray[np.intp]) -> NDArray[np.intp]:
    """Give directions without a color (seams, labels) the color of the nearest direction that has one."""
    known = np.flatnonzero(winner >= 0)
    around = np.concatenate([known - _DIRECTIONS, known, known + _DIRECTIONS])
    nearest = around[np.abs(around[None, :] - np.arange(_DIRECTIONS)[:, None]).argmin(axis=1)] % _DIRECTIONS
    filled: NDArray[np.intp] = winner[nearest]
    return filled


def _cyclic_runs(winner: NDArray[np.intp]) -> list[tuple[int, int, int]]:
    """(color, first direction, length) of each run of equal neighbors around the circle."""
    changes = np.flatnonzero(winner != np.roll(winner, 1))
    if len(changes) == 0:
        return [(int(winner[0]), 0, _DIRECTIONS)]
    ends = np.roll(changes, -1)
    return [
        (int(winner[start]), int(start), int((end - start - 1) % _DIRECTIONS + 1))
        for start, end in zip(changes, ends, strict=True)
    ]


def _without_shortest(runs: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The runs with the shortest divided between its neighbors, which are joined if they have the same color."""
    shortest = min(range(len(runs)), key=lambda i: runs[i][2])
    _, _, length = runs[shortest]
    before, after = (shortest - 1) % len(runs), (shortest + 1) % len(runs)
    half = length // 2
    changed = list(runs)
    changed[before] = (runs[before][0], runs[before][1], runs[before][2] + half)
    after_start = (runs[after][1] - (length - half)) % _DIRECTIONS
    changed[after] = (runs[after][0], after_start, changed[after][2] + length - half)
    if changed[before][0] == changed[after][0] and before != after:
        joined = (changed[before][0], changed[before][1], changed[before][2] + changed[after][2])
        return [joined if i == before else run for i, run in enumerate(changed) if i not in (shortest, after)]
    return [run for i, run in enumerate(changed) if i != shortest]
