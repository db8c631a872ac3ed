"""Joins the blocks of a paragraph that continues in the next column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cogdoc.results.plain_text import is_upright, rows_of
from cogdoc.results.records import TextBlock, TextLine
from cogdoc.text import runs_right_to_left

OMITTED_KINDS = ("header", "footer")
"""Kinds of blocks that Markdown leaves out."""

FULL_LINE = 0.72
"""Share of a block's width; a shorter line was ended by its author, not wrapped at the margin."""

MAX_DISTANCE = 6
"""How many blocks after the end of a column to search for the top of the next: margin notes may come between them."""


def paragraph_parts(blocks: Iterable[TextBlock]) -> Iterator[list[TextBlock]]:
    """The blocks in their order, each with the blocks that continue its paragraph.

    Running headers and footers are left out; blocks between two parts of a paragraph follow it.
    """
    remaining = [block for block in blocks if block.kind not in OMITTED_KINDS]
    while remaining:
        parts = [remaining.pop(0)]
        start = 0
        while (index := _continuation(parts[-1], remaining, start)) is not None:
            parts.append(remaining.pop(index))
            start = index
        yield parts


def fills_width(line: TextLine, block: TextBlock) -> bool:
    """Whether a line extends, in the direction in which it runs, about as far as its block does."""
    left, top, right, bottom = block.box
    if is_upright(line):
        return line.box[3] >= top + FULL_LINE * max(1e-6, bottom - top)
    if runs_right_to_left(line.text):
        return line.box[0] <= right - FULL_LINE * max(1e-6, right - left)
    return line.box[2] >= left + FULL_LINE * max(1e-6, right - left)


def _continuation(block: TextBlock, remaining: Sequence[TextBlock], start: int) -> int | None:
    """The index in `remaining` of the block that continues `block`."""
    if not _is_unfinished(block):
        return None
    for index, other in enumerate(remaining[start : start + MAX_DISTANCE], start=start):
        follows = index == start or _tops_next_column(other, block)
        if other.kind == "text" and follows and other.lines and other.lines[0].text[:1].islower():
            return index
    return None


def _is_unfinished(block: TextBlock) -> bool:
    """Whether a paragraph ends in the middle of a sentence, with a full line."""
    if block.kind != "text" or len(list(rows_of(block.lines))) < 2:
        return False
    last = block.lines[-1]
    return (last.text[-1:].isalnum() or last.text[-1:] in (",", "-")) and fills_width(last, block)


def _tops_next_column(block: TextBlock, previous: TextBlock) -> bool:
    return block.box[0] >= previous.box[2] and block.box[1] < previous.box[1]
