"""Find tables that run up or down an upright page, so that their rows are read as people read them who turn it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.layout.picture_tables import may_be_table
from cogdoc.parsing.page_text import Line, PageText, Table
from cogdoc.parsing.sideways_pages import turn_box, turn_word
from cogdoc.parsing.tables.table_building import Grid, build_table

DIRECTIONS = (90, 270)

ROW_GAP = 4.0
"""Line heights of white between the rows of one table."""

MARGIN = 4.0
"""Points around a table that the models see."""

FindGrids = Callable[[PageText, Box], Iterable[tuple[Box, Grid]]]
"""Finds the tables in a part of a page, and the lines that part their cells."""


def find_sideways_tables(page_text: PageText, find_grids: FindGrids) -> list[Table]:
    """The tables of a page whose lines run up or down; their boxes are those of the page."""
    return [
        _on_page(table, direction, page_text)
        for direction in DIRECTIONS
        for lines in _groups(page_text, direction)
        for table in _tables(page_text, lines, direction, find_grids)
    ]


def _groups(page_text: PageText, direction: int) -> list[list[Line]]:
    """Lines of one direction that may be a table: level lines are neither between nor among them."""
    level = [line.box for line in page_text.lines if line.direction != direction]
    groups: list[list[Line]] = []
    for line in (line for line in page_text.lines if line.direction == direction):
        joined = [line]
        for group in [group for group in groups if _belongs(line, group, level)]:
            groups.remove(group)
            joined += group
        groups.append(joined)
    return groups


def _belongs(line: Line, group: Sequence[Line], level: Sequence[Box]) -> bool:
    whole = bounding_box([line.box, *(other.box for other in group)])
    if any(whole.overlap(box) > 0 for box in level):
        return False
    own = line.level_box
    boxes = [other.level_box for other in group]
    return any(
        own.vertical_overlap(box) > 0.5 or max(own.y0 - box.y1, box.y0 - own.y1) < ROW_GAP * box.height for box in boxes
    )


def _tables(page_text: PageText, lines: Sequence[Line], direction: int, find_grids: FindGrids) -> Iterable[Table]:
    turned, width, height = 360 - direction, page_text.width, page_text.height
    level = [
        replace(line, words=tuple(turn_word(word, turned, width, height) for word in line.words)) for line in lines
    ]
    if not may_be_table(level):
        return
    page = replace(
        page_text,
        width=height,
        height=width,
        turned=(page_text.turned + turned) % 360,
        lines=tuple(level),
    )
    x0, y0, x1, y1 = bounding_box(line.box for line in level)
    for box, grid in find_grids(page, Box(x0 - MARGIN, y0 - MARGIN, x1 + MARGIN, y1 + MARGIN)):
        words = [word for word in page.words if box.contains_point(*word.box.center)]
        if table := build_table(box, grid, words):
            yield table


def _on_page(table: Table, direction: int, page_text: PageText) -> Table:
    def turn(box: Box) -> Box:
        return turn_box(box, direction, page_text.height, page_text.width)

    rows = (tuple(replace(cell, box=cell.box and turn(cell.box)) for cell in row) for row in table.rows)
    return replace(table, box=turn(table.box), rows=tuple(rows))
