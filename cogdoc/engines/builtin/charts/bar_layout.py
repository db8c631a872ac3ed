"""Which of a picture's rectangles are bars, and how they stand: direction, baseline, rows and groups.

Everything here is seen along the value axis: a vertical chart is transposed first, so that every bar runs
from its start to its end along x and rows follow each other along y.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.engines.builtin.charts.chart_parts import Bar, Color
from cogdoc.engines.builtin.charts.colors import distance
from cogdoc.parsing.row_clustering import cluster_rows, level_with_first

_SLACK = 2.6
"""Pixels by which edges that were drawn in one place may differ, and the width of a seam between segments."""
_SAME_COLOR = 20


@dataclass(frozen=True, slots=True)
class Row:
    """Bars behind each other on one strip, sorted by their start; several only where they are stacked."""

    bars: tuple[Bar, ...]

    @property
    def center(self) -> float:
        return statistics.fmean(bar.box.center[1] for bar in self.bars)

    @property
    def box(self) -> Box:
        return bounding_box(bar.box for bar in self.bars)


@dataclass(frozen=True, slots=True)
class BarLayout:
    """Bars in order, transposed for a vertical chart."""

    vertical: bool
    thickness: float
    baseline: float
    rows: tuple[Row, ...]
    colors: tuple[Color, ...]

    @property
    def bars(self) -> list[Bar]:
        return [bar for row in self.rows for bar in row.bars]

    @property
    def stacked(self) -> bool:
        """Whether rows are made of several segments (on one side of the baseline or on both)."""
        return sum(len(row.bars) > 1 for row in self.rows) >= max(1, len(self.rows) / 3)

    @property
    def box(self) -> Box:
        """Around all bars, in pixels of the picture."""
        return self.untransposed(bounding_box(bar.box for bar in self.bars))

    def untransposed(self, box: Box) -> Box:
        return transposed(box) if self.vertical else box

    def color_of(self, bar: Bar) -> Color:
        """The series colour that `bar` is painted in."""
        return min(self.colors, key=lambda color: distance(color, bar.color))


def transposed(box: Box) -> Box:
    return Box(box.y0, box.x0, box.y1, box.x1)


def find_layout(bars: Sequence[Bar]) -> BarLayout | None:
    """The arrangement that explains the largest painted area, None where nothing stands like bars do."""
    best: BarLayout | None = None
    best_area = 0.0
    for vertical in (True, False):
        turned = [Bar(transposed(bar.box), bar.color) for bar in bars] if vertical else list(bars)
        for thickness in _thicknesses(turned):
            members = [bar for bar in turned if abs(bar.box.height - thickness) <= _thickness_slack(thickness)]
            layout = _arranged(members, thickness, vertical=vertical)
            if layout is None:
                continue
            area = sum(bar.box.area for bar in layout.bars) * min(1.0, 0.5 + 0.25 * len(layout.rows))
            if area > best_area:
                best, best_area = layout, area
    return best


def grouped(layout: BarLayout, centers: Sequence[float]) -> list[list[Row]]:
    """Rows by category: the ones that stand side by side with different colours belong to one.

    `centers` are the places of category labels along the category axis; empty where none were read.
    """
    rows = list(layout.rows)
    if layout.stacked or len(layout.colors) < 2 or not _colors_cycle(layout):
        return [[row] for row in rows]
    if 2 <= len(centers) <= 0.75 * len(rows):
        groups: dict[int, list[Row]] = {}
        for row in rows:
            groups.setdefault(min(range(len(centers)), key=lambda i: abs(centers[i] - row.center)), []).append(row)
        if all(_distinct_colors(layout, group) for group in groups.values()):
            return [groups[index] for index in sorted(groups)]
    gaps = [after.box.y0 - before.box.y1 for before, after in itertools.pairwise(rows)]
    bound = _gap_bound(gaps, layout.thickness)
    result = [[rows[0]]]
    for gap, row in zip(gaps, rows[1:], strict=True):
        if gap > bound or not _distinct_colors(layout, [*result[-1], row]):
            result.append([row])
        else:
            result[-1].append(row)
    return result


def _colors_cycle(layout: BarLayout) -> bool:
    """Whether colours return from group to group, or all bars touch, as in a grouped chart."""
    counts = [sum(layout.color_of(row.bars[0]) == color for row in layout.rows) for color in layout.colors]
    if min(counts) == max(counts) == 1:
        gaps = [after.box.y0 - before.box.y1 for before, after in itertools.pairwise(layout.rows)]
        return max(gaps) < 0.12 * layout.thickness
    return sorted(counts)[-2] >= 0.4 * max(counts)


def _distinct_colors(layout: BarLayout, rows: Iterable[Row]) -> bool:
    colors = [layout.color_of(row.bars[0]) for row in rows]
    return len(set(colors)) == len(colors)


def _gap_bound(gaps: Sequence[float], thickness: float) -> float:
    """The gap that separates groups from the bars inside of one."""
    least, most = max(0.0, min(gaps)), max(gaps)
    if most <= 1.8 * least + 2:
        return 0.3 * thickness
    return (least + most) / 2 if least < 0.3 * thickness else least * 1.4


def _thickness_slack(thickness: float) -> float:
    return max(1.6, 0.06 * thickness)


def _thicknesses(bars: Iterable[Bar]) -> list[float]:
    """Candidate bar thicknesses: those that paint the most, each once."""
    painted: dict[int, float] = {}
    for bar in bars:
        if bar.box.height >= 3:
            painted[round(bar.box.height)] = painted.get(round(bar.box.height), 0.0) + bar.box.area
    ranked = sorted(painted, key=lambda height: painted[height], reverse=True)
    return [float(height) for height in ranked[:6]]


def _arranged(members: Sequence[Bar], thickness: float, *, vertical: bool) -> BarLayout | None:
    strips = _strips(members, thickness)
    best: list[list[Bar]] = []
    best_baseline, best_area = 0.0, 0.0
    for baseline in _baselines(members):
        attached = [kept for strip in strips if (kept := _attached(strip, baseline))]
        area = sum(bar.box.area for strip in attached for bar in strip)
        # Bars of one length share both ends: a chart stands on its lower or left one.
        natural = (baseline if vertical else -baseline) > (best_baseline if vertical else -best_baseline)
        if area > 1.01 * best_area or (area > 0.99 * best_area and natural):
            best, best_baseline, best_area = attached, baseline, area
    if not best:
        return None
    rows = sorted((Row(tuple(strip)) for strip in best), key=lambda row: row.center)
    return BarLayout(vertical, thickness, best_baseline, tuple(rows), _series_colors(rows))


def _strips(members: Sequence[Bar], thickness: float) -> list[list[Bar]]:
    return cluster_rows(members, lambda bar: bar.box, level_with_first(max(_SLACK, 0.25 * thickness)))


def _baselines(members: Iterable[Bar]) -> list[float]:
    """Starts and ends that most bars share, and the outermost ones."""
    weights: dict[int, int] = {}
    for bar in members:
        for edge in (bar.box.x0, bar.box.x1):
            weights[round(edge)] = weights.get(round(edge), 0) + 1
    ranked = sorted(weights, key=lambda edge: sum(weights.get(edge + d, 0) for d in (-1, 0, 1)), reverse=True)
    return [float(edge) for edge in {*ranked[:8], min(weights), max(weights)}] if weights else []


def _attached(strip: Sequence[Bar], baseline: float) -> list[Bar]:
    """The bars of a strip that stand on the baseline or on a bar that does.

    Labels printed over the joint of two segments may hide a part of it.
    """
    kept: list[Bar] = []
    right = left = baseline
    for bar in strip:
        seam = _SLACK if right == baseline else max(_SLACK, 0.35 * bar.box.height)
        if abs(bar.box.x0 - right) <= seam and bar.box.x1 > right:
            kept.append(bar)
            right = bar.box.x1
    for bar in reversed(strip):
        seam = _SLACK if left == baseline else max(_SLACK, 0.35 * bar.box.height)
        if abs(bar.box.x1 - left) <= seam and bar.box.x0 < left:
            kept.append(bar)
            left = bar.box.x0
    return sorted(kept, key=lambda bar: bar.box.x0)


def _series_colors(rows: Iterable[Row]) -> tuple[Color, ...]:
    """The colours of the bars, nearly equal ones as one, in the order in which they first appear."""
    colors: list[Color] = []
    for row in rows:
        for bar in row.bars:
            if all(distance(color, bar.color) > _SAME_COLOR for color in colors):
                colors.append(bar.color)
    return tuple(colors)
