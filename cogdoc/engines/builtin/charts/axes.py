"""Fits a value axis: a linear scale through the numbers of tick labels and their positions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cogdoc.parsing.picture_labels import Label

_Edge = Callable[[Label], float]

_MAX_LABELS = 60
"""An axis has fewer labels; further numbers are ignored, to limit the time."""


@dataclass(frozen=True, slots=True)
class Scale:
    """value = slope * position + offset, with positions in pixels along x or y."""

    slope: float
    offset: float
    ticks: tuple[Label, ...]
    """The labels that agree with the scale."""

    def value(self, position: float) -> float:
        return self.slope * position + self.offset

    def position(self, value: float) -> float:
        return (value - self.offset) / self.slope

    @property
    def percent(self) -> bool:
        return any(tick.number is not None and tick.number.percent for tick in self.ticks)

    @property
    def currency(self) -> str | None:
        return next((tick.number.currency for tick in self.ticks if tick.number and tick.number.currency), None)

    @property
    def span(self) -> float:
        """Difference between the largest and the smallest tick value."""
        values = [tick.number.value for tick in self.ticks if tick.number]
        return max(values) - min(values)

    @property
    def decimals(self) -> int:
        return max((tick.number.decimals for tick in self.ticks if tick.number), default=0)


def fit_scale(labels: Sequence[Label], *, vertical: bool, min_ticks: int = 3) -> Scale | None:
    """The scale that most of `labels` agree with; None if fewer than `min_ticks` do.

    A `vertical` scale runs along y and grows upward. A horizontal one runs along x and grows to the right or, in
    some charts, to the left. Labels that disagree (misread digits, stray numbers) are left out.
    """
    candidates = [label for label in labels if label.number is not None][:_MAX_LABELS]
    if len(candidates) < min_ticks:
        return None
    positions = np.array([label.box.center[1 if vertical else 0] for label in candidates])
    values = np.array([label.number.value for label in candidates if label.number is not None])
    heights = np.array([label.height for label in candidates])
    tolerance = np.maximum(2.0, 0.3 * heights if vertical else 0.5 * heights)
    best: np.ndarray[tuple[int], np.dtype[np.bool_]] | None = None
    best_rank = (0.0, 0.0)
    for first, second in itertools.combinations(range(len(candidates)), 2):
        run, rise = positions[second] - positions[first], values[second] - values[first]
        if abs(run) < 8 or rise == 0 or (vertical and rise / run > 0):
            continue
        slope = rise / run
        errors = np.abs(positions - positions[first] - (values - values[first]) / slope)
        agreeing = errors <= tolerance
        distinct = len(set(values[agreeing].tolist()))
        rank = (float(distinct), -float(errors[agreeing].sum()))
        if rank > best_rank:
            best, best_rank = agreeing, rank
    if best is None or best_rank[0] < min_ticks:
        return None
    slope, offset = np.polyfit(positions[best], values[best], 1)
    ticks = tuple(label for label, agrees in zip(candidates, best, strict=True) if agrees)
    return Scale(float(slope), float(offset), ticks)


def aligned_scale(
    labels: Sequence[Label], *, vertical: bool, min_ticks: int = 3, near: float | None = None
) -> Scale | None:
    """The best scale among labels that are aligned in one column (vertical) or one row (horizontal).

    Of several equally good scales, the one nearest to `near` (x of the column or y of the row) wins.
    """
    best: Scale | None = None
    best_rank = (0.0, 0.0)
    numbers = [label for label in labels if label.number is not None and not label.slanted]
    for edge in _alignments(vertical):
        for label in numbers:
            position, slack = edge(label), 0.6 * label.height
            column = [other for other in numbers if abs(edge(other) - position) <= slack]
            scale = fit_scale(column, vertical=vertical, min_ticks=min_ticks)
            if scale is None:
                continue
            distance = 0.0 if near is None else abs(position - near)
            rank = (float(len(scale.ticks)), -distance)
            if rank > best_rank:
                best, best_rank = scale, rank
    return best


def _alignments(vertical: bool) -> list[_Edge]:
    """How the labels of an axis may be aligned: by an edge or the center of a column, or by the center of a row."""
    if vertical:
        return [lambda label: label.box.x1, lambda label: label.box.x0, lambda label: label.box.center[0]]
    return [lambda label: label.box.center[1]]
