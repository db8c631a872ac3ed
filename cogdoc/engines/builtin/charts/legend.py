"""Finds the names of series: beside legend swatches, in text of a series' color, in headings above the first bars."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.charts.chart_parts import Color, Picture
from cogdoc.engines.builtin.charts.colors import SAME_COLOR, background_of, distance, mask_of, may_color, text_color
from cogdoc.parsing.picture_labels import Label, clusters, in_reading_order, merge_labels, phrases
from cogdoc.parsing.row_clustering import cluster_rows, level_with_first

_MARKS_IN_TEXT = re.compile(r"^[\s■●•▪◆▲▼★□○—–_=*+.|-]+(?=\w)")
_MAX_PATCHES = 150
"""A color with more patches is that of text or a photograph."""
_TEXT_TOLERANCE = 48
"""Large, since antialiased thin letters do not reach their full color."""
_SWATCH_HEIGHT = 1.8
"""The greatest height of a swatch, in heights of its name, which has two thirds of its font without descenders."""


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One swatch and the name beside it."""

    color: Color
    name: str
    box: Box
    """The box of the name."""
    swatch: Box


def find_legend(
    picture: Picture,
    labels: Sequence[Label],
    colors: Sequence[Color],
    marks: Sequence[Box],
    tolerance: int = SAME_COLOR,
) -> list[LegendEntry]:
    """Swatches in `colors` with the names to their right, in reading order, at most one for each color.

    A swatch is a small patch or dash in a series' color, no taller than a line of text and outside the `marks`,
    with a word close to its right.
    """
    swatches = [
        (color, swatch)
        for color in colors
        for swatch in _swatches(picture, color, labels, tolerance)
        if all(swatch.overlap(mark) < 0.5 * swatch.area for mark in marks)
    ]
    entries: list[LegendEntry] = []
    for color, swatch in swatches:
        name = _name_beside(swatch, labels, [other for _, other in swatches if other != swatch])
        if name is not None:
            entries.append(LegendEntry(color, without_marks(name.text), name.box, swatch))
    entries = _with_common_swatch_size(entries)
    aligned = [entry for entry in entries if _in_line(entry, entries)]
    row_height = max((entry.box.height for entry in aligned), default=1.0)
    first: dict[Color, LegendEntry] = {}
    for row in cluster_rows(aligned, lambda entry: entry.box, level_with_first(0.5 * row_height)):
        for entry in row:
            first.setdefault(entry.color, entry)
    return list(first.values())


def names_by_text_color(
    picture: Picture, labels: Iterable[Label], colors: Sequence[Color], background: Color
) -> dict[Color, Label]:
    """Phrases in the color of a series, which are often printed beside the ends of lines."""
    names: dict[Color, list[Label]] = {}
    for label in _without_values(labels):
        if len(label.text) < 2:
            continue
        printed = text_color(picture, label.box, background)
        if printed is None or max(printed) - min(printed) < 30:
            continue
        nearest = min(colors, key=lambda color: distance(color, printed), default=None)
        if nearest is not None and distance(nearest, printed) <= _TEXT_TOLERANCE:
            names.setdefault(nearest, []).append(label)
    joined = {color: _join_lines(parts) for color, parts in names.items()}
    return {color: replace(label, text=without_marks(label.text)) for color, label in joined.items()}


def _without_values(labels: Iterable[Label]) -> list[Label]:
    """The labels except numbers that are no part of a phrase, as they are in "15-49 years old"."""
    labels = list(labels)
    alone = [phrase.box for phrase in phrases(labels, gap=0.6) if not any(char.isalpha() for char in phrase.text)]
    return [label for label in labels if not any(box.overlap(label.box) > 0.9 * label.box.area for box in alone)]


def headings(segments: Mapping[Color, Box], labels: Iterable[Label]) -> dict[Color, Label]:
    """Names right above the segments of the first row, one above each segment."""
    top = min(box.y0 for box in segments.values())
    candidates = [
        label
        for label in labels
        if label.number is None and top - 4.5 * label.height <= label.box.center[1] < top and not label.slanted
    ]
    if not candidates:
        return {}
    chosen: dict[Color, list[Label]] = {}
    floor = top
    right = max(box.x1 for box in segments.values())
    inside = [phrase for phrase in phrases(candidates) if phrase.box.x0 < right]
    for row in reversed(_text_rows(inside) if inside else []):
        if len(chosen) == len(segments) and len(row) < len(segments):
            break
        owners = [_segment_under(phrase, segments) for phrase in row]
        if floor - max(phrase.box.y1 for phrase in row) > (2.5 if floor == top else 0.6) * row[0].height:
            break
        if None in owners or len(set(owners)) < len(owners):
            break
        for owner, phrase in zip(owners, row, strict=True):
            if owner is not None:
                chosen.setdefault(owner, []).insert(0, phrase)
        floor = min(phrase.box.y0 for phrase in row)
    if len(chosen) < len(segments):
        return {}
    return {color: merge_labels(parts) for color, parts in chosen.items()}


