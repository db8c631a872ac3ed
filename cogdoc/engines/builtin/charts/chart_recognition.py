"""Recognizes the kind of chart that a picture shows, if any, and reads it: tries pies, then bars, then lines."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.charts.bar_layout import BarLayout, find_layout
from cogdoc.engines.builtin.charts.bars import read_bars
from cogdoc.engines.builtin.charts.chart_parts import Bar, Curve, Drawing, Picture
from cogdoc.engines.builtin.charts.colors import background_of, with_one_background
from cogdoc.engines.builtin.charts.curves import drawn_curves, find_curves, plot_of
from cogdoc.engines.builtin.charts.discs import find_pie
from cogdoc.engines.builtin.charts.dots import find_dots
from cogdoc.engines.builtin.charts.lines import read_lines
from cogdoc.engines.builtin.charts.marks import drawn_bars, find_bars, paint_drawing, without_labels
from cogdoc.engines.builtin.charts.pies import read_pie
from cogdoc.engines.builtin.charts.titles import find_axis_titles, find_title, find_unit
from cogdoc.parsing.page_text import Line
from cogdoc.parsing.picture_labels import Label, labels_of, separate_words, usual_height
from cogdoc.results.records import Chart, ChartKind

_MIN_SIDE = 40
"""Pixels; charts in smaller pictures cannot be read."""
_MIN_PLOT_SHARE = 0.02
"""Share of the picture's area."""
_MIN_VALUES = 2
_MAX_WORDS_PER_BAR = 2.5
"""Words inside bars; a shaded table or form has more."""
_MIN_THICKNESS = 5
"""Pixels; thinner bars are close to each other..."""
_MAX_PITCH = 6
"""...at most as many times their thickness."""
_MAX_WORDS_AMONG_CURVES = 12
"""Words between the lines besides their names; a form with ruled lines has more."""


def read_chart(picture: Picture, lines: Iterable[Line], drawing: Drawing | None = None) -> Chart | None:
    """The chart that `picture` shows with its titles, or None; see `read_marks`."""
    lines = list(lines)
    found = read_marks(picture, lines, drawing)
    return with_titles(*found, lines) if found is not None else None


def read_marks(picture: Picture, lines: Sequence[Line], drawing: Drawing | None = None) -> tuple[Chart, Box] | None:
    """The chart that `picture` shows without its titles, and the box of its plot; None if it shows none.

    Args:
        picture: RGB pixels, (height, width, 3).
        lines: the text in the picture, with boxes in its pixels.
        drawing: its vector paths in its pixels, if they are known.

    The boxes of the result are in pixels of the picture.
    """
    if min(picture.shape[:2]) < _MIN_SIDE or not lines:
        return None
    labels = labels_of(lines)
    picture = with_one_background(picture)
    result = None
    if drawing is not None and drawing.paths:
        result = _read_drawing(drawing, picture, labels, lines)
    result = result or _read_picture(picture, labels, lines)
    if result is None:
        return None
    values = sum(value.value is not None for series in result[0].series for value in series.values)
    return result if values >= _MIN_VALUES else None


def with_titles(chart: Chart, plot: Box, lines: Sequence[Line]) -> Chart:
    """The chart with what the lines around its plot say: its title, those of its axes, and the unit of its values."""
    names = [*chart.categories, *(series.name for series in chart.series)]
    x_title, y_title = find_axis_titles(lines, plot, names)
    if chart.kind is ChartKind.PIE:
        x_title = y_title = None
    title = find_title(lines, plot, names)
    unit = chart.unit or find_unit(lines, plot, (title, y_title), names)
    return chart.model_copy(update={"title": title, "x_title": x_title, "y_title": y_title, "unit": unit})


def _read_picture(picture: Picture, labels: Sequence[Label], lines: Sequence[Line]) -> tuple[Chart, Box] | None:
    words = [word for line in lines for word in separate_words(line)]
    clean = without_labels(picture, words)
    return (
        _read_pie(picture, labels)
        or _read_dots(picture, labels)
        or _read_bars(find_bars(clean), clean, labels, lines)
        or _read_lines(find_curves(picture, words), picture, labels, lines)
    )


