"""Join the blocks of program code: the layout models cut a screenshot of code into texts, lists and headings."""

from __future__ import annotations

from collections.abc import Sequence

from cogdoc.documents.geometry import bounding_box
from cogdoc.parsing.page_text import Block, BlockKind, Line
from cogdoc.parsing.row_clustering import sorted_lines
from cogdoc.results.markdown.code import MIN_SYMBOLS, lines_of_code, symbols_share
from cogdoc.results.records import TextLine

KINDS = (BlockKind.TEXT, BlockKind.LIST_ITEM, BlockKind.HEADING, BlockKind.TITLE, BlockKind.FORMULA)
"""What the models take parts of code for."""

MAX_BLOCKS = 40
"""Blocks of one listing at most."""


def join_code(blocks: Sequence[Block]) -> list[Block]:
    """`blocks`, with those one below the other that are code together joined to one."""
    joined: list[Block] = []
    index = 0
    while index < len(blocks):
        end = _end_of_code(blocks, index)
        joined.append(_join(blocks[index:end]) if end > index + 1 else blocks[index])
        index = end
    return joined


def _end_of_code(blocks: Sequence[Block], start: int) -> int:
    """The index after the last of the blocks from `start` on that are code together; `start` + 1 if none are."""
    end = start
    while end < min(len(blocks), start + MAX_BLOCKS) and _may_go_on(blocks, start, end):
        end += 1
    while end > start + 1 and not _is_code([line for block in blocks[start:end] for line in block.lines]):
        end -= 1
    return max(end, start + 1)


def _may_go_on(blocks: Sequence[Block], start: int, index: int) -> bool:
    block = blocks[index]
    if block.kind not in KINDS or not block.lines:
        return False
    return index == start or block.box.y0 >= blocks[index - 1].box.y0


def _is_code(lines: Sequence[Line]) -> bool:
    if symbols_share("".join(line.text for line in lines)) < MIN_SYMBOLS:
        return False
    return lines_of_code([TextLine(text=line.text, box=line.box, confidence=1) for line in lines]) is not None


def _join(blocks: Sequence[Block]) -> Block:
    lines = sorted_lines(line for block in blocks for line in block.lines)
    return Block(BlockKind.TEXT, bounding_box(block.box for block in blocks), tuple(lines))
