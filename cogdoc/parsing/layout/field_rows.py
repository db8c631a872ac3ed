"""Join blocks of fields, so that forms and receipts are read across instead of down.

The layout models see a column of labels and a column of values beside it as two blocks, as they do with columns of
prose. Prose fills its lines; labels and values are short and aligned in rows, and people read along the row.
"""

from __future__ import annotations

from collections.abc import Sequence

from cogdoc.documents.geometry import bounding_box
from cogdoc.parsing.layout.columns import flows
from cogdoc.parsing.page_text import Block, BlockKind, mean_line_width
from cogdoc.parsing.row_clustering import sorted_lines

MAX_FIELD_WIDTH = 22
"""Mean line width (see `mean_line_width`) up to which a block contains fields."""

MAX_ROW_WIDTH = 36
"""The same for the block with more lines, which may contain whole rows already."""

ALIGNED_SHARE = 0.6
"""Share of the smaller block's lines that must be beside a line of the other block."""


def join_field_rows(blocks: Sequence[Block]) -> list[Block]:
    """`blocks`, with blocks of fields side by side joined."""
    joined: list[Block] = []
    for block in blocks:
        current = block
        index = len(joined)
        while (partner := _find_partner(current, joined)) is not None:
            index = min(index, partner)
            current = _join(joined.pop(partner), current)
        joined.insert(min(index, len(joined)), current)
    return joined


def _find_partner(block: Block, others: Sequence[Block]) -> int | None:
    return next((index for index, other in enumerate(others) if _share_rows(block, other)), None)


def _share_rows(one: Block, two: Block) -> bool:
    if one.kind is not BlockKind.TEXT or two.kind is not BlockKind.TEXT or not one.lines or not two.lines:
        return False
    if one.box.vertical_overlap(two.box) <= 0:
        return False
    smaller, larger = sorted((one, two), key=lambda block: len(block.lines))
    if mean_line_width(smaller.lines) > MAX_FIELD_WIDTH or mean_line_width(larger.lines) > MAX_ROW_WIDTH:
        return False
    if flows(one.lines) and flows(two.lines):
        return False
    aligned = sum(any(line.box.vertical_overlap(other.box) > 0.5 for other in larger.lines) for line in smaller.lines)
    return aligned >= ALIGNED_SHARE * len(smaller.lines)


def _join(one: Block, two: Block) -> Block:
    return Block(BlockKind.TEXT, bounding_box((one.box, two.box)), tuple(sorted_lines([*one.lines, *two.lines])))