def _read_drawing(
    drawing: Drawing, picture: Picture, labels: Sequence[Label], lines: Sequence[Line]
) -> tuple[Chart, Box] | None:
    """Like `_read_picture`, but with exact marks; where pixels are needed, the drawing is painted without its text."""
    canvas = paint_drawing(drawing, picture.shape[:2])
    return (
        _read_pie(canvas, labels)
        or _read_bars(drawn_bars(drawing, background_of(picture)), canvas, labels, lines)
        or _read_lines(drawn_curves(drawing), picture, labels, lines)
    )


def _read_lines(
    curves: Sequence[Curve], picture: Picture, labels: Sequence[Label], lines: Sequence[Line]
) -> tuple[Chart, Box] | None:
    if not curves or not _is_large(plot_of(curves), picture, thin=True) or _are_rules(curves, lines):
        return None
    return read_lines(curves, labels, picture, background_of(picture))


def _read_pie(picture: Picture, labels: Sequence[Label]) -> tuple[Chart, Box] | None:
    pie = find_pie(picture)
    if pie is None:
        return None
    chart, box = read_pie(pie, labels, picture)
    named = sum(bool(name) for name in chart.categories)
    printed = sum(value.text is not None for value in chart.series[0].values)
    return (chart, box) if max(named, printed) >= 0.5 * len(chart.categories) else None


def _read_bars(
    bars: Sequence[Bar], picture: Picture, labels: Sequence[Label], lines: Sequence[Line]
) -> tuple[Chart, Box] | None:
    layout = find_layout(bars)
    if layout is None or not _is_plausible(layout, picture, lines):
        return None
    return _read_layout(layout, picture, labels)


def _read_dots(picture: Picture, labels: Sequence[Label]) -> tuple[Chart, Box] | None:
    layout = find_dots(picture)
    return _read_layout(layout, picture, labels) if layout is not None else None


def _read_layout(layout: BarLayout, picture: Picture, labels: Sequence[Label]) -> tuple[Chart, Box] | None:
    result = read_bars(layout, labels, picture)
    if result is None:
        return None
    chart, _ = result
    values = [value for series in chart.series for value in series.values if value.value is not None]
    named = sum(bool(name) for name in chart.categories)
    if not values or named < 0.34 * len(chart.categories):
        return None
    return result


def _are_rules(curves: Sequence[Curve], lines: Sequence[Line]) -> bool:
    """Whether curves are in fact the ruled lines or the text of a page."""
    plot = plot_of(curves)
    inside = sum(
        plot.contains_point(*word.box.center) and any(char.isalpha() for char in word.text)
        for line in lines
        for word in line.words
    )
    return inside > _MAX_WORDS_AMONG_CURVES + 4 * len(curves)


def _is_plausible(layout: BarLayout, picture: Picture, lines: Sequence[Line]) -> bool:
    """Whether bars are large enough, and not the swatches of a legend or the stripes of a table."""
    height = usual_height(lines)
    bars = layout.bars
    if not _is_large(layout.box, picture):
        return False
    if layout.thickness < _MIN_THICKNESS and layout.pitch > _MAX_PITCH * layout.thickness:
        return False  # level lines of a line chart
    lengths = [bar.box.width for bar in bars]
    if max(lengths) < 1.5 * height and layout.thickness < 1.5 * height:
        return False
    inside = sum(
        bar.box.contains_point(*(word.box.center if not layout.vertical else word.box.center[::-1]))
        for bar in bars
        for line in lines
        for word in line.words
    )
    if inside > _MAX_WORDS_PER_BAR * len(bars):
        return False
    alike = max(lengths) - min(lengths) < 0.02 * max(lengths) and not layout.stacked
    stripes = alike and len(layout.rows) > 2
    if stripes and layout.are_touching:
        return False  # an area or a background that lines of a grid divide
    return (len(layout.rows) >= 2 and not stripes) or statistics.mean(lengths) > 4 * height


def _is_large(box: Box, picture: Picture, *, thin: bool = False) -> bool:
    height, width = picture.shape[:2]
    if thin:
        return bool(box.width >= 0.25 * width)
    return bool(box.area >= _MIN_PLOT_SHARE * width * height and min(box.width / width, box.height / height) > 0.04)
