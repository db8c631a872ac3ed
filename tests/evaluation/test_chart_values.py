"""Scores of the values of charts."""

from __future__ import annotations

from cogdoc.evaluation.metrics.chart_values import ChartNumber, chart_values, matched_values, true_values
from cogdoc.results.records import Chart, ChartKind, ChartSeries, ChartValue


def test_chart_values_match_by_exact_name_and_approximate_value() -> None:
    truth = true_values([["Year", "Sales"], ["2021", "100"], ["2022", "1,200"], ["2023", "n/a"]])
    assert truth == [ChartNumber("", "2021", 100), ChartNumber("", "2022", 1200)]
    found = [ChartNumber("", "2022", 1250), ChartNumber("", "2021", 106), ChartNumber("", "Other", 100)]
    assert matched_values(found, truth) == 1


def test_the_name_of_a_single_series_is_ignored() -> None:
    def chart(*names: str) -> Chart:
        series = tuple(
            ChartSeries(name=name, values=(ChartValue(value=1, confidence=1), ChartValue(value=None, confidence=0)))
            for name in names
        )
        return Chart(kind=ChartKind.BAR, categories=("a", "b"), series=series, measured=False, confidence=1)

    assert chart_values(chart("North")) == [ChartNumber("", "a", 1)]
    assert chart_values(chart("North", "South")) == [ChartNumber("North", "a", 1), ChartNumber("South", "a", 1)]
