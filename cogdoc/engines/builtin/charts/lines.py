"""Reads line charts: the value of each curve at every tick, measured or printed beside the curve."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.charts.axes import Scale, aligned_scale, fit_scale
from cogdoc.engines.builtin.charts.categories import FIRST_YEAR, LAST_YEAR
from cogdoc.engines.builtin.charts.chart_parts import Color, Curve, Picture
from cogdoc.engines.builtin.charts.colors import LINE_TOLERANCE, distance, hexadecimal, text_color
from cogdoc.engines.builtin.charts.curves import plot_of
from cogdoc.engines.builtin.charts.legend import LegendEntry, find_legend, names_by_text_color, without_marks
from cogdoc.engines.builtin.charts.mark_values import Mark, common_unit, value_of_mark
from cogdoc.parsing.picture_labels import Label, clusters, merge_labels, phrases
from cogdoc.results.records import Chart, ChartKind, ChartSeries

_MAX_UNEVENNESS = 0.45
"""Standard deviation of the steps between tick labels, relative to their mean; some labels may be missing."""
_MAX_YEARS = 80
_MAX_LABEL_DISTANCE = 2.6
"""Text heights between a line and the center of a number printed beside it."""
_MAX_NAME_DISTANCE = 2.5
"""Text heights between the highest point of all lines and the center of the name of one."""


@dataclass(frozen=True, slots=True)
class _Category:
    text: str
    x: float


def read_lines(
    curves: Sequence[Curve], labels: Sequence[Label], picture: Picture, background: Color
) -> tuple[Chart, Box] | None:
    """The chart with these curves and the box of its plot; None if neither axes nor labels give it values."""
    plot = plot_of(curves)
    scale = _value_scale(labels, plot)
    used = list(scale.ticks) if scale else []
    colors = [curve.color for curve in curves]
    legend = _legend(curves, [label for label in labels if label not in used], picture)
    names = {entry.color: entry.name for entry in legend}
    used += [label for label in labels if any(label.box.overlap(entry.box) > 0 for entry in legend)]
    ticks = _tick_row([label for label in labels if label not in used], plot, scale)
    if len(names) < len(curves):
        floor = min((label.box.y0 for tick in ticks for label in tick), default=plot.y1)
        free = [
            label
            for label in labels
            if label not in used and plot.y0 - _MAX_NAME_DISTANCE * label.height < label.box.center[1] < floor
        ]
        by_color = names_by_text_color(picture, free, colors, background)
        names |= {color: label.text for color, label in by_color.items() if color not in names}
        names |= _names_at_ends([curve for curve in curves if curve.color not in names], free)
    numbers = [
        label
        for label in labels
        if label.number is not None and label not in used and not any(label in tick for tick in ticks)
    ]
    data_labels = _data_labels(curves, numbers, picture, background)
    categories = _categories([merge_labels(tick) for tick in ticks], curves, data_labels, has_scale=scale is not None)
    if len(categories) < 2:
        return None
    if scale is None:
        scale = _scale_from_labels(curves, data_labels)
        if scale is None and not _is_labelled(data_labels, len(categories)):
            return None
    return _chart(curves, categories, data_labels, scale, names), plot


def _chart(
    curves: Sequence[Curve],
    categories: Sequence[_Category],
    data_labels: Sequence[Sequence[Label]],
    scale: Scale | None,
    names: dict[Color, str],
) -> Chart:
    value_range = None if scale is None else _value_range(curves, scale)
    step = abs(scale.slope) if scale else None
    pitch = min((b.x - a.x for a, b in itertools.pairwise(categories)), default=40.0)
    series, labelled, shown = [], 0, 0
    for curve, labels in zip(curves, data_labels, strict=True):
        values = []
        by_category = _by_category(labels, categories, pitch)
        for index, category in enumerate(categories):
            height = curve.height_at(category.x)
            label = by_category.get(index)
            measured = scale.value(height) if scale is not None and height is not None else None
            y = height if height is not None else label.box.center[1] if label else curve.box.center[1]
            box = Box(category.x - 3, y - 3, category.x + 3, y + 3)
            values.append(value_of_mark(Mark(box, curve.color, measured, label), value_range, step))
            labelled += label is not None
            shown += values[-1].value is not None
        series.append(
            ChartSeries(name=names.get(curve.color, ""), color=hexadecimal(curve.color), values=tuple(values))
        )
    confidences = [value.confidence for one in series for value in one.values if value.value is not None]
    return Chart(
        kind=ChartKind.LINE,
        unit=common_unit(scale, [label for labels in data_labels for label in labels]),
        categories=tuple(category.text for category in categories),
        series=tuple(series),
        measured=labelled < 0.5 * max(1, shown),
        confidence=round(statistics.fmean(confidences), 3) if confidences else 0.0,
    )


def _legend(curves: Sequence[Curve], labels: Sequence[Label], picture: Picture) -> list[LegendEntry]:
    """The legend; empty for a single curve, or if its swatches are pieces of the curves."""
    if len(curves) < 2:
        return []
    entries = find_legend(picture, labels, [curve.color for curve in curves], [], LINE_TOLERANCE)
    outside = [entry for entry in entries if not _touches(entry, curves)]
    return outside if len(outside) >= 2 else []


def _names_at_ends(curves: Sequence[Curve], labels: Sequence[Label]) -> dict[Color, str]:
    """Text at the right end of a curve, on it or just after it."""
    words = [phrase for phrase in phrases(labels, gap=0.9) if phrase.number is None and len(phrase.text) > 1]
    names = {}
    for curve in curves:
        box = curve.box
        near = [
            word
            for word in words
            if word.box.x1 > box.x1 - 0.2 * box.width
            and word.box.x0 < box.x1 + 3 * word.height
            and abs(word.box.center[1] - curve.ys[-1]) < 1.5 * word.height
        ]
        if near:
            nearest = min(near, key=lambda word: abs(word.box.center[1] - curve.ys[-1]))
            names[curve.color] = without_marks(nearest.text)
    return names


def _touches(entry: LegendEntry, curves: Sequence[Curve]) -> bool:
    heights = [curve.height_at(entry.swatch.center[0]) for curve in curves if curve.color == entry.color]
    return any(h is not None and entry.swatch.y0 - 3 <= h <= entry.swatch.y1 + 3 for h in heights)


def _value_scale(labels: Sequence[Label], plot: Box) -> Scale | None:
    numbers = [label for label in labels if label.number is not None]
    left = [label for label in numbers if label.box.x1 < plot.x0 + 0.6 * label.box.width]
    right = [label for label in numbers if label.box.x0 > plot.x1 - 0.6 * label.box.width]
    return aligned_scale(left, vertical=True, near=plot.x0) or aligned_scale(right, vertical=True, near=plot.x1)


def _value_range(curves: Sequence[Curve], scale: Scale) -> float:
    heights = [height for curve in curves for height in (curve.box.y0, curve.box.y1)]
    return max(abs(scale.value(min(heights)) - scale.value(max(heights))), 0.3 * scale.span, 1e-9)


def _x_axis_top(plot: Box, scale: Scale | None) -> float:
    """The y below which the labels of the x axis are."""
    return max(plot.y1, max(tick.box.center[1] for tick in scale.ticks) - 2) if scale else plot.y1


def _tick_row(labels: Sequence[Label], plot: Box, scale: Scale | None) -> list[list[Label]]:
    """The labels of the x axis from left to right, each as the words that it consists of."""
    floor = _x_axis_top(plot, scale)
    margin = 0.06 * plot.width + 12
    below = [
        label for label in labels if label.anchor[1] > floor and plot.x0 - margin <= label.anchor[0] <= plot.x1 + margin
    ]
    slanted = [label for label in below if label.slanted]
    if len(slanted) >= 3:
        top = min(label.box.y0 for label in slanted)
        row = [label for label in slanted if label.box.y0 <= top + label.height]
        return [[label] for label in sorted(row, key=lambda label: label.anchor[0])]
    upright = [label for label in below if not label.slanted]
    if not upright:
        return []
    height = statistics.median(label.height for label in upright)
    rows = clusters(upright, lambda label: label.box.center[1], 0.5 * height)
    candidates = [_row_phrases(row) for row in rows]
    spread = [row for row in candidates if len(row) >= 2 and _is_spread(row, plot)]
    if not spread:
        return []
    return max(spread, key=lambda row: (_looks_like_ticks(row), -row[0][0].box.y0))


def _row_phrases(row: Sequence[Label]) -> list[list[Label]]:
    """The words of one row joined to labels; the gap that joins words is chosen so that labels are evenly spaced."""
    ordered = sorted(row, key=lambda label: label.box.x0)
    return min((_join_words(ordered, gap) for gap in (0.7, 0.15, 0.35, 1.1)), key=_unevenness)


def _join_words(ordered: Sequence[Label], gap: float) -> list[list[Label]]:
    """Words in groups, joined if less than `gap` text heights apart; two numbers are never one label."""
    groups: list[list[Label]] = []
    for label in ordered:
        close = bool(groups) and label.box.x0 - groups[-1][-1].box.x1 < gap * label.height
        both = close and label.number is not None and groups[-1][-1].number is not None
        if close and not both:
            groups[-1].append(label)
        else:
            groups.append([label])
    return groups


def _unevenness(groups: Sequence[Sequence[Label]]) -> float:
    if len(groups) < 3:
        return 1.0
    centers = [merge_labels(group).box.center[0] for group in groups]
    steps = [b - a for a, b in itertools.pairwise(centers)]
    return statistics.pstdev(steps) / max(1e-6, statistics.fmean(steps))


def _is_spread(row: Sequence[Sequence[Label]], plot: Box) -> bool:
    """Whether a row spans the plot with even steps or increasing numbers, unlike the words of a sentence."""
    first, last = merge_labels(row[0]).box.center[0], merge_labels(row[-1]).box.center[0]
    if last - first <= 0.5 * plot.width:
        return False
    numeric = fit_scale([merge_labels(group) for group in row], vertical=False, min_ticks=3) is not None
    return numeric or len(row) < 4 or _unevenness(row) < _MAX_UNEVENNESS


def _looks_like_ticks(row: Sequence[Sequence[Label]]) -> float:
    """A score for rows of labels: high for many short labels and for years, low for sentences."""
    texts = [merge_labels(group).text for group in row]
    short = sum(len(text) <= 9 for text in texts)
    years = fit_scale([merge_labels(group) for group in row], vertical=False, min_ticks=3)
    return short / len(texts) * min(len(texts), 12) + (6 if years is not None else 0)


def _data_labels(
    curves: Sequence[Curve], numbers: Sequence[Label], picture: Picture, background: Color
) -> list[list[Label]]:
    """The numbers printed beside each curve: near it, and in its color if the text is colored."""
    by_curve: list[list[Label]] = [[] for _ in curves]
    for label in numbers:
        x, y = label.box.center
        printed = text_color(picture, label.box, background)
        colored = printed is not None and max(printed) - min(printed) > 30
        best, best_cost = None, _MAX_LABEL_DISTANCE
        for index, curve in enumerate(curves):
            near = [h for h in map(curve.height_at, (label.box.x0, x, label.box.x1)) if h is not None]
            if not near:
                continue
            cost = min(abs(height - y) for height in near) / label.height
            if cost > _MAX_LABEL_DISTANCE:
                continue
            if colored and printed is not None and len(curves) > 1:
                nearest = min(curves, key=lambda other: distance(other.color, printed))
                cost += 0.0 if nearest is curve else 0.8
            if cost < best_cost:
                best, best_cost = index, cost
        if best is not None:
            by_curve[best].append(label)
    return by_curve


def _categories(
    ticks: Sequence[Label], curves: Sequence[Curve], data_labels: Sequence[Sequence[Label]], *, has_scale: bool
) -> list[_Category]:
    """The positions at which values are read: the tick labels, and the years between them if they are years."""
    shown = [_Category(tick.text, tick.anchor[0]) for tick in ticks]
    years = fit_scale([replace(tick, slanted=False) for tick in ticks], vertical=False, min_ticks=3)
    if years is None or years.slope <= 0 or any(tick.slanted for tick in ticks):
        return _add_labelled_positions(shown, data_labels, None)
    values = [round(tick.number.value) for tick in years.ticks if tick.number is not None]
    if not all(FIRST_YEAR <= value <= LAST_YEAR for value in values):
        return _add_labelled_positions(shown, data_labels, None)
    if not has_scale:
        return _add_labelled_positions(shown, data_labels, years)
    plot = plot_of(curves)
    first = min(min(values), round(years.value(plot.x0)))
    last = max(max(values), round(years.value(plot.x1)))
    if last - first + 1 > _MAX_YEARS or last - first + 1 <= len(ticks):
        return shown
    return [_Category(str(year), years.position(year)) for year in range(first, last + 1)]


def _add_labelled_positions(
    shown: list[_Category], data_labels: Sequence[Sequence[Label]], years: Scale | None
) -> list[_Category]:
    """Add the positions of printed values that are far from every tick, named by their year if it is known."""
    if len(shown) < 2:
        return shown
    pitch = min(b.x - a.x for a, b in itertools.pairwise(shown))
    result = list(shown)
    for label in itertools.chain.from_iterable(data_labels):
        x = label.box.center[0]
        if years is None or all(abs(category.x - x) <= 0.4 * pitch for category in result):
            continue
        if min(abs(category.x - x) for category in result) > max(0.45 * pitch, 0.8 * label.height):
            result.append(_Category(str(round(years.value(x))), x))
    unique = {category.text: category for category in sorted(result, key=lambda category: category.x, reverse=True)}
    return sorted(unique.values() if years is not None else result, key=lambda category: category.x)


def _by_category(labels: Sequence[Label], categories: Sequence[_Category], pitch: float) -> dict[int, Label]:
    """For each category the nearest printed value."""
    pairs = sorted(
        (abs(category.x - label.box.center[0]), index, label_index)
        for index, category in enumerate(categories)
        for label_index, label in enumerate(labels)
    )
    by_category: dict[int, Label] = {}
    used: set[int] = set()
    for distance_x, index, label_index in pairs:
        is_near = distance_x <= max(0.6 * pitch, 0.9 * labels[label_index].height)
        if is_near and index not in by_category and label_index not in used:
            by_category[index] = labels[label_index]
            used.add(label_index)
    return by_category


def _is_labelled(data_labels: Sequence[Sequence[Label]], count: int) -> bool:
    """Whether a curve has a printed number at most of its points, so that no axis is needed."""
    return max(len(labels) for labels in data_labels) >= max(3, 0.6 * count)


def _scale_from_labels(curves: Sequence[Curve], data_labels: Sequence[Sequence[Label]]) -> Scale | None:
    """The value axis without tick labels, from the printed values and the heights of their points."""
    moved = []
    for curve, labels in zip(curves, data_labels, strict=True):
        for label in labels:
            height = curve.height_at(label.box.center[0])
            if height is not None:
                x, half = label.box.center[0], label.height / 2
                moved.append(replace(label, box=Box(x - half, height - half, x + half, height + half)))
    scale = fit_scale(moved, vertical=True, min_ticks=max(3, len(moved) // 2))
    return scale if scale is not None and np.isfinite(scale.slope) else None
