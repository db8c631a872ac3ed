"""Group the words of a table into phrases, and assign each phrase to the columns that it spans.

A layout model divides a table by straight lines. If such a line crosses a phrase, either the phrase spans several
columns, as the title of a group of columns does, or the line does not separate columns. Only phrases, not words,
tell which.
"""

from __future__ import annotations

import bisect
import itertools
import re
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.page_text import Word
from cogdoc.parsing.row_clustering import cluster_rows, overlaps_row

PHRASE_GAP = 2.0
"""Widths of a space between words that separate two phrases."""

COLUMN_GAP = 1.4
"""The same if a column line runs through the gap."""

SPACES = (0.3, 0.6)
"""The smallest and the largest width of a space, in word heights: boxes of OCR words are too inexact for smaller
ones, and wider ones occur in justified lines."""

EDGE = 0.4
"""Word heights by which a phrase may extend into a column without belonging to it, because boxes are inexact."""

FALSE_LINE = 0.25
"""A line is false if it separates phrases at most this many times as often as phrases cross it."""

_LEADER = re.compile(r"[.·…_]{2,}|[.·…]")
_NUMBER = re.compile(r"[-–—−+±*$€£¥(]*\d[\d.,:/%()\-–−*]*|[-–—−]+")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words separated by single spaces."""

    words: tuple[Word, ...]
    first: int = 0
    """The first and the last column that it spans."""
    last: int = 0

    @property
    def box(self) -> Box:
        """The bounding box of the words, without the leader dots that lead to the next column."""
        boxes = [word.box for word in self.words if not _LEADER.fullmatch(word.text)]
        return bounding_box(boxes or (word.box for word in self.words))

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


TextLine = tuple[Phrase, ...]
"""Phrases side by side, left to right."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: lines of text between two heights."""

    top: float
    bottom: float
    lines: tuple[TextLine, ...]
    continued: frozenset[int] = frozenset()
    """Columns in which the cell of the row above continues."""

    @property
    def phrases(self) -> Iterator[Phrase]:
        return (phrase for line in self.lines for phrase in line)

    def columns(self) -> set[int]:
        """The columns that are not empty."""
        return {column for phrase in self.phrases for column in range(phrase.first, phrase.last + 1)}

    def inside(self, column: int) -> list[Phrase]:
        """The phrases in this column that do not span others, top to bottom."""
        return [phrase for phrase in self.phrases if phrase.first == phrase.last == column]


def is_number(text: str) -> bool:
    """Whether each of the words is a number, or a dash instead of one."""
    return all(_NUMBER.fullmatch(word) for word in text.split())


def typical_height(words: Iterable[Word]) -> float:
    """The median height of words, in points."""
    return max(1e-6, statistics.median(word.box.height for word in words))


def find_rows(
    words: Sequence[Word], column_lines: Sequence[float], row_lines: Sequence[float], rules: Sequence[Box] = ()
) -> list[Row]:
    """Divide words into rows at `row_lines`, and each row into phrases, also at gaps that a column line crosses.

    Args:
        rules: the drawn rules between columns, boxes without width.
    """
    height = typical_height(words)
    by_row: list[list[Word]] = [[] for _ in row_lines[1:]]
    for word in words:
        by_row[_slot(word.box.center[1], row_lines)].append(word)
    lines_by_row = [_text_lines(row_words) for row_words in by_row]
    space = _space_width([line for lines in lines_by_row for line in lines], column_lines, height)
    return [
        Row(top, bottom, tuple(tuple(_phrases(line, column_lines, rules, height, space)) for line in lines))
        for (top, bottom), lines in zip(itertools.pairwise(row_lines), lines_by_row, strict=True)
    ]


def drop_false_lines(rows: Sequence[Row], column_lines: Sequence[float], height: float) -> list[float]:
    """Drop the column lines that cross phrases, then one of the two beside an empty column: that which crosses more."""
    remaining = list(column_lines)
    for line in column_lines[1:-1]:
        counts = _count_at_line(line, rows, remaining, height)
        if counts.crossing and counts.separated <= FALSE_LINE * counts.crossing:
            remaining.remove(line)
    for line in remaining[1:-1]:
        if line not in remaining:
            continue
        counts = _count_at_line(line, rows, remaining, height)
        if counts.left and counts.right:
            continue
        beyond = remaining[remaining.index(line) + (1 if counts.left else -1)]
        if beyond in (remaining[0], remaining[-1]) or counts.crossing:
            remaining.remove(line)
        else:
            crosses_more = _count_at_line(beyond, rows, remaining, height).crossing > 0
            remaining.remove(beyond if crosses_more else line)
    return remaining


