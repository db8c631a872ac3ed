"""Tell filled paths with gaps, such as letters that a program converted to curves, from boxes and disks."""

from __future__ import annotations

from typing import Any

from cogdoc.documents.mupdf import pymupdf

mupdf = pymupdf.mupdf


def fill_share(path: Any) -> float:
    """The share of its bounding box that a path fills, 0 to 1: .79 for a disk, less for letters.

    Args:
        path: an `fz_path` that a device gets; its parts do not overlap.
    """
    walker = _AreaWalker()
    mupdf.fz_walk_path(mupdf.FzPath(mupdf.ll_fz_keep_path(path)), walker, walker.m_internal)
    walker.closepath()
    xs, ys = [x for x, _ in walker.points], [y for _, y in walker.points]
    if not xs:
        return 0.0
    box = (max(xs) - min(xs)) * (max(ys) - min(ys))
    return min(1.0, abs(walker.doubled_area) / 2 / box) if box else 0.0


class _AreaWalker(mupdf.FzPathWalker2):  # type: ignore[misc, name-defined]
    """Sums up the signed area of a path's parts, with two straight lines for each curve."""

    def __init__(self) -> None:
        super().__init__()
        for name in ("moveto", "lineto", "curveto", "closepath"):
            getattr(self, f"use_virtual_{name}")()
        self.points: list[tuple[float, float]] = []
        self.doubled_area = 0.0
        self._start = 0

    def moveto(self, _: Any, x: float, y: float) -> None:
        self.closepath()
        self._start = len(self.points)
        self.points.append((x, y))

    def lineto(self, _: Any, x: float, y: float) -> None:
        self._add(x, y)

    def curveto(self, _: Any, x1: float, y1: float, x2: float, y2: float, x3: float, y3: float) -> None:
        x0, y0 = self.points[-1]
        self._add((x0 + 3 * x1 + 3 * x2 + x3) / 8, (y0 + 3 * y1 + 3 * y2 + y3) / 8)
        self._add(x3, y3)

    def closepath(self, *_: Any) -> None:
        if len(self.points) > self._start:
            self._add(*self.points[self._start])

    def _add(self, x: float, y: float) -> None:
        x0, y0 = self.points[-1]
        self.doubled_area += x0 * y - x * y0
        self.points.append((x, y))
