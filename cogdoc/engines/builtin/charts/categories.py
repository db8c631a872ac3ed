"""Finds the category labels of a bar chart: below the bars of a vertical one, left of those of a horizontal one."""

from __future__ import annotations

import itertools
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.engines.builtin.charts.bar_layout import BarLayout
from cogdoc.engines.builtin.charts.titles import is_source
from cogdoc.parsing.picture_labels import Label, clusters, in_reading_order, phrases

_WRAP_GAP = 0.3
"""Largest gap in text heights between the lines of one label; the axis title is farther away."""
_LINE_PITCH = 1.6
"""Text heights between the centers of two lines of one name at most."""
_AGREEING_YEARS = 0.75
"""Share of the years of an axis that follow each other if it has one for each category."""
FIRST_YEAR, LAST_YEAR = 1500, 2200
"""Four digits outside of these are no year."""


@dataclass(frozen=True, slots=True)
class CategoryName:
    """The name of one category, possibly empty, and the labels that it consists of."""

    text: str
    parts: tuple[Label, ...]


VERTICAL_RATIO = 1.25
"""Height over width above which a label of three or more characters is vertical text, that is, an axis title."""


def category_positions(layout: BarLayout, labels: Sequence[Label], axis_end: float) -> list[float]:
    """The positions of category labels along the category axis, in order; empty if they are unclear.

    `axis_end` is the y of the numbers of the axis: the labels of a vertical chart begin below it, and those of a
    horizontal one end above it.
    """
    band = _band(layout, labels, axis_end)
    if not band:
        return []
    if layout.vertical:
        first = _rows(band)[0]
        if any(label.slanted for label in first):
            return sorted(label.anchor[0] for label in first if label.slanted)
        return sorted(phrase.box.center[0] for phrase in phrases(first, gap=0.9))
    lines = phrases(band, gap=1.2)
    blocks = clusters(lines, lambda line: line.box.center[1], 1.35 * statistics.median(b.height for b in lines))
    return [statistics.fmean(line.box.center[1] for line in block) for block in blocks]


def category_labels(
    layout: BarLayout, centers: Sequence[float], labels: Sequence[Label], axis_end: float
) -> list[CategoryName]:
    """The name at each of `centers`, sorted positions along the category axis; gaps in a series of years are filled."""
    band = _band(layout, labels, axis_end)
    pitch = min((b - a for a, b in itertools.pairwise(centers)), default=4 * layout.thickness)
    by_center: list[list[Label]] = [[] for _ in centers]
    axis = 0 if layout.vertical else 1
    for label in in_reading_order(band):
        position = label.anchor[axis]
        nearest = min(range(len(centers)), key=lambda i: abs(centers[i] - position))
        if abs(centers[nearest] - position) <= max(0.62 * pitch, 0.5 * layout.thickness):
            by_center[nearest].append(label)
    if not layout.vertical:
        by_center = [_lines_around(center, parts) for center, parts in zip(centers, by_center, strict=True)]
    names = [CategoryName(" ".join(part.text for part in parts), tuple(parts)) for parts in by_center]
    return _fill_years(names)


def _lines_around(center: float, parts: Sequence[Label]) -> list[Label]:
    """The labels of lines that follow each other closely around `center`, without what is farther above or below."""
    if not parts:
        return []
    blocks = clusters(parts, lambda part: part.box.center[1], _LINE_PITCH * statistics.median(p.height for p in parts))
    return in_reading_order(min(blocks, key=lambda block: abs(bounding_box(p.box for p in block).center[1] - center)))


def _band(layout: BarLayout, labels: Iterable[Label], axis_end: float) -> list[Label]:
    """The labels in the area where category labels are printed; `axis_end` as in `category_positions`."""
    plot = layout.box
    pitch = max(2.0 * layout.thickness, 24.0)
    upright = [label for label in labels if len(label.text) <= 2 or label.height <= VERTICAL_RATIO * label.box.width]
    if layout.vertical:
        bottom = max(plot.y1, axis_end)
        return _first_rows(
            [
                label
                for label in upright
                if label.box.y0 >= bottom - 0.35 * label.height
                and plot.x0 - pitch <= label.anchor[0] <= plot.x1 + pitch
                and not _is_below_negative(label, layout)
            ]
        )
    left: list[tuple[Label, list[Label]]] = []
    beside = [label for label in upright if label.number is None or label.box.x0 < layout.baseline - 2]
    for phrase, parts in _phrases_with_parts(beside):
        y = phrase.box.center[1]
        if is_source(phrase.text) or plot.y1 < axis_end < y:
            continue
        # Names below the last bar that end at the axis have no bar, since their values are too small.
        ends_at_axis = phrase.number is None and abs(layout.baseline - phrase.box.x1) < 1.5 * phrase.height
        if not plot.y0 - 0.6 * pitch <= y <= plot.y1 + (3 if ends_at_axis else 0.6) * pitch:
            continue
        row = min(layout.rows, key=lambda row: abs(row.center - y))
        if phrase.box.x1 <= row.box.x0 + 0.4 * phrase.height:
            left.append((phrase, parts))
    names = [label for parts in _without_headings(left, plot) for label in parts]
    return [label for label in names if not _is_data_label(label, names, layout)]


def _without_headings(phrases_with_parts: Sequence[tuple[Label, list[Label]]], plot: Box) -> list[list[Label]]:
    """The parts of phrases, without those above or below the bars that do not end where the names beside bars do."""
    beside = [phrase.box.x1 for phrase, _ in phrases_with_parts if plot.y0 <= phrase.box.center[1] <= plot.y1]
    end = statistics.median_high(beside) if beside else plot.x0
    return [
        parts
        for phrase, parts in phrases_with_parts
        if plot.y0 <= phrase.box.center[1] <= plot.y1 or abs(phrase.box.x1 - end) < phrase.height
    ]