@dataclass(frozen=True, slots=True)
class _LineCounts:
    """Counts of text lines at a column line."""

    crossing: int
    """Text lines with a phrase that crosses the column line."""
    left: int
    right: int
    """Text lines with a phrase in the column left or right of it."""
    separated: int
    """Text lines with a phrase in both columns."""


def _count_at_line(line: float, rows: Sequence[Row], column_lines: Sequence[float], height: float) -> _LineCounts:
    index, edge = column_lines.index(line), EDGE * height
    crossing = left = right = separated = 0
    for phrases in (text_line for row in rows for text_line in row.lines):
        boxes = [phrase.box for phrase in phrases]
        crossing += any(box.x0 < line - edge and box.x1 > line + edge for box in boxes)
        in_left = any(column_lines[index - 1] - edge <= box.x0 and box.x1 <= line + edge for box in boxes)
        in_right = any(line - edge <= box.x0 and box.x1 <= column_lines[index + 1] + edge for box in boxes)
        left, right, separated = left + in_left, right + in_right, separated + (in_left and in_right)
    return _LineCounts(crossing, left, right, separated)


def assign_columns(rows: Sequence[Row], column_lines: Sequence[float], height: float) -> list[Row]:
    """`rows`, with the columns between `column_lines` that each phrase spans."""

    def assigned(phrase: Phrase) -> Phrase:
        box = phrase.box
        edge = min(EDGE * height, 0.2 * box.width)
        first, last = _slot(box.x0 + edge, column_lines), _slot(box.x1 - edge, column_lines)
        return replace(phrase, first=first, last=last)

    return [replace(row, lines=tuple(tuple(assigned(phrase) for phrase in line) for line in row.lines)) for row in rows]


def _slot(position: float, lines: Sequence[float]) -> int:
    """The index of the interval between two of `lines` that contains `position`; the nearest one if none does."""
    return min(max(0, bisect.bisect_right(lines, position) - 1), len(lines) - 2)


def _text_lines(words: Iterable[Word]) -> list[list[Word]]:
    """Words in lines, top to bottom; words raised or lowered by less than half their height stay in their line."""
    return cluster_rows(words, lambda word: word.box, overlaps_row(0.5))


def _space_width(lines: Iterable[Sequence[Word]], column_lines: Sequence[float], height: float) -> float:
    """The usual space between words, in points: the median of the small gaps without a column line."""
    pairs = [pair for line in lines for pair in itertools.pairwise(line)]
    gaps = [right.box.x0 - left.box.x1 for left, right in pairs if not _has_line(left, right, column_lines, 0.0)]
    low, high = SPACES[0] * height, SPACES[1] * height
    return min(high, max(low, statistics.median([gap for gap in gaps if 0 < gap < PHRASE_GAP * high] or [low])))


def _phrases(
    line: Sequence[Word], column_lines: Sequence[float], rules: Sequence[Box], height: float, space: float
) -> Iterator[Phrase]:
    current = [line[0]]
    for word in line[1:]:
        if _is_parted(current[-1], word, rules) or _ends_phrase(current[-1], word, column_lines, height, space):
            yield Phrase(tuple(current))
            current = []
        current.append(word)
    yield Phrase(tuple(current))


def _is_parted(left: Word, right: Word, rules: Sequence[Box]) -> bool:
    """Whether a rule runs between two words side by side."""
    (x0, _), (x1, y) = left.box.center, right.box.center
    return any(x0 < rule.x0 < x1 and rule.y0 < y < rule.y1 for rule in rules)


def _ends_phrase(left: Word, right: Word, column_lines: Sequence[float], height: float, space: float) -> bool:
    """Whether a phrase ends between two words side by side."""
    gap = right.box.x0 - left.box.x1
    after_leader = _LEADER.fullmatch(left.text) and not _LEADER.fullmatch(right.text)
    if gap > PHRASE_GAP * space or after_leader:
        return True
    if not _has_line(left, right, column_lines, EDGE * height):
        return False
    return gap > COLUMN_GAP * space or (is_number(left.text) and is_number(right.text))


def _has_line(left: Word, right: Word, column_lines: Sequence[float], edge: float) -> bool:
    """Whether a column line runs between two words, or within `edge` of their gap."""
    return any(left.box.x1 - edge <= line <= right.box.x0 + edge for line in column_lines[1:-1])
