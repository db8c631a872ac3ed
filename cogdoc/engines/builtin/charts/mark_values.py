"""Values of marks: printed data labels where there are any, else what the mark measures on its axis."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.charts.axes import Scale
from cogdoc.engines.builtin.charts.chart_labels import Label
from cogdoc.engines.builtin.charts.chart_parts import Color
from cogdoc.engines.builtin.charts.colors import hexadecimal
from cogdoc.results.records import ChartValue

_CONSISTENT = 0.04
"""Printed and measured value agree when they differ by less than this share of the values' range."""
_CONTRADICTING = 0.15
_LABELLED = 0.98
_LABELLED_ALONE = 0.9
_MEASURED = 0.7
_CONTRADICTED = 0.45


@dataclass(frozen=True, slots=True)
class Mark:
    """One bar, segment, point or slice: where it is and what it measures."""

    box: Box
    color: Color
    measured: float | None
    label: Label | None = None


def marked_value(mark: Mark, reach: float | None, step: float | None) -> ChartValue:
    """The value of a mark; `reach` is the range of all values, `step` what one pixel is worth."""
    color = hexadecimal(mark.color)
    if mark.label is not None and mark.label.number is not None:
        number = mark.label.number
        sure = _LABELLED_ALONE
        value, text = number.value, mark.label.text
        if mark.measured is not None and reach:
            if mark.measured < 0 < value and abs(mark.measured + value) < 2 * _CONSISTENT * reach:
                value = -value
            error = abs(mark.measured - value) / reach
            if error > _CONTRADICTING and abs(mark.measured - value) > 0.1 * abs(value):
                return ChartValue(
                    value=rounded(mark.measured, step), text=None, confidence=_CONTRADICTED, box=mark.box, color=color
                )
            sure = _LABELLED if error < _CONSISTENT else _LABELLED_ALONE - 0.1
        confidence = round(sure * min(1.0, 0.5 + 0.5 * mark.label.confidence), 3)
        return ChartValue(value=value, text=text, confidence=confidence, box=mark.box, color=color)
    if mark.measured is None:
        return ChartValue(value=None, text=None, confidence=0.0, box=mark.box, color=color)
    return ChartValue(value=rounded(mark.measured, step), text=None, confidence=_MEASURED, box=mark.box, color=color)


def rounded(value: float, step: float | None) -> float:
    """`value` to the decimals that a resolution of `step` can tell apart, and three digits at least."""
    if value == 0 or not math.isfinite(value):
        return 0.0
    magnitude = math.floor(math.log10(abs(value)))
    resolved = math.floor(math.log10(abs(step))) if step else magnitude - 3
    return round(value, max(-resolved, 2 - magnitude, 0) if magnitude < 3 else max(-resolved, 0))


def anchored(scale: Scale, baseline: float) -> Scale:
    """`scale` moved so that zero lies on the marks' baseline, where it nearly does already.

    Tick labels stand a pixel or two off their ticks; the baseline is drawn where zero is.
    """
    pixels = abs(scale.position(0.0) - baseline)
    return replace(scale, offset=-scale.slope * baseline) if pixels <= 5.0 else scale


def unit_length(lengths: Sequence[float], numbers: Sequence[float]) -> float | None:
    """What a pixel of bar is worth where no axis says so, from bars with labels; None if they disagree."""
    ratios = [abs(number) / length for length, number in zip(lengths, numbers, strict=True) if length > 3 and number]
    if len(ratios) < 2:
        return None
    middle = statistics.median(ratios)
    agreeing = sum(abs(ratio - middle) <= 0.12 * middle for ratio in ratios)
    return middle if agreeing >= 0.6 * len(ratios) else None


def common_unit(scale: Scale | None, labels: Sequence[Label]) -> str | None:
    """ "%" or a currency, as the axis or most data labels print it."""
    numbers = [label.number for label in labels if label.number is not None]
    if (scale is not None and scale.percent) or any(number.percent for number in numbers):
        return "%"
    if scale is not None and scale.currency:
        return scale.currency
    return next((number.currency for number in numbers if number.currency), None)
