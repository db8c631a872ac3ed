"""Which blocks are one paragraph: a column ends in the middle of a sentence, and the next one goes on with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cogdoc.results.records import TextBlock, TextLine

FULL_LINE = 0.72
"""A line that fills less of its block's width than this ends where its author ended it."""

REACH = 6
"""Blocks that may stand between the end of a column and the top of the next: notes in the margin, a header."""


def flowing(blocks: Iterable[TextBlock]) -> Iterator[list[TextBlock]]:
    """The blocks in their order, each with those that go on with its paragraph; what stood between follows it."""
    waiting = [block for block in blocks if block.kind not in ("header", "footer")]
    while waiting:
        parts = [waiting.pop(0)]
        place = 0
        while (found := _continuation(parts[-1], waiting, place)) is not None:
            parts.append(waiting.pop(found))
            place = found
        yield parts


def fills_width(line: TextLine, block: TextBlock) -> bool:
    """Whether a line goes as far to the right as lines of its block do."""
    return line.box[2] >= block.box[0] + FULL_LINE * max(1e-6, block.box[2] - block.box[0])


def _continuation(block: TextBlock, waiting: Sequence[TextBlock], start: int) -> int | None:
    if not _breaks_off(block):
        return None
    for place, other in enumerate(waiting[start : start + REACH], start=start):
        follows = place == start or _tops_next_column(other, block)
        if other.kind == "text" and follows and other.lines and other.lines[0].text[:1].islower():
            return place
    return None


def _breaks_off(block: TextBlock) -> bool:
    """Whether a paragraph ends in the middle of a sentence, with a line that is full."""
    if block.kind != "text" or len(block.lines) < 2:
        return False
    last = block.lines[-1]
    return (last.text[-1:].isalnum() or last.text[-1:] in (",", "-")) and fills_width(last, block)


def _tops_next_column(block: TextBlock, before: TextBlock) -> bool:
    return block.box[0] >= before.box[2] and block.box[1] < before.box[1]
