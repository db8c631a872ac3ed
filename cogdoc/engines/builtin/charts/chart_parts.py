"""Data types that the modules of the chart reader share, and the vector drawing that a caller may pass.

All coordinates are pixels of the picture that is read, with the origin at the top left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cogdoc.documents.geometry import Box

Picture = NDArray[np.uint8]
"""RGB, (height, width, 3)."""
Mask = NDArray[np.bool_]
"""(height, width)."""
Color = tuple[int, int, int]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class DrawnPath:
    """One path of a PDF page: a filled outline, a stroked line, or both; curves flattened to short chords."""

    points: tuple[Point, ...]
    fill: Color | None = None
    stroke: Color | None = None
    width: float = 1.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """The vector drawing that a picture was rendered from, in painting order."""

    paths: tuple[DrawnPath, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A filled rectangle that may represent a value."""

    box: Box
    color: Color


@dataclass(frozen=True, slots=True)
class Curve:
    """The line of one series: one y for each pixel column that it crosses."""

    xs: NDArray[np.float64]
    ys: NDArray[np.float64]
    color: Color

    @property
    def box(self) -> Box:
        return Box(float(self.xs[0]), float(self.ys.min()), float(self.xs[-1]), float(self.ys.max()))

    def height_at(self, x: float) -> float | None:
        """The line's y at column `x`; None if `x` is more than a few pixels outside its span."""
        slack = max(4.0, 0.02 * float(self.xs[-1] - self.xs[0]))
        if not self.xs[0] - slack <= x <= self.xs[-1] + slack:
            return None
        return float(np.interp(x, self.xs, self.ys))


@dataclass(frozen=True, slots=True)
class Slice:
    """A sector of a pie; angles in degrees clockwise from twelve o'clock."""

    color: Color
    start: float
    sweep: float

    @property
    def share(self) -> float:
        return self.sweep / 360.0

    @property
    def middle(self) -> float:
        return (self.start + self.sweep / 2) % 360.0


@dataclass(frozen=True, slots=True)
class Pie:
    """A disc or ring divided into slices, clockwise."""

    center: Point
    radius: float
    slices: tuple[Slice, ...]
