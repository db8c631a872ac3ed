"""Counts the values of a chart, as (series, category, value), that agree with the truth.

Follows the relative mapping similarity of Liu et al., "DePlot", ACL Findings 2023, with hard thresholds instead of
soft ones: names must have a similarity of at least 0.5, values must be within 5%.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from cogdoc.evaluation.metrics.short_answers import ANLS_THRESHOLD, RELAXED_TOLERANCE, quantity
from cogdoc.results.records import Chart


class ChartNumber(NamedTuple):
    """One value of a chart; `series` is empty if there is only one series."""

    series: str
    category: str
    value: float


def chart_values(chart: Chart) -> list[ChartNumber]:
    """The values that cogdoc read, without missing ones."""
    single = len(chart.series) == 1
    return [
        ChartNumber("" if single else series.name, category, value.value)
        for series in chart.series
        for category, value in zip(chart.categories, series.values, strict=True)
        if value.value is not None
    ]


def true_values(table: Sequence[Sequence[str]]) -> list[ChartNumber]:
    """The numbers of a table with the series in its first row and the categories in its first column."""
    header, *rows = table
    single = len(header) == 2
    return [
        ChartNumber("" if single else series, row[0], number.value)
        for row in rows
        for series, text in zip(header[1:], row[1:], strict=True)
        if (number := quantity(text)) is not None
    ]


def matched_values(predicted: Sequence[ChartNumber], truth: Sequence[ChartNumber]) -> int:
    """Count the values of `truth` that `predicted` has, matched one to one, the most similar names first."""
    pairs = sorted(
        (
            (_name_similarity(value, true_value), i, j)
            for i, value in enumerate(predicted)
            for j, true_value in enumerate(truth)
        ),
        key=lambda pair: (-pair[0], pair[1], pair[2]),
    )
    used_predicted: set[int] = set()
    used_truth: set[int] = set()
    for similarity, i, j in pairs:
        if (
            similarity >= ANLS_THRESHOLD
            and i not in used_predicted
            and j not in used_truth
            and _agree(predicted[i], truth[j])
        ):
            used_predicted.add(i)
            used_truth.add(j)
    return len(used_truth)


def _name_similarity(left: ChartNumber, right: ChartNumber) -> float:
    """The lower of the similarities of series and category, 0 to 1."""
    names = zip((left.series, left.category), (right.series, right.category), strict=True)
    return min(Levenshtein.normalized_similarity(a.casefold(), b.casefold()) for a, b in names)


def _agree(predicted: ChartNumber, truth: ChartNumber) -> bool:
    return abs(predicted.value - truth.value) <= RELAXED_TOLERANCE * abs(truth.value)
