"""Computes the values of marks: the printed data label if there is one, else the measurement against the axis."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.charts.axes import Scale
from cogdoc.engines.builtin.charts.chart_parts import Color
from cogdoc.engines.builtin.charts.colors import hexadecimal
from cogdoc.parsing.picture_labels import Label
from cogdoc.results.records import ChartValue

_AGREEMENT = 0.04
"""Printed and measured values agree if they differ by less than this share of the value range."""
_CONTRADICTION = 0.15
"""They contradict each other if they differ by more than this share."""

_AGREEING_CONFIDENCE = 0.98
_UNCHECKED_CONFIDENCE = 0.9
_MEASURED_CONFIDENCE = 0.7
_CONTRADICTED_CONFIDENCE = 0.45


@dataclass(frozen=True, slots=True)
class Mark:
    """One bar, segment, point or slice, with the value that it measures and the number printed beside it."""

    box: Box
    color: Color
    measured: float | None
    label: Label | None = None


def value_of_mark(mark: Mark, value_range: float | None, step: float | None) -> ChartValue:
    """The value of a mark; `value_range` is the range of all values, `step` the units per pixel."""
    color = hexadecimal(mark.color)
    if mark.label is not None and mark.label.number is not None:
        number = mark.label.number
        base_confidence = _UNCHECKED_CONFIDENCE
        value, text = number.value, mark.label.text
        if mark.measured is not None and value_range:
            is_negative = mark.measured < -_AGREEMENT * value_range
            if is_negative and value > 0 and abs(mark.measured + value) < 2 * _AGREEMENT * value_range:
                value = -value
            error = abs(mark.measured - value) / value_range
            if error > _CONTRADICTION and abs(mark.measured - value) > 0.1 * abs(value):
                return ChartValue(
                    value=round_to_step(mark.measured, step),
                    text=None,
                    confidence=_CONTRADICTED_CONFIDENCE,
                    box=mark.box,
                    color=color,
                )
            base_confidence = _AGREEING_CONFIDENCE if error < _AGREEMENT else _UNCHECKED_CONFIDENCE - 0.1
        confidence = round(base_confidence * min(1.0, 0.5 + 0.5 * mark.label.confidence), 3)
        return ChartValue(value=value, text=text, confidence=confidence, box=mark.box, color=color)
    if mark.measured is None:
        return ChartValue(value=None, text=None, confidence=0.0, box=mark.box, color=color)
    return ChartValue(
        value=round_to_step(mark.measured, step), text=None, confidence=_MEASURED_CONFIDENCE, box=mark.box, color=color
    )


def round_to_step(value: float, step: float | None) -> float:
    """`value` rounded to the decimals that a resolution of `step` justifies, with at least three digits."""
    if value == 0 or not math.isfinite(value):
        return 0.0
    magnitude = math.floor(math.log10(abs(value)))
    resolved = math.floor(math.log10(abs(step))) if step else magnitude - 3
    return round(value, max(-resolved, 2 - magnitude, 0) if magnitude < 3 else max(-resolved, 0))


def anchor_scale(scale: Scale, baseline: float) -> Scale:
    """`scale` shifted so that zero is at the baseline of the marks, if it is within a few pixels of it.

    Tick labels are a pixel or two off their ticks; the baseline is exactly at zero.
    """
    pixels = abs(scale.position(0.0) - baseline)
    return replace(scale, offset=-scale.slope * baseline) if pixels <= 5.0 else scale


def units_per_pixel(lengths: Sequence[float], numbers: Sequence[float]) -> float | None:
    """Units per pixel of bar length without an axis, from bars with labels; None if they disagree."""
    ratios = [abs(number) / length for length, number in zip(lengths, numbers, strict=True) if length > 3 and number]
    if len(ratios) < 2:
        return None
    middle = statistics.median(ratios)
    agreeing = sum(abs(ratio - middle) <= 0.12 * middle for ratio in ratios)
    return middle if agreeing >= 0.6 * len(ratios) else None


def common_unit(scale: Scale | None, labels: Sequence[Label]) -> str | None:
    """ "%" or a currency, if the axis or the data labels print one."""
    numbers = [label.number for label in labels if label.number is not None]
    if (scale is not None and scale.percent) or any(number.percent for number in numbers):
        return "%"
    if scale is not None and scale.currency:
        return scale.currency
    return next((number.currency for number in numbers if number.currency), None)
