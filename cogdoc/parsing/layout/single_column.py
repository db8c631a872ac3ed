"""Finds pages whose text has one reading order only, from top to bottom, so that it needs no layout models.

These are pages with a text layer in one column: nothing is beside anything else, except for bullets, the parts of a
running header or footer, and tables of numbers without empty cells. The order of all other pages is left to the models.
"""

from __future__ import annotations

import itertools
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.page_text import Block, BlockKind, Line, PageText, TextOrigin, Word
from cogdoc.parsing.row_clustering import cluster_rows, overlaps_row, sorted_lines
from cogdoc.text import has_right_to_left

MAX_SPACE = 1.0
"""Line heights of white space between two words of one line; gutters between columns can be little wider."""

MIN_MARGIN_GAP = 4.0
"""Line heights of white space between the parts of a running header or footer, at least."""

MAX_MARGIN_PARTS = 3

MIN_DISTANCE = 1.0
"""The fewest line heights of white space between a running header or footer and the text, or between two lines that do
not overlap horizontally: closer ones may be of two columns."""

MIN_TABLE_ROWS = 3

MIN_NUMBERS = 0.5
"""The share of a table's cells, without its first row and column, that have digits; columns of prose have few."""

_BULLET = re.compile(r"\W{1,2}|\(?\w{1,3}[.)]")
"""A bullet, or the letter or number of a list item."""


@dataclass(frozen=True, slots=True)
class _Row:
    """The lines that are side by side."""

    lines: tuple[Line, ...]
    parts: tuple[Line, ...]
    """The same words, divided where there is white space between them."""
    box: Box
    height: float
    """Of its words."""


def find_single_column(page_text: PageText) -> tuple[Block, ...]:
    """The text of a page in blocks from top to bottom; empty if the layout models have to tell its order."""
    lines = page_text.lines
    if page_text.origin is not TextOrigin.TEXT_LAYER or any(line.is_watermark or line.direction for line in lines):
        return ()
    rows = [_row(row) for row in cluster_rows(lines, lambda line: line.box, overlaps_row(0.5))]
    header = len(rows) > 1 and _is_running(rows[0], rows[1])
    footer = len(rows) > 1 + header and _is_running(rows[-1], rows[-2])
    body = rows[header : len(rows) - footer]
    tables = _table_rows(body)
    if not all(len(row.parts) == 1 or index in tables for index, row in enumerate(body)):
        return ()
    if any(_may_be_beside(*pair) for pair in itertools.pairwise(rows)):
        return ()
    text = [
        line for index, row in enumerate(body) for line in (row.parts if index in tables else sorted_lines(row.lines))
    ]
    margins = (rows[0].parts if header else (), rows[-1].parts if footer else ())
    above, below = ([_block([part]) for part in parts] for parts in margins)
    return (*above, _block(text), *below)


def _row(lines: Sequence[Line]) -> _Row:
    words = sorted((word for line in lines for word in line.words), key=lambda word: word.box.x0)
    height = statistics.median(word.box.height for word in words)
    parts = [Line(tuple(part)) for part in _parts(words, MAX_SPACE * height)]
    if len(parts) > 1 and _BULLET.fullmatch(parts[0].text):
        parts[:2] = [Line((*parts[0].words, *parts[1].words))]
    return _Row(tuple(lines), tuple(parts), bounding_box(word.box for word in words), height)


def _parts(words: Sequence[Word], gap: float) -> Iterator[list[Word]]:
    part, right = [words[0]], words[0].box.x1
    for word in words[1:]:
        if word.box.x0 - right >= gap:
            yield part
            part = []
        part.append(word)
        right = max(right, word.box.x1)
    yield part


def _is_running(row: _Row, neighbour: _Row) -> bool:
    """Whether the first or last row is a running header or footer of several parts."""
    gaps = [right.box.x0 - left.box.x1 for left, right in itertools.pairwise(row.parts)]
    return (
        1 < len(row.parts) <= MAX_MARGIN_PARTS
        and min(gaps) >= MIN_MARGIN_GAP * row.height
        and _distance(row.box, neighbour.box) >= MIN_DISTANCE * row.height
        and not _runs_left(row)
    )


def _table_rows(rows: Sequence[_Row]) -> set[int]:
    """The indices of the rows that belong to tables without empty cells."""
    found: set[int] = set()
    for count, run in itertools.groupby(enumerate(rows), key=lambda item: len(item[1].parts)):
        indices, members = zip(*run, strict=True)
        if count > 1 and len(members) >= MIN_TABLE_ROWS and _is_table(members):
            found.update(indices)
    return found


def _is_table(rows: Sequence[_Row]) -> bool:
    columns = [bounding_box(line.box for line in column) for column in zip(*(row.parts for row in rows), strict=True)]
    cells = [part for row in rows[1:] for part in row.parts[1:]]
    with_digits = sum(any(char.isdigit() for char in cell.text) for cell in cells)
    return (
        all(left.x1 < right.x0 for left, right in itertools.pairwise(columns))
        and with_digits >= MIN_NUMBERS * len(cells)
        and not any(map(_runs_left, rows))
    )


def _may_be_beside(one: _Row, two: _Row) -> bool:
    """Whether two rows may be lines of two columns that are not level with each other."""
    height = min(one.height, two.height)
    if two.box.center[1] - one.box.center[1] < 0.3 * height:
        return True
    return one.box.horizontal_overlap(two.box) <= 0 and _distance(one.box, two.box) < MIN_DISTANCE * height


def _distance(one: Box, two: Box) -> float:
    return max(one.y0 - two.y1, two.y0 - one.y1)


def _runs_left(row: _Row) -> bool:
    return any(has_right_to_left(line.text) for line in row.lines)


def _block(lines: Sequence[Line]) -> Block:
    return Block(BlockKind.TEXT, bounding_box(line.box for line in lines), tuple(lines))
