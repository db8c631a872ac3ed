"""Charts of PDF pages are read one by one, each with its own title, legend and marks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pymupdf
import pytest

import cogdoc
from cogdoc.results.records import Chart

SAMPLES = Path(__file__).parents[2] / "samples"
COLORS = ((0.1, 0.3, 0.6), (0.9, 0.5, 0.1), (0.2, 0.6, 0.3))
SOLD = {"Tools": [20.0, 25, 31, 38], "Garden": [12.0, 14, 13, 19]}
COSTS = {"": [55.0, 22, 13]}
STAFF = {"": [140.0, 90, 65]}


def draw_chart(
    page: pymupdf.Page,
    plot: pymupdf.Rect,
    title: str,
    categories: Sequence[str],
    series: dict[str, list[float]],
    highest: float,
) -> None:
    """Bars with a title and a legend above the plot, as report generators draw them."""
    page.insert_text((plot.x0, plot.y0 - 26), title, fontsize=12, fontname="hebo")
    legend = plot.x0
    for name, color in zip(filter(None, series), COLORS, strict=False):
        page.draw_rect(pymupdf.Rect(legend, plot.y0 - 20, legend + 9, plot.y0 - 11), fill=color, color=None)
        page.insert_text((legend + 13, plot.y0 - 12), name, fontsize=8)
        legend += 20 + 6 * len(name)
    for step in range(5):
        y = plot.y1 - plot.height * step / 4
        page.draw_line((plot.x0, y), (plot.x1, y), color=(0.85, 0.85, 0.85))
        page.insert_text((plot.x0 - 22, y + 3), f"{highest * step / 4:g}", fontsize=7)
    group = plot.width / len(categories)
    bar = 0.7 * group / len(series)
    for index, category in enumerate(categories):
        for place, values in enumerate(series.values()):
            x = plot.x0 + group * (index + 0.15) + place * bar
            top = plot.y1 - plot.height * values[index] / highest
            page.draw_rect(pymupdf.Rect(x, top, x + bar, plot.y1), fill=COLORS[place], color=None)
        page.insert_text((plot.x0 + group * (index + 0.3), plot.y1 + 11), category, fontsize=8)


def assert_table(chart: Chart, title: str, categories: Sequence[str], series: dict[str, list[float]]) -> None:
    assert (chart.title, chart.categories) == (title, tuple(categories))
    assert [one.name for one in chart.series] == list(series)
    for one, values in zip(chart.series, series.values(), strict=True):
        assert [value.value for value in one.values] == pytest.approx(values, rel=0.02)


def test_each_of_several_charts_has_its_own_bars_title_and_legend(tmp_path: Path) -> None:
    with pymupdf.open() as document:
        page = document.new_page()
        page.insert_text((60, 60), "Market overview", fontsize=20, fontname="hebo")
        paragraph = "Sales of both divisions grew again this year. The northern region added the most of all regions."
        page.insert_textbox(pymupdf.Rect(60, 75, 540, 130), paragraph, fontsize=10)
        years = ["2021", "2022", "2023", "2024"]
        draw_chart(page, pymupdf.Rect(80, 190, 500, 340), "Sales by division", years, SOLD, 40)
        page.insert_text((80, 366), "Figure 1: Sales by division in the last four years", fontsize=8, fontname="heit")
        page.insert_textbox(
            pymupdf.Rect(60, 380, 540, 430),
            "Costs were stable, since freight became cheaper after the new contract.",
            fontsize=10,
        )
        costs, staff = pymupdf.Rect(80, 490, 260, 610), pymupdf.Rect(330, 490, 510, 610)
        draw_chart(page, costs, "Costs by kind", ["Wages", "Freight", "Rent"], COSTS, 60)
        draw_chart(page, staff, "Staff by site", ["Leeds", "Ghent", "Turin"], STAFF, 160)
        document.save(tmp_path / "market.pdf")
    charts = [record.chart for record in cogdoc.chart(tmp_path / "market.pdf") if record.chart is not None]
    assert len(charts) == 3
    assert_table(charts[0], "Sales by division", years, SOLD)
    assert_table(charts[1], "Costs by kind", ["Wages", "Freight", "Rent"], COSTS)
    assert_table(charts[2], "Staff by site", ["Leeds", "Ghent", "Turin"], STAFF)


def test_the_sample_report_gives_both_series_with_their_title_and_unit() -> None:
    record = cogdoc.chart(SAMPLES / "report.pdf", ("What was the revenue in 2023?",), pages="7")[0]
    chart = record.chart
    assert chart is not None
    assert (chart.title, chart.unit) == ("Five years of revenue and operating profit", "€ million")
    value = record.answers[0].value
    assert value is not None
    assert value.plain == "368400000 EUR"
    assert [(one.name, one.values[-1].text) for one in chart.series] == [
        ("Revenue", "412.9"),
        ("Operating profit", "67.5"),
    ]
