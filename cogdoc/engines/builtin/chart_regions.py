"""Finds where on a page charts may be, and what belongs to a chart: the title and the legend above it."""

from __future__ import annotations

from collections.abc import Sequence

from cogdoc.documents.geometry import Box
from cogdoc.parsing.page_text import Block, BlockKind, PageLayout

MIN_SHARE = 0.04
"""A picture below this share of the page's area is not read as a chart."""

MARGIN = 0.06
"""The margin around a picture that is read with it, as a share of its size: axis labels may be outside of it."""

REACH = 0.45
"""How far above a picture its title can be, as a share of its height."""

RUNNING_WORDS = 12
"""Words in a line of running text; a title or a row of a legend has fewer."""

_HEADINGS = (BlockKind.TITLE, BlockKind.HEADING)


def chart_regions(layout: PageLayout) -> list[Box]:
    """The pictures of a page with what belongs to them, in points; the whole page if there are none."""
    whole = Box(0, 0, layout.page_text.width, layout.page_text.height)
    pictures = [block.box for block in layout.blocks if block.kind is BlockKind.PICTURE]
    large = [box for box in pictures if box.area >= MIN_SHARE * whole.area]
    return [with_surroundings(box, layout.blocks, whole) for box in large] or [whole]


def with_surroundings(picture: Box, blocks: Sequence[Block], whole: Box) -> Box:
    """The box of a picture or a plot, with a margin, and with what is above it as far as it belongs to it."""
    across, down = MARGIN * picture.width, MARGIN * picture.height
    left, right = max(whole.x0, picture.x0 - across), min(whole.x1, picture.x1 + across)
    others = [block for block in blocks if block.box != picture and block.box.x0 < right and block.box.x1 > left]
    below = [block.box.y0 for block in others if block.box.y0 >= picture.y1 and _is_apart(block, BlockKind.CAPTION)]
    top = _top([block for block in others if block.box.y1 <= picture.y0], picture, 2 * down)
    return Box(left, max(whole.y0, top), right, min(whole.y1, picture.y1 + down, *below))


def _top(above: Sequence[Block], picture: Box, margin: float) -> float:
    """The top of what belongs to a picture: at most one title, which may have several lines, and what is below that."""
    top = picture.y0
    heading: Box | None = None
    for block in sorted(above, key=lambda block: -block.box.y1):
        is_next_line = block.kind in _HEADINGS and heading is not None and heading.y0 - block.box.y1 < block.box.height
        is_too_far = block.box.y0 < picture.y0 - REACH * picture.height
        if _is_apart(block) or is_too_far or (heading is not None and not is_next_line):
            return max(min(top, picture.y0 - margin), block.box.y1)
        top = block.box.y0 - 1
        heading = block.box if block.kind in _HEADINGS else None
    return min(top, picture.y0 - margin)


def _is_apart(block: Block, *kinds: BlockKind) -> bool:
    """Whether a block beside a picture is not part of it: running text, a table, another picture, one of `kinds`."""
    if block.kind in kinds:
        return True
    if block.kind in (BlockKind.TEXT, BlockKind.CAPTION) and block.lines:
        return max(len(line.words) for line in block.lines) > RUNNING_WORDS
    return block.kind not in (*_HEADINGS, BlockKind.TEXT, BlockKind.CAPTION, BlockKind.DECORATION)
