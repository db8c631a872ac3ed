"""Reads bar charts: assigns labels to bars, and computes the value of each bar."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.charts.axes import Scale, aligned_scale
from cogdoc.engines.builtin.charts.bar_layout import BarLayout, Row, group_rows, transpose
from cogdoc.engines.builtin.charts.categories import category_labels, category_positions
from cogdoc.engines.builtin.charts.chart_parts import Bar, Color, Picture
from cogdoc.engines.builtin.charts.colors import background_of, hexadecimal
from cogdoc.engines.builtin.charts.legend import find_legend, headings, names_by_text_color
from cogdoc.engines.builtin.charts.mark_values import Mark, anchor_scale, common_unit, units_per_pixel, value_of_mark
from cogdoc.parsing.picture_labels import Label
from cogdoc.results.records import Chart, ChartKind, ChartSeries, ChartValue

_KINDS = {
    (True, False): ChartKind.BAR,
    (False, False): ChartKind.HORIZONTAL_BAR,
    (True, True): ChartKind.STACKED_BAR,
    (False, True): ChartKind.STACKED_HORIZONTAL_BAR,
}


@dataclass(frozen=True, slots=True)
class _Segment:
    bar: Bar
    group: int
    color: Color


def read_bars(layout: BarLayout, labels: Sequence[Label], picture: Picture) -> tuple[Chart, Box] | None:
    """The chart with these bars, and the box of its plot."""
    plot = layout.box
    scale = _value_scale(layout, labels, plot)
    used = set(map(id, scale.ticks)) if scale else set()
    marks = [layout.untranspose(bar.box) for bar in layout.bars]
    legend = find_legend(picture, [label for label in labels if id(label) not in used], layout.colors, marks)
    if len(legend) == 1 and not any(char.isalpha() for char in legend[0].name):
        legend = []  # a number beside a mark, since a legend of one entry says more than that
    for entry in legend:
        used |= {id(label) for label in labels if label.box.overlap(entry.box) > 0.5 * label.box.area}
    free = [label for label in labels if id(label) not in used]
    axis_end = max((tick.box.center[1] for tick in scale.ticks), default=plot.y1) if scale else plot.y1
    positions = category_positions(layout, free, axis_end)
    groups = group_rows(layout, positions)
    centers = [statistics.fmean(row.center for row in group) for group in groups]
    missing = _missing_positions(centers, positions, layout)
    order = sorted(range(len(centers) + len(missing)), key=lambda i: (*centers, *missing)[i])
    is_grouped = layout.stacked or any(len(group) > 1 for group in groups)
    empty = [[] if is_grouped and len(layout.colors) > 1 else [_empty_row(layout, position)] for position in missing]
    all_groups = [[*groups, *empty][i] for i in order]
    all_centers = [(*centers, *missing)[i] for i in order]
    names = category_labels(layout, all_centers, free, axis_end)
    in_names = {id(part) for name in names for part in name.parts}
    numbers = [label for label in free if label.number is not None and id(label) not in in_names]
    return _chart(
        layout,
        all_groups,
        all_centers,
        [name.text for name in names],
        numbers,
        scale,
        free,
        legend_names={entry.color: entry.name for entry in legend},
        picture=picture,
    ), plot


def _chart(
    layout: BarLayout,
    groups: Sequence[Sequence[Row]],
    centers: Sequence[float],
    categories: Sequence[str],
    numbers: Sequence[Label],
    scale: Scale | None,
    labels: Sequence[Label],
    *,
    legend_names: dict[Color, str],
    picture: Picture,
) -> Chart:
    segments = [
        _Segment(bar, index, layout.color_of(bar))
        for index, group in enumerate(groups)
        for row in group
        for bar in row.bars
    ]
    pitch = min((b - a for a, b in itertools.pairwise(centers)), default=3 * layout.thickness)
    rows_pitch = pitch / max(1, max(len(group) for group in groups))
    if scale is not None:
        scale = anchor_scale(scale, layout.baseline)
    value_range = _value_range(layout, scale)
    data_labels = _data_labels(layout, segments, numbers, rows_pitch, scale, value_range)
    per_pixel = None if scale is not None else _units_per_pixel_of_labels(segments, data_labels)
    if value_range is None and per_pixel is not None:
        value_range = per_pixel * max(segment.bar.box.width for segment in segments)
    one_series = len(layout.colors) == 1 or (
        not layout.stacked and all(len(group) <= 1 for group in groups) and not _names_most_colors(layout, legend_names)
    )
    step = abs(scale.slope) if scale else per_pixel
    values: dict[tuple[Color | None, int], ChartValue] = {}
    for segment, label in zip(segments, data_labels, strict=True):
        measured = _measured_value(layout, segment, scale, per_pixel)
        mark = Mark(layout.untranspose(segment.bar.box), segment.color, measured, label)
        values.setdefault(
            (None if one_series else segment.color, segment.group), value_of_mark(mark, value_range, step)
        )
    colors: Sequence[Color | None] = [None] if one_series else _ordered_colors(layout, legend_names)
    names = legend_names if one_series or legend_names else _names(layout, groups, labels, picture)
    printed = [label for label in data_labels if label is not None]
    series = tuple(
        _series(names, color, layout, [values.get((color, index)) for index in range(len(groups))], scale, one_series)
        for color in colors
    )
    confidences = [value.confidence for one in series for value in one.values if value.value is not None]
    return Chart(
        kind=_KINDS[layout.vertical, layout.stacked],
        unit=common_unit(scale, printed),
        categories=tuple(categories),
        series=series,
        measured=len(printed) < 0.5 * len(segments),
        confidence=round(statistics.fmean(confidences), 3) if confidences else 0.0,
    )


def _series(
    names: dict[Color, str],
    color: Color | None,
    layout: BarLayout,
    values: Sequence[ChartValue | None],
    scale: Scale | None,
    fill_zero: bool,
) -> ChartSeries:
    shown = color if color is not None else layout.colors[0] if len(layout.colors) == 1 else None
    zero = ChartValue(value=0.0 if scale and fill_zero else None, text=None, confidence=0.4, box=None)
    return ChartSeries(
        name=names.get(shown, "") if shown is not None else "",
        color=hexadecimal(shown) if shown is not None else None,
        values=tuple(value if value is not None else zero for value in values),
    )


def _value_scale(layout: BarLayout, labels: Sequence[Label], plot: Box) -> Scale | None:
    candidates = [label for label in labels if label.number is not None]
    if layout.vertical:
        sides = (
            [label for label in candidates if label.box.x1 < plot.x0 + 4],
            [label for label in candidates if label.box.x0 > plot.x1 - 4],
        )
        near = (plot.x0, plot.x1)
    else:
        sides = (
            [label for label in candidates if label.box.y0 > plot.y1 - 4],
            [label for label in candidates if label.box.y1 < plot.y0 + 4],
        )
        near = (plot.y1, plot.y0)
    for side, edge in zip(sides, near, strict=True):
        scale = aligned_scale(side, vertical=layout.vertical, near=edge)
        if scale is not None:
            return scale
    return None


def _empty_row(layout: BarLayout, position: float) -> Row:
    """A bar of length 0 for a category without a bar, so that a number printed there is assigned to it."""
    half = layout.thickness / 2
    box = Box(layout.baseline, position - half, layout.baseline, position + half)
    return Row((Bar(box, layout.colors[0]),))


def _missing_positions(centers: Sequence[float], positions: Sequence[float], layout: BarLayout) -> list[float]:
    """Positions of category labels without a bar, because its value is zero or too small to see."""
    if len(positions) < 2 or len(positions) <= len(centers):
        return []
    steps = [b - a for a, b in itertools.pairwise(centers if len(centers) > 2 else positions)]
    pitch = statistics.median(steps)
    free = [position for position in positions if all(abs(position - center) > 0.6 * pitch for center in centers)]
    regular = [position for position in free if _on_grid(position, centers, pitch)]
    return regular if pitch > 0.9 * layout.thickness else []


def _on_grid(position: float, centers: Sequence[float], pitch: float) -> bool:
    """Whether a position is a whole number of steps away from the bars, and not many."""
    steps = min(abs(position - center) for center in centers) / pitch
    return abs(steps - round(steps)) < 0.2 and steps < 6.5


def _value_range(layout: BarLayout, scale: Scale | None) -> float | None:
    if scale is None:
        return None
    ends = [scale.value(edge) for bar in layout.bars for edge in (bar.box.x0, bar.box.x1)]
    return max(ends) - min(ends)


def _measured_value(layout: BarLayout, segment: _Segment, scale: Scale | None, per_pixel: float | None) -> float | None:
    box = segment.bar.box
    if scale is None:
        return None if per_pixel is None or box.width == 0 else per_pixel * box.width
    if layout.stacked:
        amount = abs(scale.slope) * box.width
        return -amount if scale.value(box.center[0]) < 0 and scale.value(layout.baseline) > -amount / 4 else amount
    return scale.value(_end(layout, box))


def _end(layout: BarLayout, box: Box) -> float:
    """The edge of a bar that is farther from the baseline."""
    return box.x1 if abs(box.x1 - layout.baseline) >= abs(box.x0 - layout.baseline) else box.x0


def _data_labels(
    layout: BarLayout,
    segments: Sequence[_Segment],
    numbers: Sequence[Label],
    pitch: float,
    scale: Scale | None,
    value_range: float | None,
) -> list[Label | None]:
    """The number printed in or at the end of each bar; each number belongs to at most one bar."""
    oriented = [replace(label, box=transpose(label.box)) if layout.vertical else label for label in numbers]
    costs = []
    for i, segment in enumerate(segments):
        for j, label in enumerate(oriented):
            cost = _label_cost(layout, segment, label, numbers[j].height, pitch)
            if cost is None:
                continue
            measured = _measured_value(layout, segment, scale, None)
            if measured is not None and value_range and label.number is not None:
                error = min(abs(measured - label.number.value), abs(abs(measured) - abs(label.number.value)))
                cost += min(3.0, 12 * error / value_range)
            costs.append((cost, i, j))
    data_labels: list[Label | None] = [None] * len(segments)
    assigned: set[int] = set()
    for _, i, j in sorted(costs):
        if data_labels[i] is None and j not in assigned:
            data_labels[i] = numbers[j]
            assigned.add(j)
    return data_labels


def _label_cost(layout: BarLayout, segment: _Segment, label: Label, height: float, pitch: float) -> float | None:
    """The distance of a label from where a bar's number would be printed, in text heights; None if it is too far."""
    bar, box = segment.bar.box, label.box
    across = abs(box.center[1] - bar.center[1])
    if across > max(0.5 * bar.height, 0.55 * pitch):
        return None
    cost = across / max(bar.height, pitch)
    if bar.x0 - 1 <= box.center[0] <= bar.x1 + 1:
        return cost
    end = _end(layout, bar)
    if layout.stacked and not _is_outermost(layout, bar, end):
        return None
    gap = max(box.x0 - end, end - box.x1, 0.0)
    if gap > (2.2 if not layout.stacked else 1.2) * height:
        return None
    inward = (box.center[0] - end) * (1 if end == bar.x1 else -1) < 0
    return cost + 0.3 + gap / height + (0.8 if inward else 0.0)


