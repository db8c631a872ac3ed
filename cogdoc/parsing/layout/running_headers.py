"""Running headers and footers: what repeats from page to page at its edges and is no part of the text.

A page alone cannot tell what repeats. The layout models know what such lines look like; here their word is
taken only for what stands apart from the text, at the edge where it belongs: a header that has text above it
is a line of the text. On scans it is taken only where there is prose: the first and last lines of receipts and
forms look like headers and footers to the models, and are their names and sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.page_text import Block, BlockKind, Line, PageText, TextOrigin
from cogdoc.text import text_width

MARGIN = 0.15
"""Share of a scan's height, at its top and at its bottom, in which headers and footers stand."""

PROSE_LINE = 24
"""Characters (a Chinese one counts double) of a mean line from which a scan shows prose; receipts have 9 to 17."""

_RUNNING = (BlockKind.HEADER, BlockKind.FOOTER)


def settle_running_matter(blocks: Sequence[Block], words: PageText) -> list[Block]:
    """`blocks`, with as headers and footers those that stand at the page's edges, and as text what does not."""
    marked = [replace(block, kind=_kind_of_row(block, blocks)) for block in blocks]
    body = [block.box for block in marked if block.kind not in _RUNNING and _says_something(block)]
    scanned = words.origin is TextOrigin.OCR
    if not body or (scanned and _mean_length(words.lines) < PROSE_LINE):
        return [replace(block, kind=BlockKind.TEXT) if block.kind in _RUNNING else block for block in blocks]
    text, margin = bounding_box(body), MARGIN if scanned else 1.0
    return [
        replace(block, kind=BlockKind.TEXT)
        if block.kind in _RUNNING and not _stands_apart(block, text, margin * words.height, words.height)
        else block
        for block in marked
    ]


def _mean_length(lines: Sequence[Line]) -> float:
    return sum(text_width(line.text) for line in lines) / len(lines)


def _kind_of_row(block: Block, blocks: Sequence[Block]) -> BlockKind:
    """The kind of a single line is that of the headers or footers beside it: they come in two or three parts."""
    if block.kind is not BlockKind.TEXT or len(block.lines) != 1:
        return block.kind
    beside = (other.kind for other in blocks if other.kind in _RUNNING and _share_row(other.box, block.box))
    return next(beside, block.kind)


def _share_row(one: Box, two: Box) -> bool:
    low, high = sorted((one.height, two.height))
    return high <= 2 * low and one.vertical_overlap(two) > 0.5 and one.horizontal_overlap(two) <= 0


def _says_something(block: Block) -> bool:
    return any(c.isalnum() for line in block.lines for c in line.text)


def _stands_apart(block: Block, text: Box, margin: float, page_height: float) -> bool:
    box = block.box
    if (box.x1 <= text.x0 or box.x0 >= text.x1) and box.height > box.width:
        return True
    if block.kind is BlockKind.HEADER:
        return box.center[1] <= text.y0 and box.y1 <= margin
    return box.center[1] >= text.y1 and box.y0 >= page_height - margin
