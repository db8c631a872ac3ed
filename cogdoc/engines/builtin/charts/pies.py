"""Reads pie and ring charts: assigns names and numbers to slices."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable, Sequence

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.charts.chart_parts import Picture, Pie, Slice
from cogdoc.engines.builtin.charts.colors import hexadecimal
from cogdoc.engines.builtin.charts.legend import find_legend
from cogdoc.parsing.numbers import find_numbers
from cogdoc.parsing.picture_labels import Label, in_reading_order, merge_labels, phrases
from cogdoc.results.records import Chart, ChartKind, ChartSeries, ChartValue

_MAX_DISTANCE = 2.3
"""Names are within this many radii of the center."""

_ROUNDING = 3.0
"""How far the sum of rounded percentages may be from 100."""

_AGREEING_CONFIDENCE = 0.96
"""For a printed number that agrees with the angle of its slice."""
_DISAGREEING_CONFIDENCE = 0.75
_MEASURED_CONFIDENCE = 0.7


def read_pie(pie: Pie, labels: Sequence[Label], picture: Picture) -> tuple[Chart, Box]:
    """The chart that a pie shows and the box of its disc; values are in percent unless other numbers are printed."""
    x, y = pie.center
    disc = Box(x - pie.radius, y - pie.radius, x + pie.radius, y + pie.radius)
    legend = {
        entry.color: entry for entry in find_legend(picture, labels, list({part.color for part in pie.slices}), [disc])
    }
    if len(legend) < 2:
        legend = {}
    outside_legend = [label for label in labels if not any(label.box.overlap(e.box) > 0 for e in legend.values())]
    blocks = [block for block in _blocks(outside_legend) if _distance(block, pie) < _MAX_DISTANCE]
    numbers = _assign_numbers(pie, [label for block in blocks for label in _value_of(block)])
    names = _assign_names(pie, blocks, numbers)
    printed = [label.number.value for label in numbers if label is not None and label.number is not None]
    total = 100.0 if _are_percents(numbers) else _total(pie, [label for label in numbers if label is not None])
    categories, values = [], []
    for part, number, name in zip(pie.slices, numbers, names, strict=True):
        in_legend = legend.get(part.color)
        categories.append(in_legend.name if in_legend else name)
        values.append(_value(pie, part, number, total, complete=len(printed) == len(pie.slices)))
    confidence = sum(value.confidence for value in values) / len(values)
    return (
        Chart(
            kind=ChartKind.PIE,
            unit="%" if total == 100.0 or not printed else None,
            categories=tuple(categories),
            series=(ChartSeries(name="", color=None, values=tuple(values)),),
            measured=len(printed) < 0.5 * len(pie.slices),
            confidence=round(confidence, 3),
        ),
        disc,
    )


def _value(pie: Pie, part: Slice, label: Label | None, total: float, *, complete: bool) -> ChartValue:
    color = hexadecimal(part.color)
    if label is None or label.number is None:
        share = part.share * (total if total == 100.0 or not complete else 100.0)
        return ChartValue(
            value=round(share, 1), text=None, confidence=_MEASURED_CONFIDENCE, box=_slice_box(pie, part), color=color
        )
    agrees = abs(label.number.value - part.share * total) <= 0.03 * total
    return ChartValue(
        value=label.number.value,
        text=label.number.text,
        confidence=_AGREEING_CONFIDENCE if agrees else _DISAGREEING_CONFIDENCE,
        box=_slice_box(pie, part),
        color=color,
    )


def _slice_box(pie: Pie, part: Slice) -> Box:
    """A square inside the slice, as wide as a quarter of the radius."""
    angle = math.radians(part.middle)
    x = pie.center[0] + 0.7 * pie.radius * math.sin(angle)
    y = pie.center[1] - 0.7 * pie.radius * math.cos(angle)
    half = pie.radius / 8
    return Box(x - half, y - half, x + half, y + half)


def _value_of(block: Sequence[Label]) -> list[Label]:
    """The number that is the value of a block: the last percentage or number, as names may contain numbers too."""
    numbers = [label for label in in_reading_order(block) if label.number is not None]
    percents = [label for label in numbers if label.number is not None and label.number.percent]
    return (percents or numbers)[-1:]


def _are_percents(numbers: Iterable[Label | None]) -> bool:
    values = [label.number for label in numbers if label is not None and label.number is not None]
    return not values or any(number.percent for number in values) or 90 <= sum(n.value for n in values) <= 110


def _distance(block: Sequence[Label], pie: Pie) -> float:
    """The distance of the block's nearest word from the center, in radii."""
    return min(
        math.hypot(label.box.center[0] - pie.center[0], label.box.center[1] - pie.center[1]) / pie.radius
        for label in block
    )


