"""Draws a chart from its values as SVG, so that it can be compared with the original."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from cogdoc.results.html.chart_scale import scale_for
from cogdoc.results.printable import printable
from cogdoc.results.printed_value import plain_decimal
from cogdoc.results.records import Chart, ChartKind, ChartValue
from cogdoc.text import text_width

WIDTH, HEIGHT = 640.0, 380.0
ROW = 22.0
"""Height of a bar of a horizontal chart, with its gap."""
CHAR = 6.6
"""Width of a Latin letter of a label."""
LABEL_LENGTH = 22
"""Width, in Latin letters, at which labels of categories are cut; the table has them in full."""
MAX_VALUE_LABELS = 30
"""More marks than these get no printed values."""
PALETTE = ("#3b6ea5", "#d1822c", "#4d8f5b", "#b0483f", "#7b62a3", "#8a6d4b", "#c069a0", "#6f7b80", "#a3a035", "#3f9aa8")
"""For series without a color of their own."""
DOUBTFUL = 0.5

_HORIZONTAL = frozenset({ChartKind.HORIZONTAL_BAR, ChartKind.STACKED_HORIZONTAL_BAR})
_STACKED = frozenset({ChartKind.STACKED_BAR, ChartKind.STACKED_HORIZONTAL_BAR})


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """What a color stands for."""

    name: str
    color: str


def draw_chart(chart: Chart, key: str) -> Markup:
    """The chart as an `svg` element.

    Args:
        key: the beginning of the marks' keys, which link them to the cells of the table: `key-category-series`.
    """
    if not chart.categories or not chart.series:
        return Markup("")
    if chart.kind is ChartKind.PIE:
        return _svg(chart, 340.0, 300.0, _pie(chart, key))
    drawing = _Axes(chart, key)
    return _svg(chart, WIDTH, drawing.height, drawing.parts())


def legend_of(chart: Chart) -> list[LegendEntry]:
    """The colors of the drawing and their names; empty if there is nothing to tell apart."""
    if chart.kind is ChartKind.PIE and chart.series:
        return [
            LegendEntry(category, color_of(chart, 0, row, by_category=True))
            for row, category in enumerate(chart.categories)
        ]
    if len(chart.series) < 2:
        return []
    return [
        LegendEntry(series.name or str(index + 1), series.color or PALETTE[index % len(PALETTE)])
        for index, series in enumerate(chart.series)
    ]


def color_of(chart: Chart, series: int, category: int, *, by_category: bool = False) -> str:
    """The color of a mark: its own, that of its series, or one of the palette."""
    value = chart.series[series].values[category]
    if value.color is not None:
        return value.color
    if by_category:
        return PALETTE[category % len(PALETTE)]
    return chart.series[series].color or PALETTE[series % len(PALETTE)]


def value_text(value: ChartValue) -> str:
    """A value as printed, or in up to six digits."""
    if value.text:
        return value.text
    return "" if value.value is None else plain_decimal(float(f"{value.value:.6g}"))


def _svg(chart: Chart, width: float, height: float, parts: Iterator[Markup]) -> Markup:
    name = f"{chart.kind.replace('-', ' ')} chart" if chart.kind is not ChartKind.UNKNOWN else "chart"
    label = f"{name}, drawn from the values of the table{f': {chart.title}' if chart.title else ''}"
    head = Markup('<svg class="drawn" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
        _number(width), _number(height), printable(label[:1].upper() + label[1:])
    )
    return head + Markup("").join(parts) + Markup("</svg>")


class _Axes:
    """A chart with a category axis and a value axis. Points are (along the categories, along the values)."""

    def __init__(self, chart: Chart, key: str) -> None:
        self._chart = chart
        self._key = key
        self._flat = chart.kind in _HORIZONTAL
        self._stacked = chart.kind in _STACKED
        self._line = chart.kind is ChartKind.LINE
        self._names = [_cut(category) for category in chart.categories]
        columns = zip(*(series.values for series in chart.series), strict=True)
        tops = [top for column in columns for top in _tops(column, stacked=self._stacked)]
        self._scale = scale_for(tops, from_zero=not self._line)
        self._ticks = [plain_decimal(float(f"{tick:.6g}")) for tick in self._scale.ticks]
        widest_name = CHAR * max(map(text_width, self._names)) + 12
        widest_tick = CHAR * max(map(text_width, self._ticks)) + 12
        self._left = min(widest_name, 0.4 * WIDTH) if self._flat else min(widest_tick, 0.3 * WIDTH)
        self._right = WIDTH - 40 if self._flat else WIDTH - 8
        per_category = 1 if self._stacked else len(chart.series)
        self._top = 18.0
        self._slot = (self._right - self._left) / len(self._names)
        self._slanted = not self._flat and widest_name > self._slot
        if self._flat:
            self._slot = ROW * per_category + 10
            self._bottom = self._top + self._slot * len(self._names)
            self.height = self._bottom + 26
        else:
            self._bottom = HEIGHT - (0.6 * widest_name + 14 if self._slanted else 28)
            self.height = HEIGHT

    def parts(self) -> Iterator[Markup]:
        yield from self._grid()
        yield from self._category_labels()
        yield from (self._lines() if self._line else self._bars())
        zero = self._at(self._scale.share(0.0))
        ends = (zero, self._top, zero, self._bottom) if self._flat else (self._left, zero, self._right, zero)
        yield _line("axis", *ends)

    def _at(self, share: float) -> float:
        """Where on the value axis something is."""
        if self._flat:
            return self._left + share * (self._right - self._left)
        return self._bottom - share * (self._bottom - self._top)

    def _start(self, category: int) -> float:
        return (self._top if self._flat else self._left) + category * self._slot

    def _grid(self) -> Iterator[Markup]:
        for tick, text in zip(self._scale.ticks, self._ticks, strict=True):
            at = self._at(self._scale.share(tick))
            if self._flat:
                yield _line("grid", at, self._top, at, self._bottom)
                yield _text("tick", at, self._bottom + 16, text, "middle")
            else:
                yield _line("grid", self._left, at, self._right, at)
                yield _text("tick", self._left - 6, at + 4, text, "end")

    def _category_labels(self) -> Iterator[Markup]:
        every = max(1, math.ceil(14 / self._slot))
        for index, name in enumerate(self._names):
            middle = self._start(index) + self._slot / 2
            if index % every:
                continue
            if self._flat:
                yield _text("name", self._left - 8, middle + 4, name, "end")
            elif self._slanted:
                turn = Markup(' transform="rotate(-35 {0} {1})"').format(
                    _number(middle + 4), _number(self._bottom + 14)
                )
                yield _text("name", middle + 4, self._bottom + 14, name, "end", turn)
            else:
                yield _text("name", middle, self._bottom + 18, name, "middle")

    def _bars(self) -> Iterator[Markup]:
        count = 1 if self._stacked else len(self._chart.series)
        gap = min(10.0, 0.18 * self._slot)
        thickness = (self._slot - 2 * gap) / count
        for row in range(len(self._names)):
            ends = {1: 0.0, -1: 0.0}
            for column, series in enumerate(self._chart.series):
                value = series.values[row]
                if value.value is None:
                    continue
                side = -1 if value.value < 0 else 1
                base = ends[side] if self._stacked else 0.0
                ends[side] = end = base + value.value
                offset = 0 if self._stacked else column * thickness
                start = self._start(row) + gap + offset
                yield self._bar(row, column, (start, thickness - (0 if self._stacked else 1)), (base, end))

    def _bar(self, row: int, column: int, extent: tuple[float, float], ends: tuple[float, float]) -> Markup:
        value = self._chart.series[column].values[row]
        low, high = sorted(self._at(self._scale.share(end)) for end in ends)
        start, thickness = extent
        across, along = (start, max(0.5, thickness)), (low, max(1.0, high - low))
        (x, width), (y, height) = (along, across) if self._flat else (across, along)
        shape = Markup('<rect x="{}" y="{}" width="{}" height="{}"').format(*map(_number, (x, y, width, height)))
        mark = self._mark(row, column, shape)
        if self._stacked or self._marks() > MAX_VALUE_LABELS:
            return mark
        text = value_text(value)
        if self._flat:
            return mark + _text("value", high + 5, start + thickness / 2 + 4, text, "start")
        if CHAR * text_width(text) > 1.25 * max(thickness, 24):
            return mark
        return mark + _text("value", start + thickness / 2, low - 5, text, "middle")

    def _lines(self) -> Iterator[Markup]:
        for column, series in enumerate(self._chart.series):
            color = series.color or PALETTE[column % len(PALETTE)]
            points = [
                None
                if value.value is None
                else (self._start(row) + self._slot / 2, self._at(self._scale.share(value.value)))
                for row, value in enumerate(series.values)
            ]
            for run in _runs(points):
                path = " ".join(f"{_number(x)},{_number(y)}" for x, y in run)
                yield Markup('<polyline class="curve" points="{}" stroke="{}"/>').format(path, color)
            for row, point in enumerate(points):
                if point is None:
                    continue
                shape = Markup('<circle cx="{}" cy="{}" r="4"').format(*map(_number, point))
                yield self._mark(row, column, shape)
                if len(self._chart.series) == 1 and self._marks() <= MAX_VALUE_LABELS:
                    yield _text("value", point[0], point[1] - 10, value_text(series.values[row]), "middle")

    def _mark(self, row: int, column: int, shape: Markup) -> Markup:
        return _mark(self._chart, self._key, row, column, shape, color_of(self._chart, column, row))

    def _marks(self) -> int:
        return len(self._chart.series) * len(self._names)


def _pie(chart: Chart, key: str) -> Iterator[Markup]:
    values = [max(0.0, value.value or 0.0) for value in chart.series[0].values]
    total = sum(values)
    if not total or not math.isfinite(total):
        return
    center, radius, angle = (170.0, 150.0), 135.0, -0.5 * math.pi
    for row, value in enumerate(values):
        if value == 0:
            continue
        share = value / total
        color = color_of(chart, 0, row, by_category=True)
        if share > 0.9999:
            shape = Markup('<circle cx="{}" cy="{}" r="{}"').format(*map(_number, (*center, radius)))
        else:
            shape = Markup('<path d="{}"').format(_slice(center, radius, angle, angle + 2 * math.pi * share))
        yield _mark(chart, key, row, 0, shape, color)
        middle = angle + math.pi * share
        if share >= 0.05:
            x, y = (c + 0.7 * radius * f(middle) for c, f in zip(center, (math.cos, math.sin), strict=True))
            yield _text(f"slice {_ink_on(color)}", x, y + 4, value_text(chart.series[0].values[row]), "middle")
        angle += 2 * math.pi * share


def _slice(center: tuple[float, float], radius: float, start: float, end: float) -> str:
    x, y = center
    ends = [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in (start, end)]
    (x0, y0), (x1, y1) = ((_number(px), _number(py)) for px, py in ends)
    large = int(end - start > math.pi)
    return f"M{_number(x)} {_number(y)}L{x0} {y0}A{radius} {radius} 0 {large} 1 {x1} {y1}Z"


def _ink_on(color: str) -> str:
    """Whether light or dark text is readable on a color."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return "on-light" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "on-dark"


