"""Answers questions that need arithmetic: chooses the operands among a chart's values, and computes the result."""

from __future__ import annotations

import re

from cogdoc.engines.builtin.charts.intents import asks_name, names_range
from cogdoc.engines.builtin.charts.matching import COMPUTED, Cell, ChartAnswer, Subject, cells_of
from cogdoc.engines.builtin.charts.operations import (
    Operation,
    compute,
    decimals_of,
    extremes_of,
    format_number,
    gap_extreme_of,
    operation_of,
    ranked_cell,
)
from cogdoc.query.vocabulary import NUMBER_WORDS
from cogdoc.results.records import Chart

_COUNTS = {text: number for word, number in NUMBER_WORDS.items() if 2 <= number <= 5 for text in (word, str(number))}


def arithmetic(chart: Chart, question: str, subject: Subject) -> ChartAnswer | None:
    """The result of the operation that a question asks for; None if it asks for none or the result is undefined."""
    operation = operation_of(question)
    if operation is None and re.search(r"\baverage\b", question, re.IGNORECASE) and len(subject.categories) > 1:
        operation = Operation.AVERAGE
    if operation is None:
        return None
    if operation is Operation.DIFFERENCE and (gap := _widest_gap(chart, question, subject)) is not None:
        return gap
    cells = operands(chart, question, subject, operation)
    value = compute(operation, [cell.value for cell in cells])
    if value is None:
        return None
    decimals = 2 if operation in (Operation.AVERAGE, Operation.RATIO, Operation.MEDIAN) else decimals_of(cells)
    return ChartAnswer(format_number(value, decimals), COMPUTED, cells)


def operands(chart: Chart, question: str, subject: Subject, operation: Operation) -> list[Cell]:
    """The operands of an operation, in the order in which the question names them."""
    counted = _extreme_or_outer(question, subject)
    if counted:
        return counted
    extremes = [
        cell
        for high, rank in extremes_of(question)
        if (cell := ranked_cell(subject.cells, high=high, rank=rank)) is not None
    ]
    if len(extremes) >= 2:
        return extremes
    cells = list(subject.cells)
    if len(subject.categories) >= 2 and operation is not Operation.DIFFERENCE and names_range(question):
        cells = range_between(chart, subject, cells)
    if operation in (Operation.DIFFERENCE, Operation.RATIO):
        return _pair(chart, subject, cells)
    return cells


def _pair(chart: Chart, subject: Subject, cells: list[Cell]) -> list[Cell]:
    """Two cells to compare, in the question's order."""
    if len(subject.categories) >= 2:
        one = subject.series[0] if subject.series else 0
        chosen = [c for i in subject.categories[:2] for c in cells if c.category == i and c.series == one]
        return chosen if len(chosen) == 2 else cells
    if len(subject.series) >= 2 or len(chart.series) == 2:
        order = subject.series[:2] if len(subject.series) >= 2 else (0, 1)
        category = subject.categories[0] if subject.categories else None
        chosen = [c for i in order for c in cells if c.series == i and category in (None, c.category)]
        return chosen if len(chosen) == 2 else cells
    if len(cells) > 2:
        highest, lowest = ranked_cell(cells, high=True, rank=1), ranked_cell(cells, high=False, rank=1)
        return [cell for cell in (highest, lowest) if cell is not None]
    return cells


def range_between(chart: Chart, subject: Subject, cells: list[Cell]) -> list[Cell]:
    """The cells from the first to the last category that the question names; `cells` if there are none."""
    first, last = min(subject.categories), max(subject.categories)
    return [
        cell
        for cell in cells_of(chart)
        if first <= cell.category <= last and (not subject.series or cell.series in subject.series)
    ] or cells


def _extreme_or_outer(question: str, subject: Subject) -> list[Cell]:
    """The cells of "the last two bars" or "the two smallest segments"; none without such words."""
    number = rf"(?P<n>{'|'.join(_COUNTS)})"
    match = re.search(rf"\b(?P<what>first|last|top|bottom|\w+est|left ?most|right ?most) {number}\b", question, re.I)
    match = match or re.search(
        rf"\b{number} (?P<what>first|last|top|bottom|\w+est|left ?most|right ?most)\b", question, re.I
    )
    if match is None:
        return []
    count, what = _COUNTS[match["n"].lower()], match["what"].lower()
    if what.endswith("est") or what in ("top", "bottom"):
        high = what == "top" or any(high for high, _ in extremes_of(what))
        return sorted(subject.cells, key=lambda cell: cell.value, reverse=high)[:count]
    ordered = sorted(subject.cells, key=lambda cell: (cell.series, cell.category))
    return ordered[:count] if what.startswith(("first", "left")) else ordered[-count:]


def _widest_gap(chart: Chart, question: str, subject: Subject) -> ChartAnswer | None:
    """The category in which two series differ most or least, or that difference."""
    highest = gap_extreme_of(question)
    names = subject.series if len(subject.series) >= 2 else tuple(range(len(chart.series)))
    if len(names) != 2 or highest is None or subject.categories:
        return None
    by_indices = {(cell.series, cell.category): cell for cell in cells_of(chart)}
    pairs = [
        (by_indices[names[0], c], by_indices[names[1], c])
        for c in range(len(chart.categories))
        if (names[0], c) in by_indices and (names[1], c) in by_indices
    ]
    if not pairs:
        return None
    ordered = sorted(pairs, key=lambda pair: abs(pair[0].value - pair[1].value), reverse=highest)
    one, other = ordered[0]
    if asks_name(question):
        return ChartAnswer(chart.categories[one.category], COMPUTED, [one, other])
    return ChartAnswer(format_number(abs(one.value - other.value), decimals_of([one, other])), COMPUTED, [one, other])
