"""Finds the captions of a page's tables and pictures, which are printed above all of them or below all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cogdoc.parsing.page_text import Block, BlockKind
from cogdoc.query.document_outline import CAPTIONED
from cogdoc.query.document_places import Reference, find_references

PICTURES = (BlockKind.PICTURE, BlockKind.TEXT_PICTURE)


def captions(blocks: Sequence[Block]) -> Mapping[int, int]:
    """The index of the caption of each block that has one, by the index of the block."""
    numbered = {index for index, block in enumerate(blocks) if caption_reference(block) is not None}
    shown = [index for index, block in enumerate(blocks) if block.table is not None or block.kind in PICTURES]
    above = {index: index - 1 for index in shown if index - 1 in numbered}
    below = {index: after for index in shown if (after := _after(blocks, index)) in numbered}
    return below if len(below) > len(above) else above


def caption_reference(block: Block) -> Reference | None:
    """The table or figure that a block is the caption of: ("table", "3")."""
    if block.table is not None or not block.lines:
        return None
    mention = next(iter(find_references(block.lines[0].text)), None)
    is_caption = mention is not None and mention.fit == 1.0 and mention.reference[0] in CAPTIONED
    return mention.reference if mention is not None and is_caption else None


def captioned_blocks(blocks: Sequence[Block], asked: Sequence[Reference]) -> Iterator[Block]:
    """The tables and pictures whose captions have one of some numbers."""
    for index, caption in captions(blocks).items():
        if caption_reference(blocks[caption]) in asked:
            yield blocks[index]


def _after(blocks: Sequence[Block], index: int) -> int:
    """The index of the block after one, or after the text of a picture."""
    following = index + 1
    if blocks[index].kind is BlockKind.TEXT_PICTURE and following < len(blocks):
        following += 1
    return following
