"""The axis of a chart that is drawn: its range and its ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

TICKS = 5
"""About how many steps an axis has."""

LARGEST, SMALLEST = 1e300, 1e-100
"""The values between which charts are drawn."""


@dataclass(frozen=True, slots=True)
class AxisScale:
    """The range of an axis, and where its ticks are."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """How far along the axis a value is, from 0 to 1."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


def scale_for(values: Iterable[float], *, from_zero: bool) -> AxisScale:
    """An axis with round ticks that shows all values.

    Args:
        from_zero: whether zero must be on it, as for bars.
    """
    known = [_within_reach(value) for value in values]
    low, high = min(known, default=0.0), max(known, default=1.0)
    if from_zero or 0 < low < 0.5 * high or 0.5 * low < high < 0:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low <= 1e-9 * max(abs(low), abs(high), 1e-300):
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    step = _round_step((high - low) / TICKS)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(round(index * step, 12) + 0.0 if step > 1e-9 else index * step for index in range(first, last + 1))
    return AxisScale(ticks[0], ticks[-1], ticks)


def _within_reach(value: float) -> float:
    """A value with which arithmetic neither overflows nor divides by zero."""
    return 0.0 if abs(value) < SMALLEST else min(LARGEST, max(-LARGEST, value))


def _round_step(step: float) -> float:
    """The least of 1, 2, 2.5, 5 or 10 times a power of ten that is at least `step`."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1.0, 2.0, 2.5, 5.0, 10.0, 20.0) if factor * power >= step * (1 - 1e-9))