def _phrases_with_parts(labels: Sequence[Label]) -> list[tuple[Label, list[Label]]]:
    whole = phrases(labels, gap=1.2)
    parts: list[list[Label]] = [[] for _ in whole]
    for label in labels:
        owner = max(range(len(whole)), key=lambda i: whole[i].box.overlap(label.box))
        parts[owner].append(label)
    return list(zip(whole, parts, strict=True))


def _is_below_negative(label: Label, layout: BarLayout) -> bool:
    """Whether a label is the number right below a bar that goes down from the baseline of a vertical chart."""
    if label.number is None:
        return False
    row = min(layout.rows, key=lambda row: abs(row.center - label.box.center[0]))
    end = row.box.x1
    hangs = end > layout.baseline + 3 and row.box.x0 >= layout.baseline - 3
    return (
        hangs and -3 <= label.box.y0 - end <= label.height and abs(row.center - label.box.center[0]) < layout.thickness
    )


def _is_data_label(label: Label, left: Sequence[Label], layout: BarLayout) -> bool:
    """Whether a label is the number right before a bar that goes left, with a name farther left."""
    if label.number is None:
        return False
    row = min(layout.rows, key=lambda row: abs(row.center - label.box.center[1]))
    if row.box.x0 >= layout.baseline - 3 or row.box.x0 - label.box.x1 > 2 * label.height:
        return False
    return any(other.box.x1 < label.box.x0 and other.box.vertical_overlap(label.box) > 0.5 for other in left)


def _rows(labels: Sequence[Label]) -> list[list[Label]]:
    typical = statistics.median(label.height for label in labels)
    if any(label.slanted for label in labels):
        return [list(labels)]
    return clusters(labels, lambda label: label.box.center[1], 0.45 * typical)


def _first_rows(below: Sequence[Label]) -> list[Label]:
    """The rows right below the axis, down to the first gap."""
    if not below:
        return []
    slanted = [label for label in below if label.slanted]
    if len(slanted) >= 2:
        top = min(label.box.y0 for label in slanted)
        first = [label for label in slanted if label.box.y0 <= top + 1.5 * label.height]
        band = bounding_box(label.box for label in first)
        # Short names look level to OCR, although they are slanted as the others.
        return [label for label in below if label in first or band.vertical_overlap(label.box) > 0.5]
    rows = _rows(below)
    first_rows = list(rows[0])
    for before, after in itertools.pairwise(rows):
        bottom = max(label.box.y1 for label in before)
        top = min(label.box.y0 for label in after)
        continues = _continue_labels if before is rows[0] else _is_below
        if top - bottom > _WRAP_GAP * min(label.height for label in before) or not continues(before, after):
            break
        first_rows += after
    return first_rows


def _continue_labels(before: Sequence[Label], after: Sequence[Label]) -> bool:
    """Whether a row continues the labels above it; labels are wrapped only where they would touch each other.

    Otherwise the row is the title of the axis: then its first word would have fit beside the labels above.
    """
    upper = sorted(phrases(before, gap=0.9), key=lambda phrase: phrase.box.x0)
    if len(upper) < 2:
        return True
    lower = phrases(after)
    if len(upper) > 2 and len(lower) == 1 and _is_centered(lower[0], upper):
        return False
    pitch = min(right.box.center[0] - left.box.center[0] for left, right in itertools.pairwise(upper))
    for phrase in lower:
        first = min((label for label in after if phrase.box.overlap(label.box) > 0), key=lambda label: label.box.x0)
        above = min(upper, key=lambda other: abs(other.box.center[0] - phrase.box.center[0]))
        if above.box.width + 0.4 * first.height + first.box.width > 0.85 * pitch:
            return True
    return False


def _is_below(before: Sequence[Label], after: Sequence[Label]) -> bool:
    """Whether each phrase of a row is below one of a row that continues labels itself."""
    upper = phrases(before, gap=0.9)
    return all(any(phrase.box.horizontal_overlap(above.box) > 0.5 for above in upper) for phrase in phrases(after))


def _is_centered(title: Label, labels: Sequence[Label]) -> bool:
    """Whether the only phrase below the labels is centered below the axis, like its title."""
    middle = (labels[0].box.center[0] + labels[-1].box.center[0]) / 2
    return abs(title.box.center[0] - middle) < 0.5 * title.height


def _fill_years(names: list[CategoryName]) -> list[CategoryName]:
    """Name the years between labels, since only every second or fifth may be labelled, and correct misread ones."""
    years = {i: int(name.text) for i, name in enumerate(names) if name.text.isdigit() and len(name.text) == 4}
    series = Counter((year - step * i, step) for i, year in years.items() for step in (1, -1))
    if not series:
        return names
    (first, step), agreeing = series.most_common(1)[0]
    wrong = {i for i, year in years.items() if year != first + step * i}
    if agreeing < max(2, _AGREEING_YEARS * len(years)) or not all(_is_misread(i, years, step) for i in wrong):
        return names
    return [
        CategoryName(str(first + step * i), name.parts) if not name.text or i in wrong else name
        for i, name in enumerate(names)
    ]


def _is_misread(index: int, years: Mapping[int, int], step: int) -> bool:
    """Whether a year is none, or is not between those of its neighbors."""
    year = years[index]
    before = [step * (year - years[other]) > 0 for other in years if other < index]
    after = [step * (years[other] - year) > 0 for other in years if other > index]
    return not FIRST_YEAR <= year <= LAST_YEAR or not all((*before[-1:], *after[:1]))