def _is_outermost(layout: BarLayout, bar: Box, end: float) -> bool:
    row = min(layout.rows, key=lambda row: abs(row.center - bar.center[1])).box
    return end in (row.x0, row.x1)


def _units_per_pixel_of_labels(segments: Sequence[_Segment], data_labels: Sequence[Label | None]) -> float | None:
    pairs = [
        (segment.bar.box.width, label.number.value)
        for segment, label in zip(segments, data_labels, strict=True)
        if label is not None and label.number is not None
    ]
    return units_per_pixel([length for length, _ in pairs], [number for _, number in pairs])


def _names_most_colors(layout: BarLayout, legend_names: dict[Color, str]) -> bool:
    return len(legend_names) >= 2 and len(legend_names) >= len(layout.colors) - 1


def _ordered_colors(layout: BarLayout, legend_names: dict[Color, str]) -> list[Color]:
    """The colors of series in the order of the legend, then those without a name."""
    named = [color for color in legend_names if color in layout.colors]
    return [*named, *(color for color in layout.colors if color not in named)]


def _names(
    layout: BarLayout, groups: Sequence[Sequence[Row]], labels: Sequence[Label], picture: Picture
) -> dict[Color, str]:
    """Series names without a legend: text in the series' colors, or headings above a horizontal chart."""
    colored = names_by_text_color(picture, labels, layout.colors, background_of(picture))
    if len(colored) == len(layout.colors):
        return {color: label.text for color, label in colored.items()}
    if layout.vertical:
        return {}
    first = next((group for group in groups if group), [])
    segments = {layout.color_of(bar): bar.box for row in first for bar in row.bars}
    if len(segments) < 2:
        return {}
    return {color: label.text for color, label in headings(segments, labels).items()}
