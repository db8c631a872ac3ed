"""A page as label and value geometry sees it: segments of words that stand close together, in rows.

A segment is what the eye takes for one piece of a line: it ends where a wide gap begins. Values are addressed
as slices of a segment's text, since a label and its value, or a whole Chinese sentence, may be a single word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.page_text import Line, PageLayout, Table, Word
from cogdoc.parsing.row_clustering import cluster_rows
from cogdoc.query.terms import Token, tokenize

GAP = 1.3
"""A gap between words of more than this many line heights parts two segments."""

SAME_ROW = 0.5
"""Share of the lower one's height by which two segments of one row overlap."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Words of one line that stand close together."""

    index: int
    row: int
    words: tuple[Word, ...]
    text: str
    box: Box
    line_text: str
    """The whole line of the page that it is a part of."""

    @property
    def tokens(self) -> tuple[Token, ...]:
        return tokenize(self.text)

    @property
    def confidence(self) -> float:
        return min(word.confidence for word in self.words)

    def slice_box(self, start: int, end: int) -> Box:
        """The box of a slice of the text, within a word in proportion to its characters."""
        boxes, offset = [], 0
        for word in self.words:
            length = len(word.text)
            left, right = max(start - offset, 0), min(end - offset, length)
            if left < right:
                width = word.box.width / length
                boxes.append(Box(word.box.x0 + left * width, word.box.y0, word.box.x0 + right * width, word.box.y1))
            offset += length + 1
        return bounding_box(boxes) if boxes else self.box


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a segment's text."""

    segment: Segment
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.segment.text[self.start : self.end]

    @property
    def box(self) -> Box:
        return self.segment.slice_box(self.start, self.end)


def whole(segment: Segment) -> Slice:
    return Slice(segment, 0, len(segment.text))


@dataclass(frozen=True)
class PageView:
    """One page's segments, top to bottom and left to right."""

    layout: PageLayout
    rank: int
    """Place among the pages looked at, from 0."""
    segments: tuple[Segment, ...]
    rows: tuple[tuple[Segment, ...], ...] = field(repr=False)

    @property
    def number(self) -> int:
        return self.layout.page_text.number

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        return tuple(block.table for block in self.layout.blocks if block.table is not None)

    @cached_property
    def line_height(self) -> float:
        heights = sorted(segment.box.height for segment in self.segments)
        return heights[len(heights) // 2] if heights else 1.0

    def right_of(self, segment: Segment) -> tuple[Segment, ...]:
        """The segments behind `segment` in its row, nearest first."""
        return tuple(
            other for other in self.rows[segment.row] if other.box.x0 > segment.box.x0 and other is not segment
        )

    def left_of(self, segment: Segment) -> tuple[Segment, ...]:
        """The segments before `segment` in its row, nearest first."""
        return tuple(
            other
            for other in reversed(self.rows[segment.row])
            if other.box.x0 < segment.box.x0 and other is not segment
        )

    def below(self, segment: Segment, reach: float) -> tuple[Segment, ...]:
        """Segments of later rows that stand under `segment`, nearest row first, within `reach` line heights."""
        limit = segment.box.y1 + reach * max(segment.box.height, self.line_height)
        found: list[Segment] = []
        for row in self.rows[segment.row + 1 :]:
            if row[0].box.y0 > limit:
                break
            found += [
                other for other in row if other.box.horizontal_overlap(segment.box) > 0.3 and other.box.y0 <= limit
            ]
        return tuple(found)

    def above(self, segment: Segment) -> tuple[Segment, ...]:
        """Segments of earlier rows that stand over `segment`, nearest row first."""
        return tuple(
            other
            for row in reversed(self.rows[: segment.row])
            for other in row
            if other.box.horizontal_overlap(segment.box) > 0.3
        )

    def row_text(self, segment: Segment) -> str:
        return "  ".join(other.text for other in self.rows[segment.row])


def view_page(layout: PageLayout, rank: int = 0) -> PageView:
    """Cut a page's lines into segments and set them in rows."""
    parts: list[tuple[tuple[Word, ...], str]] = []
    for line in layout.page_text.lines:
        parts += [(words, line.text) for words in _split(line)]
    parts = [(words, text) for words, text in parts if any(word.text.strip() for word in words)]
    boxes = [bounding_box(word.box for word in words) for words, _ in parts]
    rows: list[tuple[Segment, ...]] = []
    segments: list[Segment] = []
    for number, places in enumerate(_rows(boxes)):
        row: list[Segment] = []
        for place in places:
            words, text = parts[place]
            joined = " ".join(word.text for word in words)
            row.append(Segment(len(segments) + len(row), number, words, joined, boxes[place], text))
        segments += row
        rows.append(tuple(row))
    return PageView(layout, rank, tuple(segments), tuple(rows))


def _split(line: Line) -> list[tuple[Word, ...]]:
    parts: list[list[Word]] = []
    for word in line.words:
        if parts and word.box.x0 - parts[-1][-1].box.x1 <= GAP * max(word.box.height, 1.0):
            parts[-1].append(word)
        else:
            parts.append([word])
    return [tuple(part) for part in parts]


def _rows(boxes: Sequence[Box]) -> list[list[int]]:
    """Places of boxes that stand side by side, row by row, each from left to right."""
    return cluster_rows(range(len(boxes)), boxes.__getitem__, _beside)


def _beside(box: Box, row: Sequence[Box]) -> bool:
    """Whether `box` stands in a row: level with its nearest member, and on top of none."""
    if any(box.horizontal_overlap(other) > 0.3 and box.vertical_overlap(other) < 0.8 for other in row):
        return False
    nearest = min(row, key=lambda other: max(box.x0 - other.x1, other.x0 - box.x1))
    return box.vertical_overlap(nearest) > SAME_ROW
