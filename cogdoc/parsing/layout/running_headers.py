"""Decide which blocks are running headers and footers, which Markdown leaves out.

The layout models know what headers and footers look like, but the first line of an invoice and the sum at the end of a
receipt look the same to them. Their decision is accepted only for blocks at the edge of the page, beyond the text, and
only with evidence that the block runs through a publication:

- an earlier page of the document has the same text in the same place, up to numbers,
- it is a page number alone in its row, or in the middle of the page with other parts on both sides,
- or it is printed sideways in the margin, as publishers and archives stamp their pages.

On a single page, rows at its ends that `margin_rows` judges to run through a publication are headers and footers, too,
whatever the models take them for.

So the first page with a header keeps it as text, and each header of a document is written once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rapidfuzz import fuzz

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.layout.margin_rows import MIN_PROBABILITY, margin_rows
from cogdoc.parsing.page_text import Block, BlockKind, Line, PageText, TextOrigin, mean_line_width

MARGIN = 0.15
"""Share of a scan's height at its top and bottom that can contain headers and footers."""

PROSE_LINE_WIDTH = 24
"""Mean line width (see `mean_line_width`) from which a scan contains prose; receipts have 9 to 17."""

SIMILAR = 85
"""Similarity in percent from which two lines are the same header, when their numbers are ignored."""

SAME_PLACE = 0.03
"""Share of the page's height by which the same header may be higher or lower on another page."""

CENTERED = 0.03
"""Share of the page's width by which a page number may miss the middle."""

_RUNNING = (BlockKind.HEADER, BlockKind.FOOTER)
_PAGE_NUMBER = re.compile(r"\W*(?:(\d{1,4})(?:\W{0,3}[/|]\W{0,3}\d{1,4})?|[ivxlc]{1,7})\W*")
_DIGITS = re.compile(r"\d+")


def mark_running_headers(
    blocks: Sequence[Block], page_text: PageText, earlier_pages: Iterable[Sequence[Line]] = (), *, page_count: int = 1
) -> list[Block]:
    """`blocks` with corrected kinds: running headers and footers keep theirs, and all others become text.

    Args:
        earlier_pages: the lines at the edges of pages before this one; read only if a block may be a header.
    """
    candidates = _candidates(blocks, page_text)
    rows = _rows([blocks[index] for index in sorted(candidates)])
    folios = {id(block) for row in rows if _is_folio_row(row, page_text.width) for block in row}
    unproven = [
        index for index in sorted(candidates) if id(blocks[index]) not in folios and not _is_sideways(blocks[index].box)
    ]
    if unproven:
        pages = iter(earlier_pages)
        seen: list[Line] = []
        while unproven and (lines := next(pages, None)) is not None:
            seen.extend(lines)
            unproven = [index for index in unproven if not is_repeated(blocks[index], seen, page_text.height)]
    kinds = {index: kind for index, kind in candidates.items() if index not in unproven}
    if page_count == 1:
        kinds |= _kinds_in_running_rows(blocks, page_text)
    return [
        replace(block, kind=kinds[index])
        if index in kinds
        else replace(block, kind=BlockKind.TEXT)
        if block.kind in _RUNNING
        else block
        for index, block in enumerate(blocks)
    ]


def _candidates(blocks: Sequence[Block], page_text: PageText) -> dict[int, BlockKind]:
    """The blocks at the edge of the page that the models take for headers and footers, or that are beside one."""
    kinds = [_kind_in_row(block, blocks) for block in blocks]
    body = [block.box for block, kind in zip(blocks, kinds, strict=True) if kind not in _RUNNING and _has_text(block)]
    if not body or is_scan_without_prose(page_text):
        return {}
    body_box = bounding_box(body)
    margin = (MARGIN if page_text.origin is TextOrigin.OCR else 1.0) * page_text.height
    return {
        index: kind
        for index, (block, kind) in enumerate(zip(blocks, kinds, strict=True))
        if kind in _RUNNING and _is_outside_body(block.box, kind, body_box, margin, page_text.height)
    }


def _kinds_in_running_rows(blocks: Sequence[Block], page_text: PageText) -> dict[int, BlockKind]:
    """The blocks of a single page that are probably running headers and footers: whole rows, from the edge inwards."""
    if is_scan_without_prose(page_text):
        return {}
    kinds: dict[int, BlockKind] = {}
    ended: set[BlockKind] = set()
    for row in margin_rows(blocks, page_text):
        if row.probability < MIN_PROBABILITY:
            ended.add(row.kind)
        elif row.kind not in ended:
            kinds |= {index: row.kind for index, block in enumerate(blocks) if block in row.blocks}
    return kinds


def is_scan_without_prose(page_text: PageText) -> bool:
    """Whether a page is a scan of short lines, such as a receipt."""
    return page_text.origin is TextOrigin.OCR and mean_line_width(page_text.lines) < PROSE_LINE_WIDTH


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


def _is_outside_body(box: Box, kind: BlockKind, body: Box, margin: float, page_height: float) -> bool:
    if (box.x1 <= body.x0 or box.x0 >= body.x1) and _is_sideways(box):
        return True
    if kind is BlockKind.HEADER:
        return box.center[1] <= body.y0 and box.y1 <= margin
    return box.center[1] >= body.y1 and box.y0 >= page_height - margin


def _is_sideways(box: Box) -> bool:
    return box.height > box.width


def _rows(blocks: Iterable[Block]) -> list[list[Block]]:
    rows: list[list[Block]] = []
    for block in blocks:
        row = next((row for row in rows if any(_share_row(other.box, block.box) for other in row)), None)
        if row is None:
            rows.append([block])
        else:
            row.append(block)
    return rows


def _is_folio_row(row: Sequence[Block], page_width: float) -> bool:
    """Whether a row at the edge of a page consists of page numbers, or has one in the middle between other parts."""
    numbers = [block.box.center[0] for block in row if is_page_number(block)]
    if len(numbers) in (0, len(row)):
        return bool(numbers)
    centers = [block.box.center[0] for block in row]
    return min(centers) < numbers[0] < max(centers) and abs(numbers[0] - page_width / 2) <= CENTERED * page_width


def is_page_number(block: Block) -> bool:
    """Whether a block has page numbers alone."""
    return all(_PAGE_NUMBER.fullmatch(line.text) for line in block.lines)


def is_repeated(block: Block, lines: Sequence[Line], page_height: float) -> bool:
    """Whether another page has each line of a block in the same place."""
    return all(
        any(
            abs(other.box.center[1] - line.box.center[1]) <= SAME_PLACE * page_height
            and fuzz.ratio(_without_numbers(line), _without_numbers(other)) >= SIMILAR
            for other in lines
        )
        for line in _lines_with_text(block)
    )


def _lines_with_text(block: Block) -> Iterator[Line]:
    return (line for line in block.lines if any(c.isalnum() for c in line.text))


def _without_numbers(line: Line) -> str:
    return _DIGITS.sub("#", "".join(line.text.split()).casefold())
