"""Join blocks of fields, so that forms and receipts are read across instead of down.

The layout models see a column of labels and a column of values beside it as two blocks, as they do with columns of
prose. Prose fills its lines; labels and values are short and aligned in rows, and people read along the row. They may
also see one label of a row as a block inside another that has the rest of the row.
"""

from __future__ import annotations

from collections.abc import Sequence

from cogdoc.documents.geometry import bounding_box
from cogdoc.parsing.layout.columns import flows
from cogdoc.parsing.page_text import Block, BlockKind, Line, mean_line_width
from cogdoc.parsing.row_clustering import sorted_lines

MAX_FIELD_WIDTH = 22
"""Mean line width (see `mean_line_width`) up to which a block contains fields."""

MAX_ROW_WIDTH = 36
"""The same for the block with more lines, which may contain whole rows already."""

MIN_INSIDE = 0.8
"""Share of a block's area that must be inside another block for it to be a gap-filling part of its rows."""

ALIGNED_SHARE = 0.6
"""Share of the smaller block's lines that must be beside a line of the other block."""


def join_field_rows(blocks: Sequence[Block]) -> list[Block]:
    """`blocks`, with blocks of fields side by side joined."""
    joined: list[Block] = []
    for block in _divided(blocks):
        current = block
        index = len(joined)
        while (partner := _find_partner(current, joined)) is not None:
            index = min(index, partner)
            current = _join(joined.pop(partner), current)
        joined.insert(min(index, len(joined)), current)
    return joined


def _divided(blocks: Sequence[Block]) -> list[Block]:
    """`blocks`, with the lines of a column of values moved to the blocks that have the rest of their rows.

    The models see the amounts of a receipt as one block, also where the labels beside them are two.
    """
    divided = list(blocks)
    for block in blocks:
        owners = [_owner(line, block, divided) for line in block.lines] if _may_be_column(block) else []
        if None in owners or len({id(owner) for owner in owners}) < 2:
            continue
        for owner in {id(owner): owner for owner in owners if owner}.values():
            lines = [line for line, of in zip(block.lines, owners, strict=True) if of is owner]
            index = next(i for i, other in enumerate(divided) if other is owner)
            divided[index] = _join(owner, Block(BlockKind.TEXT, bounding_box(line.box for line in lines), tuple(lines)))
        divided = [other for other in divided if other is not block]
    return divided


def _may_be_column(block: Block) -> bool:
    """Whether a block may be a column of values: names in columns stay as they are."""
    return (
        block.kind is BlockKind.TEXT
        and len(block.lines) > 1
        and mean_line_width(block.lines) <= MAX_FIELD_WIDTH
        and all(any(map(str.isdigit, line.text)) for line in block.lines)
    )


def _owner(line: Line, block: Block, others: Sequence[Block]) -> Block | None:
    """The block of fields that has the rest of a line's row, before or after it."""
    for other in others:
        if other is block or other.kind is not BlockKind.TEXT or not other.lines or flows(other.lines):
            continue
        row = [each.box for each in other.lines if each.box.vertical_overlap(line.box) > 0.5]
        is_free = all(box.horizontal_overlap(line.box) <= 0 for box in row)
        if row and is_free and mean_line_width(other.lines) <= MAX_ROW_WIDTH:
            return other
    return None


def _find_partner(block: Block, others: Sequence[Block]) -> int | None:
    found = (index for index, other in enumerate(others) if _share_rows(block, other) or _fills_gap(block, other))
    return next(found, None)


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


def _fills_gap(one: Block, two: Block) -> bool:
    """Whether all lines of one block are in gaps between the lines of rows of the other, within its box."""
    if one.kind is not BlockKind.TEXT or two.kind is not BlockKind.TEXT or not one.lines or not two.lines:
        return False
    inner, outer = sorted((one, two), key=lambda block: block.box.area)
    if inner.box.overlap(outer.box) < MIN_INSIDE * inner.box.area:
        return False
    for line in inner.lines:
        row = [other.box for other in outer.lines if other.box.vertical_overlap(line.box) > 0.5]
        is_free = all(other.horizontal_overlap(line.box) <= 0 for other in row)
        if not row or not is_free or not min(box.x0 for box in row) < line.box.x0 < max(box.x1 for box in row):
            return False
    return True


def _join(one: Block, two: Block) -> Block:
    return Block(BlockKind.TEXT, bounding_box((one.box, two.box)), tuple(sorted_lines([*one.lines, *two.lines])))
