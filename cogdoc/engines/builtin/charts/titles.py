"""Finds the text around a chart: the title above the plot, the titles of the axes, the unit of the values."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Sequence

from cogdoc.documents.geometry import Box
from cogdoc.parsing.numbers import parse_number
from cogdoc.parsing.page_text import Line
from cogdoc.query.grid_tables import NO_NOTE, unit_note

_UNIT_WORDS = 3
_IN_BRACKETS = re.compile(r"[(（\[]([^)）\]\d]*)[)）\]]")
_DIGIT = re.compile(r"\d")
_SOURCE = re.compile(r"^(source|note|©|\(c\)|来源|注[:：]|数据来源)|show source|additional information", re.IGNORECASE)


def find_title(lines: Sequence[Line], plot: Box, used: Sequence[str]) -> str | None:
    """The lines above the plot in the largest font size; names of series and categories do not count."""
    above = sorted(
        (line for line in lines if line.box.y1 < plot.y0 + 2 and _is_text(line) and not _is_legend(line.text, used)),
        key=lambda line: line.box.y0,
    )
    if not above:
        return None
    tallest = max(line.box.height for line in above[:3])
    first = next(i for i, line in enumerate(above[:3]) if line.box.height > 0.85 * tallest)
    title = [above[first]]
    for line in above[first + 1 :]:
        height = title[-1].box.height
        if line.box.height < 0.84 * height or line.box.y0 - title[-1].box.y1 > 0.8 * height:
            break
        title.append(line)
    text = " ".join(line.text for line in title[:4])
    return text if len(text) >= 4 else None


def _is_legend(text: str, used: Sequence[str]) -> bool:
    """Whether a line contains only names of the chart's series and categories, and numbers."""
    for name in sorted(used, key=len, reverse=True):
        text = text.replace(name, "") if name else text
    return not any(char.isalpha() for char in text)


def find_axis_titles(lines: Sequence[Line], plot: Box, used: Sequence[str]) -> tuple[str | None, str | None]:
    """(x title, y title): centered text below the tick labels, and vertical text left of the plot.

    Neither a line of a name that is printed in several lines nor a note below the chart is a title.
    """
    notes = min((line.box.y0 for line in lines if is_source(line.text) and line.box.y0 > plot.y1), default=math.inf)
    y_title = _vertical_title([line for line in lines if line.box.center[0] < plot.x0])
    usual = statistics.median([line.box.height for line in lines]) if lines else 10.0
    below = [
        line
        for line in lines
        if plot.y1 + 1.2 * usual < line.box.y0 < plot.y1 + 9 * usual
        and abs(line.box.center[0] - plot.center[0]) < 0.12 * plot.width + usual
        and line.box.y0 < notes
        and _is_text(line)
        and not any(line.text in name or any(word.text == name for word in line.words) for name in used)
        and line.box.height < 1.6 * usual
    ]
    x_title = min(below, key=lambda line: line.box.y0).text if below else None
    return x_title, y_title


def _vertical_title(lines: Sequence[Line]) -> str | None:
    """The longest vertical line, with the pieces below and above it, which come first and last as it is read upward."""
    vertical = [line for line in lines if line.box.height > 1.2 * line.box.width and len(line.text) > 2]
    longest = max(vertical, key=lambda line: line.box.height, default=None)
    if longest is None or longest.box.height <= 2.5 * longest.box.width or len(longest.text) <= 3:
        return None
    column = [line for line in vertical if line.box.horizontal_overlap(longest.box) > 0.7 and _is_text(line)]
    return " ".join(line.text for line in sorted(column, key=lambda line: -line.box.y0)) or longest.text


def find_unit(lines: Sequence[Line], plot: Box, titles: Sequence[str | None], used: Sequence[str]) -> str | None:
    """The unit and the scale of all values, as the titles say in brackets or a short text above the plot alone:
    "€ million", "单位：万元"."""
    above = [line.text for line in lines if line.box.y1 < plot.y0 + 2 and len(line.words) <= _UNIT_WORDS]
    in_brackets = _IN_BRACKETS.findall(" ".join(filter(None, titles)))
    alone = [text for text in above if not _DIGIT.search(text) and text not in (*titles, *used)]
    return next((text for text in (*in_brackets, *alone) if unit_note(f"({text})") != NO_NOTE), None)


def is_source(text: str) -> bool:
    """Whether a line says where the data come from, or begins a note."""
    return _SOURCE.search(text) is not None


def _is_text(line: Line) -> bool:
    return parse_number(line.text) is None and not is_source(line.text) and len(line.text) > 2
