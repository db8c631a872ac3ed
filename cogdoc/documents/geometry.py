"""Rectangles on a page, in PDF points unless stated otherwise. The origin is the top left corner."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, NamedTuple

from annotated_types import Interval

LARGEST_COORDINATE = 1e12
"""Far beyond any page, and small enough that areas and sums stay finite."""

Coordinate = Annotated[float, Interval(ge=-LARGEST_COORDINATE, le=LARGEST_COORDINATE)]
"""Results of worker processes are checked against this range, which excludes infinity and NaN."""


class Box(NamedTuple):
    """An axis-parallel rectangle: left, top, right, bottom."""

    x0: Coordinate
    y0: Coordinate
    x1: Coordinate
    y1: Coordinate

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        return max(0.0, self.width) * max(0.0, self.height)

    @property
    def center(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def contains_point(self, x: float, y: float) -> bool:
        return self.x0 <= x <= self.x1 and self.y0 <= y <= self.y1

    def overlap(self, other: Box) -> float:
        """The area of the intersection with `other`."""
        x0, y0, x1, y1 = self
        left, top, right, bottom = other
        if x1 <= left or right <= x0 or y1 <= top or bottom <= y0:  # most boxes are apart, and this is quicker
            return 0.0
        return max(0.0, min(x1, right) - max(x0, left)) * max(0.0, min(y1, bottom) - max(y0, top))

    def vertical_overlap(self, other: Box) -> float:
        """Overlap of the vertical extents as a share of the smaller height, 0 to 1."""
        _, y0, _, y1 = self
        _, top, _, bottom = other
        if y1 <= top or bottom <= y0:
            return 0.0
        return max(0.0, min(y1, bottom) - max(y0, top)) / max(1e-6, min(y1 - y0, bottom - top))

    def horizontal_overlap(self, other: Box) -> float:
        """Overlap of the horizontal extents as a share of the smaller width, 0 to 1."""
        x0, _, x1, _ = self
        left, _, right, _ = other
        if x1 <= left or right <= x0:
            return 0.0
        return max(0.0, min(x1, right) - max(x0, left)) / max(1e-6, min(x1 - x0, right - left))

    def scaled(self, x_factor: float, y_factor: float) -> Box:
        return Box(self.x0 * x_factor, self.y0 * y_factor, self.x1 * x_factor, self.y1 * y_factor)

    def shifted(self, dx: float, dy: float) -> Box:
        return Box(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)


def bounding_box(boxes: Iterable[Box]) -> Box:
    """The smallest box that contains all of `boxes`, at least one."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))
