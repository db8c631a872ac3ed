"""Finds the rectangles that are bars, and their arrangement: direction, baseline, rows and groups.

All coordinates here are along the value axis first: a vertical chart is transposed, so that every bar runs
horizontally.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.engines.builtin.charts.chart_parts import Bar, Color
from cogdoc.engines.builtin.charts.colors import SAME_COLOR, distance
from cogdoc.parsing.row_clustering import cluster_rows, level_with_first

_SLACK = 2.6
"""Pixels by which edges at the same position may differ, and the widest seam between segments."""
_MAX_AXIS = 5.2
"""Pixels; the axis line that separates bars from their baseline may be this thick."""
_MAX_OUTLINE = 3.0
"""Pixels; a shorter piece that is wider than a bar is its outline."""


@dataclass(frozen=True, slots=True)
class Row:
    """The bars of one strip, sorted by their start; more than one only in stacked charts."""

    bars: tuple[Bar, ...]

    @property
    def center(self) -> float:
        return statistics.fmean(bar.box.center[1] for bar in self.bars)

    @property
    def box(self) -> Box:
        return bounding_box(bar.box for bar in self.bars)


@dataclass(frozen=True, slots=True)
class BarLayout:
    """The bars of a chart in order, transposed if it is vertical."""

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
        """Whether rows consist of several segments, on one side of the baseline or on both."""
        return sum(len(row.bars) > 1 for row in self.rows) >= max(1, len(self.rows) / 3)

    @property
    def are_touching(self) -> bool:
        """Whether no gaps separate the rows."""
        gaps = [after.box.y0 - before.box.y1 for before, after in itertools.pairwise(self.rows)]
        return max(gaps, default=0.0) < 0.12 * self.thickness

    @property
    def pitch(self) -> float:
        """The usual distance between the centers of two rows; 0 if there is only one."""
        steps = [after.center - before.center for before, after in itertools.pairwise(self.rows)]
        return statistics.median(steps) if steps else 0.0

    @property
    def box(self) -> Box:
        """The box around all bars, in pixels of the picture."""
        return self.untranspose(bounding_box(bar.box for bar in self.bars))

    def untranspose(self, box: Box) -> Box:
        return transpose(box) if self.vertical else box

    def color_of(self, bar: Bar) -> Color:
        """The series color that is closest to the color of `bar`."""
        return min(self.colors, key=lambda color: distance(color, bar.color))


def transpose(box: Box) -> Box:
    return Box(box.y0, box.x0, box.y1, box.x1)


def find_layout(bars: Sequence[Bar]) -> BarLayout | None:
    """The layout that explains the largest area; None if no rectangles are arranged like bars."""
    best: BarLayout | None = None
    best_area = 0.0
    for vertical in (True, False):
        turned = [Bar(transpose(bar.box), bar.color) for bar in bars] if vertical else list(bars)
        for thickness in _thicknesses(turned):
            members = [bar for bar in turned if abs(bar.box.height - thickness) <= _thickness_slack(thickness)]
            layout = _arrange(members, thickness, vertical=vertical)
            if layout is None:
                continue
            area = sum(bar.box.area for bar in layout.bars) * min(1.0, 0.5 + 0.25 * len(layout.rows))
            if area > best_area:
                best, best_area = layout, area
    return best


def group_rows(layout: BarLayout, centers: Sequence[float]) -> list[list[Row]]:
    """Rows by category: adjacent rows with different colors belong to one category.

    `centers` are the positions of category labels along the category axis; empty if none were read.
    """
    rows = list(layout.rows)
    each_is_named = all(any(abs(center - row.center) < layout.thickness / 2 for center in centers) for row in rows)
    if layout.stacked or len(layout.colors) < 2 or not _colors_cycle(layout) or each_is_named:
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
    """Whether colors repeat from group to group, or all bars touch, as in a grouped chart."""
    counts = [sum(layout.color_of(row.bars[0]) == color for row in layout.rows) for color in layout.colors]
    if min(counts) == max(counts) == 1:
        return layout.are_touching
    return sorted(counts)[-2] >= 0.4 * max(counts)


def _distinct_colors(layout: BarLayout, rows: Iterable[Row]) -> bool:
    colors = [layout.color_of(row.bars[0]) for row in rows]
    return len(set(colors)) == len(colors)


def _gap_bound(gaps: Sequence[float], thickness: float) -> float:
    """The gap width that separates groups; gaps between the bars of one group are narrower."""
    narrowest, widest = max(0.0, min(gaps)), max(gaps)
    if widest <= 1.8 * narrowest + 2:
        return 0.3 * thickness
    return (narrowest + widest) / 2 if narrowest < 0.3 * thickness else narrowest * 1.4


def _thickness_slack(thickness: float) -> float:
    return max(1.6, 0.06 * thickness)


def _thicknesses(bars: Iterable[Bar]) -> list[float]:
    """Candidates for the thickness of bars: those whose bars have the largest area."""
    areas: dict[int, float] = {}
    for bar in bars:
        if bar.box.height >= 3:
            areas[round(bar.box.height)] = areas.get(round(bar.box.height), 0.0) + bar.box.area
    ranked = sorted(areas, key=lambda height: areas[height], reverse=True)
    return [float(height) for height in ranked[:6]]


def _arrange(members: Sequence[Bar], thickness: float, *, vertical: bool) -> BarLayout | None:
    strips = _strips(members, thickness)
    best: list[list[Bar]] = []
    best_baseline, best_area = 0.0, 0.0
    for baseline in _baselines(members):
        attached = [bars for strip in strips if (bars := _attached_bars(strip, baseline))]
        area = sum(bar.box.area for strip in attached for bar in strip)
        # Bars of equal length share both ends; the lower or left end is the baseline.
        natural = (baseline if vertical else -baseline) > (best_baseline if vertical else -best_baseline)
        if area > 1.01 * best_area or (area > 0.99 * best_area and natural):
            best, best_baseline, best_area = attached, baseline, area
    if not best:
        return None
    rows = sorted((Row(tuple(strip)) for strip in best), key=lambda row: row.center)
    return BarLayout(vertical, thickness, best_baseline, tuple(rows), _series_colors(rows))


def _strips(members: Sequence[Bar], thickness: float) -> list[list[Bar]]:
    strips = cluster_rows(members, lambda bar: bar.box, level_with_first(max(_SLACK, 0.25 * thickness)))
    return [_without_cuts(strip) for strip in strips]


def _without_cuts(strip: Sequence[Bar]) -> list[Bar]:
    """The bars of a strip in order; pieces of one bar that a line crosses are joined."""
    whole: list[Bar] = []
    longest = max(strip, key=lambda bar: bar.box.width).box
    for bar in sorted(strip, key=lambda bar: bar.box.x0):
        if bar.box.width <= _MAX_OUTLINE and bar.box.height > longest.height:
            continue
        near = whole and bar.box.x0 - whole[-1].box.x1 <= _MAX_AXIS
        if near and distance(bar.color, whole[-1].color) <= SAME_COLOR:
            whole[-1] = Bar(bounding_box((whole[-1].box, bar.box)), bar.color)
        else:
            whole.append(bar)
    return whole


def _baselines(members: Iterable[Bar]) -> list[float]:
    """Starts and ends that most bars share, and the outermost ones."""
    weights: dict[int, int] = {}
    for bar in members:
        for edge in (bar.box.x0, bar.box.x1):
            weights[round(edge)] = weights.get(round(edge), 0) + 1
    ranked = sorted(weights, key=lambda edge: sum(weights.get(edge + d, 0) for d in (-1, 0, 1)), reverse=True)
    return [float(edge) for edge in {*ranked[:8], min(weights), max(weights)}] if weights else []


def _attached_bars(strip: Sequence[Bar], baseline: float) -> list[Bar]:
    """The bars of a strip that touch the baseline, or another bar that does.

    The gap between two segments may be wider than a seam, since a label may cover their ends.
    """
    attached: list[Bar] = []
    right = left = baseline
    for bar in strip:
        seam = _MAX_AXIS if right == baseline else max(_SLACK, 0.35 * bar.box.height)
        if abs(bar.box.x0 - right) <= seam and bar.box.x1 > right:
            attached.append(bar)
            right = bar.box.x1
    for bar in reversed(strip):
        seam = _MAX_AXIS if left == baseline else max(_SLACK, 0.35 * bar.box.height)
        if abs(bar.box.x1 - left) <= seam and bar.box.x0 < left:
            attached.append(bar)
            left = bar.box.x0
    return sorted(attached, key=lambda bar: bar.box.x0)


def _series_colors(rows: Iterable[Row]) -> tuple[Color, ...]:
    """The colors of the bars in order of appearance; nearly equal colors count as one."""
    colors: list[Color] = []
    for row in rows:
        for bar in row.bars:
            if all(distance(color, bar.color) > SAME_COLOR for color in colors):
                colors.append(bar.color)
    return tuple(colors)