def _with_common_swatch_size(entries: Sequence[LegendEntry]) -> list[LegendEntry]:
    """The entries with swatches of the most common width: those of a legend are alike, pieces of marks are not."""
    alike = [
        [
            other
            for other in entries
            if abs(other.swatch.width - entry.swatch.width) <= max(4.0, 0.35 * entry.swatch.width)
        ]
        for entry in entries
    ]
    return max(alike, key=lambda group: (len({entry.color for entry in group}), -len(group)), default=[])


def _text_rows(labels: Sequence[Label]) -> list[list[Label]]:
    return clusters(labels, lambda label: label.box.center[1], 0.5 * labels[0].height)


def _segment_under(phrase: Label, segments: Mapping[Color, Box]) -> Color | None:
    """The one segment below a heading; None if there are several or none."""
    under = [color for color, box in segments.items() if phrase.box.x0 <= box.center[0] <= phrase.box.x1]
    if len(under) > 1:
        return None
    nearest = min(segments, key=lambda color: abs(segments[color].center[0] - phrase.box.center[0]))
    box = segments[nearest]
    reach = 0.75 * phrase.box.width
    return nearest if box.x0 - reach <= phrase.box.center[0] <= box.x1 + reach else None


def _swatches(picture: Picture, color: Color, labels: Sequence[Label], tolerance: int) -> list[Box]:
    background = background_of(picture)
    same_ink = [
        label.box
        for label in labels
        if (ink := text_color(picture, label.box, background)) is not None and may_color(ink, color, background)
    ]
    mask = mask_of(picture, color, tolerance).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    boxes = []
    for x, y, width, height, area in stats[1:count]:
        if width >= 3 and height >= 2 and area >= 8 and width <= 70 and height <= 30:
            box = Box(float(x), float(y), float(x + width), float(y + height))
            if _is_swatch(box, labels) and not any(box.overlap(text) > 0.5 * box.area for text in same_ink):
                boxes.append(box)
    return boxes if len(boxes) <= _MAX_PATCHES else []


def _is_swatch(box: Box, labels: Iterable[Label]) -> bool:
    """Whether a patch is not part of a word; OCR may read the swatch itself as a first character."""
    return not any(
        box.overlap(label.box) > 0.6 * box.area
        and label.text[0].isalnum()
        and box.center[0] > label.box.x0 + 0.5 * label.height
        for label in labels
    )


def _name_beside(swatch: Box, labels: Iterable[Label], others: Iterable[Box]) -> Label | None:
    """The phrase that starts right of `swatch`, up to the next swatch."""
    row = [
        label
        for label in labels
        if not label.slanted
        and label.box.y0 - 0.25 * label.height <= swatch.center[1] <= label.box.y1 + 0.25 * label.height
        and swatch.height <= _SWATCH_HEIGHT * label.height
        and label.box.x1 > swatch.x1
        and label.box.center[0] > swatch.x1
    ]
    others_right = [box.x0 for box in others if box.x0 > swatch.x1 and abs(box.center[1] - swatch.center[1]) < 8]
    limit = min(others_right, default=float("inf"))
    parts: list[Label] = []
    reach = swatch.x1
    for label in sorted(row, key=lambda label: label.box.x0):
        gap = label.box.x0 - reach
        if label.box.center[0] > limit or gap > (1.6 if not parts else 1.3) * label.height:
            break
        if gap < -max(0.5 * label.height, swatch.width + 2):
            continue
        parts.append(label)
        reach = label.box.x1
    if not parts or not any(char.isalnum() for part in parts for char in part.text):
        return None
    if all(part.number is not None and part.number.decimals for part in parts):
        return None  # values of marks; a series may have the name of a year
    return merge_labels(parts)


def _in_line(entry: LegendEntry, entries: Iterable[LegendEntry]) -> bool:
    """Whether another entry is in the same row or column as this one, or there is no other entry."""
    others = [other for other in entries if other is not entry]
    return not others or any(
        abs(other.box.center[1] - entry.box.center[1]) < 0.6 * entry.box.height
        or abs(other.box.x0 - entry.box.x0) < 0.6 * entry.box.height
        for other in others
    )


def _join_lines(parts: Sequence[Label]) -> Label:
    """The words of one color in reading order; of several blocks of text the longest counts."""
    joined = phrases(in_reading_order(parts), gap=1.2)
    blocks: list[list[Label]] = []
    for phrase in sorted(joined, key=lambda phrase: phrase.box.y0):
        for block in blocks:
            above = block[-1]
            close = phrase.box.y0 - above.box.y1 < 0.8 * phrase.height
            if close and above.box.horizontal_overlap(phrase.box) > 0.3:
                block.append(phrase)
                break
        else:
            blocks.append([phrase])
    return merge_labels(max(blocks, key=lambda block: sum(len(part.text) for part in block)))


def without_marks(text: str) -> str:
    """A name without the swatch before it that OCR took for a character."""
    return _MARKS_IN_TEXT.sub("", text).strip()