def _mark(chart: Chart, key: str, row: int, column: int, shape: Markup, color: str) -> Markup:
    """A bar, point or slice with its name."""
    series, value = chart.series[column], chart.series[column].values[row]
    doubtful = value.confidence < DOUBTFUL
    name = ", ".join(filter(None, (series.name, chart.categories[row])))
    title = f"{name}: {value_text(value)}{' (doubtful)' if doubtful else ''}"
    return Markup('{} class="mark-drawn{}" fill="{}" data-at="{}-{}-{}"><title>{}</title></{}>').format(
        shape,
        " doubtful" if doubtful else "",
        color,
        key,
        row,
        column,
        printable(title),
        shape[1:].split(" ", 1)[0],
    )


def _tops(column: Sequence[ChartValue], *, stacked: bool) -> list[float]:
    """The ends of a category's bars on the value axis."""
    values = [value.value for value in column if value.value is not None]
    if not stacked:
        return values
    kept: tuple[Callable[[float], float], ...] = (lambda v: max(v, 0.0), lambda v: min(v, 0.0))
    return [sum(map(part, values)) for part in kept]


def _runs(points: Sequence[tuple[float, float] | None]) -> Iterator[list[tuple[float, float]]]:
    """The points of a curve, parted where values are missing."""
    run: list[tuple[float, float]] = []
    for point in (*points, None):
        if point is not None:
            run.append(point)
        elif run:
            yield run
            run = []


def _line(name: str, x1: float, y1: float, x2: float, y2: float) -> Markup:
    return Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(name, *map(_number, (x1, y1, x2, y2)))


def _text(name: str, x: float, y: float, text: str, anchor: str, attributes: Markup = Markup("")) -> Markup:  # noqa: B008
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}"{}>{}</text>').format(
        name, _number(x), _number(y), anchor, attributes, printable(text)
    )


def _cut(name: str) -> str:
    if text_width(name) <= LABEL_LENGTH:
        return name
    while text_width(name) >= LABEL_LENGTH:
        name = name[:-1]
    return f"{name}…"


def _number(value: float) -> str:
    return plain_decimal(round(value, 1))
