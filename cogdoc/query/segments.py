"""A page as rows of segments, for finding values next to their labels.

A segment is a piece of a line that ends where a wide gap begins. A value is addressed as a slice of a segment's
text, since a label and its value, or a whole Chinese sentence, may be a single word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.page_text import Line, PageLayout, Table, Word
from cogdoc.parsing.row_clustering import cluster_rows
from cogdoc.query.question_pieces import guess_language
from cogdoc.query.terms import Token, tokenize

MAX_GAP = 1.3
"""Line heights; a wider gap between words separates two segments."""

MIN_ROW_OVERLAP = 0.5
"""Vertical overlap of neighbours in one row, as a share of the height of the lower box."""

SMALLEST_LINE_HEIGHT = 0.01
"""Points."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Words of one line without wide gaps between them."""

    index: int
    """Among the page's segments; -1 for one that is not part of a row, such as a table's cell."""
    row: int
    """Index of the row; -1 for one that is not part of a row."""
    words: tuple[Word, ...]
    text: str
    box: Box

    @property
    def tokens(self) -> tuple[Token, ...]:
        return tokenize(self.text)

    @property
    def confidence(self) -> float:
        """The lowest confidence of its words."""
        return min(word.confidence for word in self.words)

    def slice_box(self, start: int, end: int) -> Box:
        """The box of a slice of the text; all characters of a word count as equally wide."""
        boxes: list[Box] = []
        offset = 0
        for word in self.words:
            if offset >= end:
                break
            length = len(word.text)
            if offset + length > start:
                left, right = max(start - offset, 0), min(end - offset, length)
                if left < right:
                    x0, y0, x1, y1 = word.box
                    width = (x1 - x0) / length
                    boxes.append(Box(x0 + left * width, y0, x0 + right * width, y1))
            offset += length
            offset += self.text[offset : offset + 1].isspace()
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


def whole_slice(segment: Segment) -> Slice:
    """The slice that is the whole segment."""
    return Slice(segment, 0, len(segment.text))


@dataclass(frozen=True, eq=False)
class PageView:
    """The segments of one page, top to bottom and left to right."""

    layout: PageLayout
    rank: int
    """Index among the pages that are searched, the most promising first."""
    segments: tuple[Segment, ...]
    rows: tuple[tuple[Segment, ...], ...] = field(repr=False)

    @property
    def number(self) -> int:
        return self.layout.page_text.number

    @cached_property
    def language(self) -> str:
        """The code of the language that most of its words are in."""
        return guess_language(self.layout.page_text.text)

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        return tuple(block.table for block in self.layout.blocks if block.table is not None)

    @cached_property
    def line_height(self) -> float:
        heights = sorted(segment.box.height for segment in self.segments)
        # Gaps are divided by it, and degenerate fonts give words of no height.
        return max(heights[len(heights) // 2], SMALLEST_LINE_HEIGHT) if heights else 1.0

    def right_of(self, segment: Segment) -> tuple[Segment, ...]:
        """The segments to the right of `segment` in its row, nearest first."""
        return tuple(
            other for other in self.rows[segment.row] if other.box.x0 > segment.box.x0 and other is not segment
        )

    def left_of(self, segment: Segment) -> tuple[Segment, ...]:
        """The segments to the left of `segment` in its row, nearest first."""
        return tuple(
            other
            for other in reversed(self.rows[segment.row])
            if other.box.x0 < segment.box.x0 and other is not segment
        )

    def below(self, segment: Segment, reach: float) -> tuple[Segment, ...]:
        """Segments of later rows that are under `segment`, nearest row first, within `reach` line heights."""
        limit = segment.box.y1 + reach * max(segment.box.height, self.line_height)
        segments: list[Segment] = []
        for row in self.rows[segment.row + 1 :]:
            if row[0].box.y0 > limit:
                break
            segments += [
                other for other in row if other.box.horizontal_overlap(segment.box) > 0.3 and other.box.y0 <= limit
            ]
        return tuple(segments)

    def above(self, segment: Segment) -> tuple[Segment, ...]:
        """Segments of earlier rows that are above `segment`, nearest row first."""
        return tuple(
            other
            for row in reversed(self.rows[: segment.row])
            for other in row
            if other.box.horizontal_overlap(segment.box) > 0.3
        )

    def row_text(self, segment: Segment) -> str:
        return "  ".join(other.text for other in self.rows[segment.row])


def view_page(layout: PageLayout, rank: int = 0) -> PageView:
    """Split a page's lines into segments, and group these into rows."""
    parts = [words for line in layout.page_text.lines for words in _split(line)]
    parts = [words for words in parts if any(word.text.strip() for word in words)]
    boxes = [bounding_box(word.box for word in words) for words in parts]
    rows: list[tuple[Segment, ...]] = []
    segments: list[Segment] = []
    for row_index, indices in enumerate(cluster_rows(range(len(boxes)), boxes.__getitem__, _is_beside)):
        row: list[Segment] = []
        for index in indices:
            text = " ".join(word.text for word in parts[index])
            row.append(Segment(len(segments) + len(row), row_index, parts[index], text, boxes[index]))
        segments += row
        rows.append(tuple(row))
    return PageView(layout, rank, tuple(segments), tuple(rows))


def has_columns(lines: Sequence[Line]) -> bool:
    """Whether most lines have wide gaps between their words, or others beside them: rows, rather than sentences."""
    beside = [upper.box.vertical_overlap(lower.box) > MIN_ROW_OVERLAP for upper, lower in pairwise(lines)]
    in_rows = zip([False, *beside], [*beside, False], lines, strict=True)
    return 2 * sum(after or before or len(_split(line)) > 1 for after, before, line in in_rows) > len(lines)


def _split(line: Line) -> list[tuple[Word, ...]]:
    parts: list[list[Word]] = []
    for word in line.words:
        if parts and word.box.x0 - parts[-1][-1].box.x1 <= MAX_GAP * max(word.box.height, 1.0):
            parts[-1].append(word)
        else:
            parts.append([word])
    return [tuple(part) for part in parts]


def _is_beside(box: Box, row: Sequence[Box]) -> bool:
    """Whether `box` belongs to a row: level with its nearest member, and above or below none."""
    if any(box.horizontal_overlap(other) > 0.3 and box.vertical_overlap(other) < 0.8 for other in row):
        return False
    nearest = min(row, key=lambda other: max(box.x0 - other.x1, other.x0 - box.x1))
    return box.vertical_overlap(nearest) > MIN_ROW_OVERLAP
