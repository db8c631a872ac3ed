"""Make charts as people paste them into slides: charts/*.png."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from samples.making.facts import ChartFacts, Question, Sample, SeriesFacts, ask, unanswerable

COLORS = ("#1f6f8b", "#e09f3e", "#7a9e7e", "#9e4770", "#577590")
LOOK: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "axes.titlesize": 14,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#d9dee2",
    "legend.frameon": False,
    "figure.constrained_layout.w_pad": 0.2,
    "figure.constrained_layout.h_pad": 0.2,
}

BAR = ChartFacts(
    kind="bar",
    title="Library visits by branch, 2024",
    x_title="Branch",
    y_title="Visits (thousand)",
    categories=("Harbour", "Millgate", "Oakfield", "Station", "Westhill"),
    series=(SeriesFacts("Visits", (84.2, 61.5, 47.8, 112.6, 35.1)),),
    printed=True,
)
GROUPED = ChartFacts(
    kind="bar",
    title="Bicycle rentals by season",
    x_title="Season",
    y_title="Rentals",
    categories=("Spring", "Summer", "Autumn", "Winter"),
    series=(
        SeriesFacts("2022", (1450, 2380, 1720, 640)),
        SeriesFacts("2023", (1690, 2710, 1880, 730)),
        SeriesFacts("2024", (1930, 3040, 2150, 820)),
    ),
    printed=False,
)
STACKED = ChartFacts(
    kind="stacked-bar",
    title="Electricity generation by source",
    x_title="Year",
    y_title="Generation (GWh)",
    categories=("2020", "2021", "2022", "2023", "2024"),
    series=(
        SeriesFacts("Wind", (120, 145, 168, 196, 224)),
        SeriesFacts("Solar", (46, 58, 77, 95, 118)),
        SeriesFacts("Hydro", (88, 82, 91, 79, 85)),
    ),
    printed=True,
)
HORIZONTAL = ChartFacts(
    kind="horizontal-bar",
    title="Average commute by city",
    x_title="Minutes",
    y_title="City",
    categories=("Elmsworth", "Fennimore", "Lowmere", "Ashbeck", "Kestrel Point", "Norhaven"),
    series=(SeriesFacts("Commute", (34, 27, 41, 19, 23, 52)),),
    printed=True,
)
LINE = ChartFacts(
    kind="line",
    title="Mean monthly temperature",
    x_title="Month",
    y_title="Temperature (°C)",
    categories=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    series=(
        SeriesFacts("Elmsworth", (3.2, 3.8, 6.4, 9.7, 13.5, 16.8, 18.9, 18.4, 15.2, 11.1, 6.9, 4.1)),
        SeriesFacts("Norhaven", (-4.6, -3.9, -0.8, 3.7, 8.6, 12.4, 14.7, 13.9, 9.8, 5.2, 0.3, -3.1)),
    ),
    printed=False,
)
PIE = ChartFacts(
    kind="pie",
    title="Household spending",
    x_title=None,
    y_title=None,
    categories=("Housing", "Food", "Transport", "Leisure", "Other"),
    series=(SeriesFacts("Share (%)", (34, 22, 17, 12, 15)),),
    printed=True,
)


def make(folder: Path) -> list[Sample]:
    (folder / "charts").mkdir(exist_ok=True)
    return [_make(folder, name, chart, draw, questions) for name, chart, draw, questions in CHARTS]


def _make(
    folder: Path,
    name: str,
    chart: ChartFacts,
    draw: Callable[[Axes, ChartFacts], None],
    questions: tuple[Question, ...],
) -> Sample:
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **LOOK, "backend": "agg"}):
        figure = Figure(figsize=(8, 5), dpi=120, layout="constrained")
        axes = figure.add_subplot()
        draw(axes, chart)
        axes.set_title(chart.title, pad=14)
        axes.set_xlabel(chart.x_title or "")
        axes.set_ylabel(chart.y_title or "")
        # By default, matplotlib writes its name and version, which would change the bytes with every release.
        figure.savefig(folder / "charts" / f"{name}.png", metadata={"Software": None})
    legend = tuple(series.name for series in chart.series) if len(chart.series) > 1 else ()
    # Without the title of the vertical axis, which is sideways: plain OCR need not read it.
    upright = tuple(title for title in (chart.title, chart.x_title) if title)
    return Sample(
        file=f"charts/{name}.png",
        kind="chart",
        text=(*upright, *chart.categories, *legend),
        questions=questions,
        charts=(chart,),
    )


def _draw_bars(axes: Axes, chart: ChartFacts) -> None:
    width = 0.62 if len(chart.series) == 1 else 0.8 / len(chart.series)
    for index, series in enumerate(chart.series):
        shift = width * (index - (len(chart.series) - 1) / 2)
        positions = [category + shift for category in range(len(chart.categories))]
        bars = axes.bar(positions, series.values, width, color=COLORS[index], label=series.name)
        if chart.printed:
            axes.bar_label(bars, fmt="{:g}", padding=3)
    axes.margins(y=0.12)
    axes.set_xticks(range(len(chart.categories)), chart.categories)
    axes.grid(visible=True, axis="y")
    if len(chart.series) > 1:
        axes.legend(loc="upper right")


def _draw_stacked_bars(axes: Axes, chart: ChartFacts) -> None:
    bottom = [0.0] * len(chart.categories)
    for series, color in zip(chart.series, COLORS, strict=False):
        bars = axes.bar(chart.categories, series.values, 0.6, bottom=bottom, color=color, label=series.name)
        axes.bar_label(bars, fmt="{:g}", label_type="center", color="white")
        bottom = [below + value for below, value in zip(bottom, series.values, strict=True)]
    axes.set_ylim(0, max(bottom) * 1.2)
    axes.grid(visible=True, axis="y")
    axes.legend(loc="upper left", ncols=len(chart.series))


def _draw_horizontal_bars(axes: Axes, chart: ChartFacts) -> None:
    bars = axes.barh(chart.categories, chart.series[0].values, 0.6, color=COLORS[0])
    axes.bar_label(bars, fmt="{:g}", padding=4)
    axes.margins(x=0.1)
    axes.invert_yaxis()
    axes.grid(visible=True, axis="x")


def _draw_lines(axes: Axes, chart: ChartFacts) -> None:
    for series, color, marker in zip(chart.series, COLORS, "os", strict=False):
        axes.plot(chart.categories, series.values, color=color, marker=marker, linewidth=2.2, label=series.name)
    axes.grid(visible=True, axis="y")
    axes.legend(loc="upper right")


def _draw_pie(axes: Axes, chart: ChartFacts) -> None:
    pie = axes.pie(
        chart.series[0].values,
        labels=list(chart.categories),
        autopct="%d%%",
        pctdistance=0.68,
        colors=COLORS,
        startangle=90,
        counterclock=False,
        wedgeprops={"edgecolor": "white", "linewidth": 1.5},
    )
    for share in pie[2]:
        share.set_color("white")


def value(chart: ChartFacts, series: str, category: str) -> tuple[str, ...]:
    """The answer to a question for one value of a chart."""
    values = next(s.values for s in chart.series if s.name == series)
    return (f"{values[chart.categories.index(category)]:g}",)


def largest(chart: ChartFacts, series: int = 0) -> tuple[str, ...]:
    """The category with the largest value."""
    values = chart.series[series].values
    return (chart.categories[values.index(max(values))],)


CHARTS: tuple[tuple[str, ChartFacts, Callable[[Axes, ChartFacts], None], tuple[Question, ...]], ...] = (
    (
        "bar",
        BAR,
        _draw_bars,
        (
            *ask("How many visits did the Station branch have?", answers=value(BAR, "Visits", "Station")),
            *ask("What is the value for Oakfield?", answers=value(BAR, "Visits", "Oakfield")),
            *ask("Which branch had the most visits?", answers=largest(BAR)),
            *unanswerable("How many visits did the Riverside branch have?"),
        ),
    ),
    (
        "grouped-bar",
        GROUPED,
        _draw_bars,
        (
            *ask("How many rentals were there in summer 2024?", answers=value(GROUPED, "2024", "Summer")),
            *ask("What were the rentals in winter 2022?", answers=value(GROUPED, "2022", "Winter")),
            *ask("Which season had the most rentals in 2023?", answers=largest(GROUPED, 1)),
        ),
    ),
    (
        "stacked-bar",
        STACKED,
        _draw_stacked_bars,
        (
            *ask("How much electricity came from wind in 2023?", answers=value(STACKED, "Wind", "2023")),
            *ask("What was solar generation in 2021?", answers=value(STACKED, "Solar", "2021")),
            *unanswerable("How much electricity came from coal in 2022?"),
        ),
    ),
    (
        "horizontal-bar",
        HORIZONTAL,
        _draw_horizontal_bars,
        (
            *ask("How long is the average commute in Lowmere?", answers=value(HORIZONTAL, "Commute", "Lowmere")),
            *ask("Which city has the longest commute?", answers=largest(HORIZONTAL)),
        ),
    ),
    (
        "line",
        LINE,
        _draw_lines,
        (
            *ask("What is the mean temperature in Elmsworth in July?", answers=value(LINE, "Elmsworth", "Jul")),
            *ask("How cold is it in Norhaven in January?", answers=value(LINE, "Norhaven", "Jan")),
            *ask("Which month is the warmest in Norhaven?", answers=largest(LINE, 1)),
        ),
    ),
    (
        "pie",
        PIE,
        _draw_pie,
        (
            *ask("What share of spending goes to food?", answers=(*value(PIE, "Share (%)", "Food"), "22%")),
            *ask("What is spent most on?", "Which category is the largest?", answers=largest(PIE)),
        ),
    ),
)
