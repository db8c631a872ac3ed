"""What stands in the slots of a table: its words as phrases, each in the columns over which it stretches.

A layout model cuts a table by straight lines. Where such a line goes through a phrase, either the phrase
stretches over several columns, as the title of a group of columns does, or there is no column to part: both
can be seen only from phrases, not from words.
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
"""Spaces between words that part two phrases."""

COLUMN_GAP = 1.4
"""The same where a line between columns runs through the gap."""

SPACES = (0.3, 0.6)
"""Word heights that a space takes at the least and at the most; the boxes of OCR words are not exact enough to tell
smaller ones, and what is wider stands in justified lines."""

EDGE = 0.4
"""Word heights by which a phrase may reach into a column without standing in it: boxes are not that exact."""

FALSE_LINE = 0.25
"""A line is no line where phrases cross it more than so many times (the inverse) as often as it parts two."""

_LEADER = re.compile(r"[.·…_]{2,}|[.·…]")
_NUMBER = re.compile(r"[-–—−+±*$€£¥(]*\d[\d.,:/%()\-–−*]*|[-–—−]+")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words with no more than spaces between them."""

    words: tuple[Word, ...]
    first: int = 0
    """The first and the last of the columns over which it stretches."""
    last: int = 0

    @property
    def box(self) -> Box:
        """Around the words, but not around the dots that lead from them to the next column."""
        said = [word.box for word in self.words if not _LEADER.fullmatch(word.text)]
        return bounding_box(said or (word.box for word in self.words))

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
    """Columns in which the cell of the row above goes on."""

    @property
    def phrases(self) -> Iterator[Phrase]:
        return (phrase for line in self.lines for phrase in line)

    def columns(self) -> set[int]:
        """Those in which something stands."""
        return {column for phrase in self.phrases for column in range(phrase.first, phrase.last + 1)}

    def inside(self, column: int) -> list[Phrase]:
        """What stands in this column alone, top to bottom."""
        return [phrase for phrase in self.phrases if phrase.first == phrase.last == column]


def is_number(text: str) -> bool:
    """Whether each of the words is a number or a dash in the place of one."""
    return all(_NUMBER.fullmatch(word) for word in text.split())


def typical_height(words: Iterable[Word]) -> float:
    """The median height of words, in points."""
    return max(1e-6, statistics.median(word.box.height for word in words))


def find_rows(words: Sequence[Word], across: Sequence[float], down: Sequence[float]) -> list[Row]:
    """The rows between the heights `down`, their phrases cut where `across` runs through a gap of columns."""
    height = typical_height(words)
    by_row: list[list[Word]] = [[] for _ in down[1:]]
    for word in words:
        by_row[_slot(word.box.center[1], down)].append(word)
    by_line = [_text_lines(inside) for inside in by_row]
    space = _space([line for lines in by_line for line in lines], across, height)
    return [
        Row(top, bottom, tuple(tuple(_phrases(line, across, height, space)) for line in lines))
        for (top, bottom), lines in zip(itertools.pairwise(down), by_line, strict=True)
    ]


def drop_false_lines(rows: Sequence[Row], across: Sequence[float], height: float) -> list[float]:
    """`across` without the lines that run through phrases, and then without those beside which nothing stands."""
    kept = list(across)
    for line in across[1:-1]:
        counts = _count_about(line, rows, kept, height)
        if counts.crossing and counts.parting <= FALSE_LINE * counts.crossing:
            kept.remove(line)
    for line in kept[1:-1]:
        counts = _count_about(line, rows, kept, height)
        if not counts.left or not counts.right:
            kept.remove(line)
    return kept


@dataclass(frozen=True, slots=True)
class _Counts:
    """Lines of text about a line between columns."""

    crossing: int
    left: int
    right: int
    parting: int
    """With text on both sides."""


def _count_about(line: float, rows: Sequence[Row], across: Sequence[float], height: float) -> _Counts:
    place, edge = across.index(line), EDGE * height
    crossing = left = right = parting = 0
    for phrases in (text_line for row in rows for text_line in row.lines):
        boxes = [phrase.box for phrase in phrases]
        crossing += any(box.x0 < line - edge and box.x1 > line + edge for box in boxes)
        in_left = any(across[place - 1] - edge <= box.x0 and box.x1 <= line + edge for box in boxes)
        in_right = any(line - edge <= box.x0 and box.x1 <= across[place + 1] + edge for box in boxes)
        left, right, parting = left + in_left, right + in_right, parting + (in_left and in_right)
    return _Counts(crossing, left, right, parting)


def place(rows: Sequence[Row], across: Sequence[float], height: float) -> list[Row]:
    """`rows` with their phrases in the columns between `across`."""

    def placed(phrase: Phrase) -> Phrase:
        box = phrase.box
        edge = min(EDGE * height, 0.2 * box.width)
        first, last = _slot(box.x0 + edge, across), _slot(box.x1 - edge, across)
        return replace(phrase, first=first, last=last)

    return [replace(row, lines=tuple(tuple(placed(phrase) for phrase in line) for line in row.lines)) for row in rows]


def _slot(position: float, lines: Sequence[float]) -> int:
    return min(max(0, bisect.bisect_right(lines, position) - 1), len(lines) - 2)


def _text_lines(words: Iterable[Word]) -> list[list[Word]]:
    """Words in lines, top to bottom; what is raised or lowered by less than half its height stays in its line."""
    return cluster_rows(words, lambda word: word.box, overlaps_row(0.5))


def _space(lines: Iterable[Sequence[Word]], across: Sequence[float], height: float) -> float:
    """The usual space between words, in points: the median of the small gaps through which no line runs."""
    pairs = [pair for line in lines for pair in itertools.pairwise(line)]
    gaps = [right.box.x0 - left.box.x1 for left, right in pairs if not _has_line(left, right, across, 0.0)]
    low, high = SPACES[0] * height, SPACES[1] * height
    return min(high, max(low, statistics.median([gap for gap in gaps if 0 < gap < PHRASE_GAP * high] or [low])))


def _phrases(line: Sequence[Word], across: Sequence[float], height: float, space: float) -> Iterator[Phrase]:
    current = [line[0]]
    for word in line[1:]:
        if _parts(current[-1], word, across, height, space):
            yield Phrase(tuple(current))
            current = []
        current.append(word)
    yield Phrase(tuple(current))


def _parts(left: Word, right: Word, across: Sequence[float], height: float, space: float) -> bool:
    """Whether a phrase ends between two words that stand side by side."""
    gap = right.box.x0 - left.box.x1
    leads = _LEADER.fullmatch(left.text) and not _LEADER.fullmatch(right.text)
    if gap > PHRASE_GAP * space or leads:
        return True
    if not _has_line(left, right, across, EDGE * height):
        return False
    return gap > COLUMN_GAP * space or (is_number(left.text) and is_number(right.text))


def _has_line(left: Word, right: Word, across: Sequence[float], edge: float) -> bool:
    """Whether a line between columns runs between two words, or closer than `edge` to there."""
    return any(left.box.x1 - edge <= line <= right.box.x0 + edge for line in across[1:-1])
