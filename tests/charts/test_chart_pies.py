"""Pie charts are read with one value for each slice."""

from __future__ import annotations

import pytest
from chart_painting import pie_chart
from test_chart_bars import read

from cogdoc.results.records import ChartKind

NAMES = ["Rent", "Food", "Travel", "Savings"]
SHARES = [42, 27, 19, 12]


def by_name(chart) -> dict[str, float]:
    return {name: value.value for name, value in zip(chart.categories, chart.series[0].values, strict=True)}


def test_printed_shares_go_with_their_slices() -> None:
    chart = read(pie_chart(SHARES, NAMES, labels=True))
    assert chart.kind is ChartKind.PIE
    assert by_name(chart) == dict(zip(NAMES, SHARES, strict=True))
    assert chart.unit == "%"
    assert not chart.measured


@pytest.mark.parametrize("hole", [0.0, 0.45])
def test_shares_are_measured_where_none_is_printed(hole: float) -> None:
    chart = read(pie_chart(SHARES, NAMES, labels=False, hole=hole))
    assert chart.measured
    assert by_name(chart) == {name: pytest.approx(share, abs=1.0) for name, share in zip(NAMES, SHARES, strict=True)}


def test_a_legend_names_the_slices() -> None:
    canvas = pie_chart(SHARES, ["", "", "", ""], labels=False)
    canvas.lines = []
    canvas.legend(NAMES)
    assert by_name(read(canvas)) == {
        name: pytest.approx(share, abs=1.0) for name, share in zip(NAMES, SHARES, strict=True)
    }


def test_many_small_slices_do_not_move_the_shares_of_the_large_ones() -> None:
    names = ["Tin", "Iron", "Coal", "Salt", "Clay"]
    canvas = pie_chart([25, 45, 24.6], ["Sand", "Wood", "Wool"], labels=True)
    for i, (name, share) in enumerate(zip(names, (0.1, 0.2, 0.9, 1.2, 3), strict=True)):
        canvas.text(330, 30 + 16 * i, f"{name} {share}%", anchor="lm")
    shares = by_name(read(canvas))
    assert (shares["Sand"], shares["Wood"], shares["Wool"]) == (25, 45, 24.6)
