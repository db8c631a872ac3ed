"""Decide which blocks are running headers and footers.

A single page cannot show what repeats from page to page. The layout models know what headers and footers look like;
here, their decision is accepted only for blocks at the edge of the page, beyond the text: a header with text above it
is a line of the text. On scans it is accepted only on pages of prose, because the first and last lines of receipts and
forms look like headers and footers to the models, but are names and sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.page_text import Block, BlockKind, PageText, TextOrigin, mean_line_width

MARGIN = 0.15
"""Share of a scan's height at its top and bottom that can contain headers and footers."""

PROSE_LINE_WIDTH = 24
"""Mean line width (see `mean_line_width`) from which a scan contains prose; receipts have 9 to 17."""

_RUNNING = (BlockKind.HEADER, BlockKind.FOOTER)


def mark_running_headers(blocks: Sequence[Block], page_text: PageText) -> list[Block]:
    """`blocks` with corrected kinds: headers and footers only at the page's edges, all others as text."""
    marked = [replace(block, kind=_kind_in_row(block, blocks)) for block in blocks]
    body = [block.box for block in marked if block.kind not in _RUNNING and _has_text(block)]
    is_scan = page_text.origin is TextOrigin.OCR
    if not body or (is_scan and mean_line_width(page_text.lines) < PROSE_LINE_WIDTH):
        return [replace(block, kind=BlockKind.TEXT) if block.kind in _RUNNING else block for block in blocks]
    body_box, margin = bounding_box(body), MARGIN if is_scan else 1.0
    return [
        replace(block, kind=BlockKind.TEXT)
        if block.kind in _RUNNING and not _is_outside_body(block, body_box, margin * page_text.height, page_text.height)
        else block
        for block in marked
    ]


def _kind_in_row(block: Block, blocks: Sequence[Block]) -> BlockKind:
    """A single line takes the kind of a header or footer beside it, because these often have two or three parts."""
    if block.kind is not BlockKind.TEXT or len(block.lines) != 1:
        return block.kind
    kinds_beside = (other.kind for other in blocks if other.kind in _RUNNING and _share_row(other.box, block.box))
    return next(kinds_beside, block.kind)


def _share_row(one: Box, two: Box) -> bool:
    low, high = sorted((one.height, two.height))
    return high <= 2 * low and one.vertical_overlap(two) > 0.5 and one.horizontal_overlap(two) <= 0


def _has_text(block: Block) -> bool:
    return any(c.isalnum() for line in block.lines for c in line.text)


def _is_outside_body(block: Block, body: Box, margin: float, page_height: float) -> bool:
    box = block.box
    if (box.x1 <= body.x0 or box.x0 >= body.x1) and box.height > box.width:
        return True
    if block.kind is BlockKind.HEADER:
        return box.center[1] <= body.y0 and box.y1 <= margin
    return box.center[1] >= body.y1 and box.y0 >= page_height - margin