def _blocks(labels: Sequence[Label]) -> list[list[Label]]:
    """Labels that belong together: the words of a phrase, and phrases right below each other."""
    lines = phrases([label for label in labels if not label.slanted], gap=0.9)
    blocks: list[list[Label]] = []
    for line in sorted(lines, key=lambda line: line.box.y0):
        for block in blocks:
            above = block[-1]
            gap = line.box.y0 - above.box.y1
            close = gap < 0.4 * line.height and above.box.horizontal_overlap(line.box) > 0.3
            if close and not _both_have_numbers(block, line):
                block.append(line)
                break
        else:
            blocks.append([line])
    return [[label for line in block for label in _parts_of(line, labels)] for block in blocks]


def _both_have_numbers(block: Sequence[Label], line: Label) -> bool:
    """Whether both contain a number: then they are two labels, however close."""
    return bool(find_numbers(line.text)) and any(find_numbers(part.text) for part in block)


def _parts_of(line: Label, labels: Iterable[Label]) -> list[Label]:
    return [label for label in labels if line.box.overlap(label.box) > 0.6 * label.box.area]


def _angle_between(pie: Pie, label: Label, part: Slice) -> float:
    x, y = label.box.center
    angle = math.degrees(math.atan2(x - pie.center[0], pie.center[1] - y)) % 360
    inside = (angle - part.start) % 360
    if inside <= part.sweep:
        return 0.15 * abs(inside - part.sweep / 2)
    return min(inside - part.sweep, 360 - inside)


def _total(pie: Pie, numbers: Sequence[Label]) -> float:
    """The value of the whole disc: 100 if that is the sum of printed percentages, else the median of the totals that
    each number and its nearest slice imply."""
    percents = [label.number.value for label in numbers if label.number is not None and label.number.percent]
    if abs(sum(percents) - 100.0) < _ROUNDING:
        return 100.0
    wholes = []
    for label in numbers:
        part = min(pie.slices, key=lambda part: _angle_between(pie, label, part))
        if label.number is not None and label.number.value > 0:
            wholes.append(label.number.value / part.share)
    total = statistics.median(wholes) if wholes else 100.0
    return 100.0 if abs(total - 100.0) < 8.0 else total


def _assign_numbers(pie: Pie, numbers: Sequence[Label]) -> list[Label | None]:
    """For each slice the number whose position and value fit it best."""
    total = _total(pie, numbers)
    costs = []
    for i, part in enumerate(pie.slices):
        for j, label in enumerate(numbers):
            if label.number is None:
                continue
            misfit = abs(label.number.value / max(total, 1e-9) - part.share) * 100
            angle = _angle_between(pie, label, part)
            if angle < 75 and misfit < 25:
                costs.append((angle / 25 + misfit / 3, i, j))
    by_slice: list[Label | None] = [None] * len(pie.slices)
    assigned: set[int] = set()
    for _, i, j in sorted(costs):
        if by_slice[i] is None and j not in assigned:
            by_slice[i] = numbers[j]
            assigned.add(j)
    return by_slice


def _assign_names(pie: Pie, blocks: Sequence[Sequence[Label]], numbers: Sequence[Label | None]) -> list[str]:
    names: list[str] = [""] * len(pie.slices)
    rest = []
    for block in blocks:
        value = _value_of(block)
        text = " ".join(label.text for label in in_reading_order(block) if label not in value).strip(" :,;()|-")
        owners = [i for i, number in enumerate(numbers) if number is not None and any(number is part for part in block)]
        if owners and text:
            names[owners[0]] = names[owners[0]] or _without_bullet(text)
        elif text:
            rest.append((text, block))
    free = [i for i, name in enumerate(names) if not name]
    costs = sorted(
        (
            _angle_between(pie, merge_labels(list(block)), pie.slices[i]) + 20 * max(0.0, _distance(block, pie) - 1.3),
            i,
            j,
        )
        for j, (_, block) in enumerate(rest)
        for i in free
    )
    used: set[int] = set()
    for cost, i, j in costs:
        if cost < 40 and not names[i] and j not in used:
            names[i] = _without_bullet(rest[j][0])
            used.add(j)
    return names


def _without_bullet(text: str) -> str:
    return re.sub(r"^[•●■·–—-]+\s*", "", text)
