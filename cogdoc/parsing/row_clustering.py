"""Lines in rows: what stands side by side, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cogdoc.documents.geometry import Box
from cogdoc.parsing.page_text import Line

WIDE_GAP = 2.0
"""Line heights of white space that part texts which share a row; justified lines have spaces of up to 1.5."""


def sorted_lines(lines: Sequence[Line]) -> list[Line]:
    """Lines of one column, top to bottom; what stands side by side is one line unless a wide gap parts it."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.box.center[1]):
        if rows and all(_side_by_side(line.box, other.box) for other in rows[-1]):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [joined for row in rows for joined in _join_neighbours(sorted(row, key=lambda line: line.box.x0))]


def _side_by_side(one: Box, two: Box) -> bool:
    """At the same height, and not one above the other: tall boxes of close lines may overlap."""
    return one.vertical_overlap(two) > 0.6 and one.horizontal_overlap(two) < 0.2


def _join_neighbours(row: Sequence[Line]) -> Iterator[Line]:
    """MuPDF parts justified text at every wide space; here only a gap that no space can be parts a row."""
    current = row[0]
    for line in row[1:]:
        height = min(current.box.height, line.box.height)
        if line.box.x0 - current.box.x1 < WIDE_GAP * height:
            current = Line((*current.words, *line.words))
        else:
            yield current
            current = line
    yield current
