"""Tell the panels of a screenshot, such as a sidebar beside the main pane, so that each is read by itself.

Panels meet along straight edges down to the end of the window: lines, or where one background ends. Text that crosses
such an edge, and tables with rules or tinted columns, show that it divides no panels.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.documents.pictures import Picture
from cogdoc.parsing.page_text import Block, Line

MIN_FLAT = 0.7
"""Share of a screenshot's pixels that are like their right neighbours; scans and photographs have noise."""

MIN_STEP = 4
"""Levels by which the backgrounds of two panels differ."""

DISTANCE = 4
"""Pixels between the places on both sides of an edge whose backgrounds are compared, more than a line is wide."""

MIN_LENGTH = 0.5
"""Share of the picture's height of an edge between panels."""

MIN_END = 0.985
"""Share of the picture's height at which an edge between panels ends at least, unlike those in tables and charts."""

MIN_PANEL = 0.08
"""Share of the picture's width of a panel; scroll bars are narrower."""

MAX_GAPS = 0.1
"""Share of an edge's length where something covers it, such as the mark of the chosen entry."""


class Edge(NamedTuple):
    """A vertical edge between two panels; all in shares of the picture's width and height."""

    x: float
    top: float
    bottom: float


def find_edges(picture: Picture) -> list[Edge]:
    """The edges between panels of a screenshot, left to right; none on other pictures."""
    levels = picture.max(axis=2).astype(np.int16)
    if (levels[:, 1:] == levels[:, :-1]).mean() < MIN_FLAT:
        return []
    height, width = levels.shape
    # Panels meet at a line, or where one background ends; both backgrounds go on beside it.
    left, right = levels[:, DISTANCE : -2 * DISTANCE], levels[:, 2 * DISTANCE : -DISTANCE]
    middle = levels[:, DISTANCE + DISTANCE // 2 : -DISTANCE - DISTANCE // 2]
    goes_on = (left == levels[:, : -3 * DISTANCE]) & (right == levels[:, 3 * DISTANCE :])
    steps = goes_on & ((np.abs(right - left) >= MIN_STEP) | (np.abs(middle - left) >= MIN_STEP))
    counts = steps.sum(axis=0)
    edges: list[Edge] = []
    least = MIN_PANEL * width
    for column in np.argsort(-counts, kind="stable").tolist():
        if counts[column] < MIN_LENGTH * height:
            break
        x = column + DISTANCE + DISTANCE // 2
        if min(x, width - x, *(abs(x - edge.x * width) for edge in edges)) < least:
            continue
        run = _run(steps[:, column])
        if run and run[1] - run[0] >= MIN_LENGTH * height and run[1] >= MIN_END * height:
            edges.append(Edge(x / width, run[0] / height, run[1] / height))
    return sorted(edges)


def _run(steps: npt.NDArray[np.bool_]) -> tuple[int, int] | None:
    """Start and end of the longest part that consists of steps, but for small gaps."""
    rows = np.flatnonzero(steps)
    if not len(rows):
        return None
    breaks = np.flatnonzero(np.diff(rows) > MAX_GAPS * len(steps))
    starts, ends = np.r_[0, breaks + 1], np.r_[breaks, len(rows) - 1]
    longest = int(np.argmax(rows[ends] - rows[starts]))
    return int(rows[starts[longest]]), int(rows[ends[longest]]) + 1


def part_panels(blocks: Sequence[Block], edges: Sequence[Edge], width: float, height: float) -> list[list[Block]]:
    """The blocks above the panels, those of each panel, left to right, and those below; blocks over several are cut.

    Args:
        width: that of the page, as `height` in points.
    """
    kept = [edge for edge in edges if not any(_crosses(block, edge, width, height) for block in blocks)]
    if not kept:
        return [list(blocks)]
    top, bottom = min(edge.top for edge in kept) * height, max(edge.bottom for edge in kept) * height
    bounds = [edge.x * width for edge in kept]

    def panel_of(box: Box) -> int:
        x, y = box.center
        if y < top:
            return 0
        return len(bounds) + 2 if y > bottom else 1 + sum(x > bound for bound in bounds)

    panels: list[list[Block]] = [[] for _ in range(len(bounds) + 3)]
    for block in blocks:
        if block.table or not block.lines:
            panels[panel_of(block.box)].append(block)
            continue
        lines: dict[int, list[Line]] = {}
        for line in block.lines:
            for panel, words in itertools.groupby(line.words, key=lambda word: panel_of(word.box)):
                lines.setdefault(panel, []).append(replace(line, words=tuple(words)))
        for panel, own in sorted(lines.items()):
            box = block.box if len(lines) == 1 else bounding_box(line.box for line in own)
            panels[panel].append(replace(block, box=box, lines=tuple(own)))
    return [panel for panel in panels if panel]


def _crosses(block: Block, edge: Edge, width: float, height: float) -> bool:
    """Whether a table, a word or a picture of a block is on both sides of an edge."""
    x, top, bottom = edge.x * width, edge.top * height, edge.bottom * height
    boxes = [word.box for line in block.lines for word in line.words]
    if block.table or not boxes:
        boxes = [block.box]
    return any(
        box.x0 < x - 0.2 * box.height and box.x1 > x + 0.2 * box.height and box.y0 < bottom and box.y1 > top
        for box in (box._replace(y0=box.y0 + 0.1, y1=box.y1 - 0.1) for box in boxes)
    )
