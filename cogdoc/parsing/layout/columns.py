"""Divide a block of two or more columns of running text into its columns.

The layout models see short columns side by side as one block, as they do with the labels and values of a form. Labels
and values are read along the row; running text flows from line to line: a line is full, so that the first word of the
next one does not fit behind it, and the next one goes on in the middle of a sentence.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable, Sequence

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.page_text import Block, BlockKind, Line, Word
from cogdoc.parsing.row_clustering import cluster_rows, overlaps_row, sorted_lines
from cogdoc.text import has_unspaced

GUTTER = 1.3
"""Line heights of white space between columns; wide spaces of justified lines are rarely below each other."""

MIN_UNSPACED = 8
"""Characters of a full line in scripts without spaces: labels are shorter, and often equally long."""

RIGHT_TO_LEFT = 3
"""Letters of scripts from right to left that a column may quote."""

ENDS = ".:;!?。：；！？"
"""Characters after which the next line may start a new sentence or field."""


def split_columns(block: Block) -> list[Block]:
    """The columns of running text in a block, left to right, between the lines above and below; else the block."""
    if block.kind is not BlockKind.TEXT or len(block.lines) < 2:
        return [block]
    rows = cluster_rows((word for line in block.lines for word in line.words), _box, overlaps_row(0.5))
    for start, end in _runs(rows):
        columns = _columns(rows[start:end])
        if len(columns) > 1 and all(flows(column) for column in columns):
            parts = [_lines(rows[:start]), *columns, _lines(rows[end:])]
            return [Block(block.kind, bounding_box(line.box for line in part), tuple(part)) for part in parts if part]
    return [block]


def flows(lines: Sequence[Line]) -> bool:
    """Whether most lines of a column, written left to right, go on in the next one, as those of running text do."""
    if sum(unicodedata.bidirectional(char) in ("R", "AL") for line in lines for char in line.text) > RIGHT_TO_LEFT:
        return False
    right, flowing, broken = max(line.box.x1 for line in lines), 0, 0
    for line, following in itertools.pairwise(lines):
        first = following.words[0]
        if line.text[-1] in ENDS:
            continue
        is_full = _is_full(line, following, right)
        flowing += is_full and starts_inside(first)
        broken += not is_full or first.text[0].isdigit()
    return flowing > broken


def continues(line: Line, following: Line, right: float) -> bool:
    """Whether a sentence goes on from a line, of a column that ends at `right`, to the next one."""
    ends = line.text[-1] in ENDS
    return not ends and _is_full(line, following, right) and starts_inside(following.words[0])


def _is_full(line: Line, following: Line, right: float) -> bool:
    return line.box.x1 + _first_width(following.words[0], line) >= right


def _first_width(word: Word, line: Line) -> float:
    """The width of what would have had to fit behind a line: a space and a word, or a character of unspaced scripts."""
    if not has_unspaced(word.text):
        return 0.25 * line.box.height + word.box.width
    width = word.box.width / len(word.text)
    return width if line.box.width >= MIN_UNSPACED * width else float("-inf")


def starts_inside(word: Word) -> bool:
    """Whether a word may be in the middle of a sentence."""
    return word.text[0].isalpha() and not (_has_case(word.text[0]) and word.text[0].isupper())


def _has_case(char: str) -> bool:
    return char.lower() != char.upper()


def _runs(rows: Sequence[Sequence[Word]]) -> Iterable[tuple[int, int]]:
    """Start and end of the rows that may have columns: the longest run from each first row with a gutter."""
    for start in range(len(rows) - 1):
        end = start
        while end < len(rows) and len(_spans([word for row in rows[start : end + 1] for word in row])) > 1:
            end += 1
        if end - start > 1:
            yield start, end
            return


def _spans(words: Sequence[Word]) -> list[tuple[float, float]]:
    """The left and right edges of columns: the horizontal extents of words, joined where no gutter is between."""
    gutter = GUTTER * max(word.box.height for word in words)
    spans: list[tuple[float, float]] = []
    for box in sorted(word.box for word in words):
        if spans and box.x0 - spans[-1][1] < gutter:
            spans[-1] = (spans[-1][0], max(spans[-1][1], box.x1))
        else:
            spans.append((box.x0, box.x1))
    return spans


def _columns(rows: Sequence[Sequence[Word]]) -> list[list[Line]]:
    words = [word for row in rows for word in row]
    columns = [
        _lines([[word for word in row if left <= word.box.x0 <= right] for row in rows])
        for left, right in _spans(words)
    ]
    return columns if all(len(column) > 1 for column in columns) else []


def _lines(rows: Iterable[Sequence[Word]]) -> list[Line]:
    return sorted_lines(Line(tuple(row)) for row in rows if row)


def _box(word: Word) -> Box:
    return word.box
