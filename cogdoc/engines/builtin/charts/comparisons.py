"""Answers yes-or-no questions about a chart: comparisons, presence of a value, colors, extremes."""

from __future__ import annotations

import re

from cogdoc.engines.builtin.charts.colors import from_hexadecimal, named_colors
from cogdoc.engines.builtin.charts.matching import Subject, cells_of, subject_of
from cogdoc.engines.builtin.charts.operations import (
    Operation,
    compute,
    extremes_of,
    operation_of,
    ranked_cell,
)
from cogdoc.parsing.numbers import find_numbers
from cogdoc.results.records import Chart

_GREATER = r"greater|more|larger|higher|bigger|exceeds?|above|over|大于|高于|超过|多于"
_SMALLER = r"less|lower|smaller|fewer|below|under|小于|低于|少于"
_COMPARED = re.compile(
    rf"\b(?:(?P<more>{_GREATER})|(?P<less>{_SMALLER}))\b(?:\s+(?:\w+\s+)?(?:than|then|to))?|(?:大于|高于|超过|小于|低于|少于)",
    re.I,
)
_EQUAL = re.compile(r"\b(?:equal(?: to)?|same as|equals|identical to)\b|等于", re.IGNORECASE)
_PRESENT = re.compile(r"\bis there (?:a|any)\b|\bthere (?:is|are)\b", re.IGNORECASE)
_EQUAL_TOLERANCE = 0.006
"""Relative difference up to which two values are equal."""


def is_statement_true(chart: Chart, question: str, subject: Subject) -> bool | None:
    """Whether the statement that a yes-or-no question makes is true; None if that is unknown."""
    lowered = question.lower()
    if "color" in lowered or "colour" in lowered:
        return _color_matches(chart, question, subject)
    numbers = find_numbers(question)
    if _PRESENT.search(lowered) and numbers:
        stated = numbers[-1].value
        return any(abs(cell.value - stated) <= _EQUAL_TOLERANCE * abs(stated) for cell in subject.cells)
    equal = _EQUAL.search(lowered)
    if equal is not None:
        return _compare(chart, question[: equal.start()], question[equal.end() :], None)
    compared = list(_COMPARED.finditer(lowered))
    for match in compared:
        more = match["more"] is not None or match[0] in ("大于", "高于", "超过")
        verdict = _compare(chart, question[: match.start()], question[match.end() :], more)
        if verdict is not None:
            return verdict
    extremes = extremes_of(question)
    if extremes and (subject.categories or subject.series):
        high, rank = extremes[0]
        cells = [c for c in cells_of(chart) if not subject.series or c.series in subject.series]
        best = ranked_cell(cells, high=high, rank=rank)
        return best is not None and (best.category in subject.categories if subject.categories else True)
    return None


def _compare(chart: Chart, left: str, right: str, more: bool | None) -> bool | None:
    left_value, right_value = _value_of(chart, left), _value_of(chart, right)
    if left_value is None or right_value is None:
        return None
    if more is None:
        return abs(left_value - right_value) <= _EQUAL_TOLERANCE * max(abs(left_value), abs(right_value))
    return left_value > right_value if more else left_value < right_value


def _value_of(chart: Chart, text: str) -> float | None:
    """The value of one side of a comparison."""
    subject = subject_of(chart, text)
    operation = operation_of(text)
    factor = 2.0 if re.search(r"\b(?:twice|double|two times|multiply it by 2)\b", text, re.IGNORECASE) else 1.0
    extremes = extremes_of(text)
    chosen = [c for high, rank in extremes if (c := ranked_cell(subject.cells, high=high, rank=rank)) is not None]
    several = re.search(r"\b(two|three) (\w+est)|(\w+est) (two|three)\b", text, re.IGNORECASE)
    if several is not None and extremes:
        count = 3 if "three" in several[0].lower() else 2
        chosen = sorted(subject.cells, key=lambda cell: cell.value, reverse=extremes[0][0])[:count]
    if operation is not None:
        values = [cell.value for cell in (chosen if len(chosen) > 1 else subject.cells)]
        result = compute(operation, values)
        return None if result is None else factor * result
    if chosen:
        if len(chosen) > 1:
            return factor * (compute(Operation.SUM, [cell.value for cell in chosen]) or 0.0)
        return factor * chosen[0].value
    if subject.categories or subject.series or subject.by_color:
        if len(subject.cells) == 1:
            return factor * subject.cells[0].value
        return (
            factor * (compute(Operation.AVERAGE, [cell.value for cell in subject.cells]) or 0.0)
            if subject.cells
            else None
        )
    numbers = find_numbers(text)
    return numbers[0].value if numbers else None


def _color_matches(chart: Chart, question: str, subject: Subject) -> bool | None:
    if not subject.cells or not subject.categories:
        return None
    cell = subject.cells[0]
    color = cell.printed.color or chart.series[cell.series].color
    if color is None:
        return None
    return bool(named_colors(question, [from_hexadecimal(color)]))
