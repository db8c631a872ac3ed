"""Read forms and receipts across, not down.

The layout models see a column of labels and a column of values beside it as two blocks, as they do with columns of
prose. Prose fills its lines; labels and values are short and stand in rows, and a reader goes along the row.
"""

from __future__ import annotations

from collections.abc import Sequence

from cogdoc.documents.geometry import bounding_box
from cogdoc.parsing.page_text import Block, BlockKind
from cogdoc.parsing.row_clustering import sorted_lines
from cogdoc.text import text_width

SHORT_LINE = 22
"""Characters (a Chinese one counts double) up to which the lines of a block are taken for fields, on average."""

LABEL_LINE = 36
"""The same for the larger of the two blocks, which may hold whole rows already."""

ALIGNED_SHARE = 0.6
"""Share of the smaller block's lines that must stand beside a line of the other."""


def join_field_rows(blocks: Sequence[Block]) -> list[Block]:
    """`blocks`, with those made one that stand side by side and hold fields; the others stay as they are."""
    joined: list[Block] = []
    for block in blocks:
        current = block
        place = len(joined)
        while (partner := _find_partner(current, joined)) is not None:
            place = min(place, partner)
            current = _join(joined.pop(partner), current)
        joined.insert(min(place, len(joined)), current)
    return joined


def _find_partner(block: Block, others: Sequence[Block]) -> int | None:
    return next((place for place, other in enumerate(others) if _share_rows(block, other)), None)


def _share_rows(one: Block, two: Block) -> bool:
    if one.kind is not BlockKind.TEXT or two.kind is not BlockKind.TEXT or not one.lines or not two.lines:
        return False
    if one.box.vertical_overlap(two.box) <= 0:
        return False
    smaller, larger = sorted((one, two), key=lambda block: len(block.lines))
    if _mean_length(smaller) > SHORT_LINE or _mean_length(larger) > LABEL_LINE:
        return False
    aligned = sum(any(line.box.vertical_overlap(other.box) > 0.5 for other in larger.lines) for line in smaller.lines)
    return aligned >= ALIGNED_SHARE * len(smaller.lines)


def _mean_length(block: Block) -> float:
    return sum(text_width(line.text) for line in block.lines) / len(block.lines)


def _join(one: Block, two: Block) -> Block:
    return Block(BlockKind.TEXT, bounding_box((one.box, two.box)), tuple(sorted_lines([*one.lines, *two.lines])))
