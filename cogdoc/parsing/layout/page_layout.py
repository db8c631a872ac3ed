"""From words to blocks: headings, paragraphs, lists, tables with cells, headers and footers, in reading order.

PyMuPDF's layout models find the blocks, on native pages and equally well on a scan whose OCR words are laid
invisibly over its picture. The text of a block is always taken from the words that stand in it, so that what
a layout says and what a page says never differ. Runs in the sandbox.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from cogdoc.documents.geometry import Box
from cogdoc.documents.opening import OpenDocument
from cogdoc.parsing.layout.field_rows import join_field_rows
from cogdoc.parsing.layout.layout_sheet import Sheet, make_sheet, may_be_cutting
from cogdoc.parsing.layout.running_headers import settle_running_matter
from cogdoc.parsing.page_text import Block, BlockKind, Line, PageText, Word
from cogdoc.parsing.row_clustering import sorted_lines
from cogdoc.parsing.tables.table_cells import Grid, build_table

WORDY_PICTURE = 12
"""Lines of text from which a picture is taken for text: charts have fewer long ones, photographs hardly any."""

_KINDS = {
    "title": BlockKind.TITLE,
    "section-header": BlockKind.HEADING,
    "list-item": BlockKind.LIST_ITEM,
    "table": BlockKind.TABLE,
    "picture": BlockKind.PICTURE,
    "formula": BlockKind.FORMULA,
    "caption": BlockKind.CAPTION,
    "footnote": BlockKind.FOOTNOTE,
    "page-header": BlockKind.HEADER,
    "page-footer": BlockKind.FOOTER,
}


@dataclass(frozen=True, slots=True)
class _Region:
    """A block as the models found it, before it has words."""

    kind: BlockKind
    box: Box
    level: int
    grid: Grid | None = None


def find_blocks(document: OpenDocument, index: int, page_text: PageText) -> tuple[Block, ...]:
    """Divide page `index` (0-based) into blocks that hold all of its text, in reading order."""
    if not page_text.lines:
        return ()
    regions = _find_regions(document, index, page_text)
    return tuple(_arrange(regions, page_text))


def _find_regions(document: OpenDocument, index: int, words: PageText) -> list[_Region]:
    if may_be_cutting(words):
        with make_sheet(document, index, words, cutting=True) as sheet:
            regions = _regions_on(sheet)
        if any(region.grid for region in regions):
            return regions
    with make_sheet(document, index, words) as sheet:
        return _regions_on(sheet)


def _regions_on(sheet: Sheet) -> list[_Region]:
    regions: list[_Region] = []
    for found in _parser()(sheet.file, pages=[0], use_ocr=0, render_html_tables=False).pages[0].boxes:
        box = sheet.page_box(Box(found.x0, found.y0, found.x1, found.y1))
        kind = _KINDS.get(found.boxclass, BlockKind.TEXT)
        grid = _grid(found.table, sheet) if kind is BlockKind.TABLE else None
        regions.append(_Region(kind, box, int(found.header_level or 0), grid))
    return regions


@cache
def _parser() -> Any:
    import onnxruntime

    with _session_threads(onnxruntime, int(os.environ.get("COGDOC_WORKER_THREADS", "0"))):
        from pymupdf4llm.helpers.document_layout import parse_document

    return parse_document


@contextlib.contextmanager
def _session_threads(runtime: Any, threads: int) -> Iterator[None]:
    """Have the models that are loaded meanwhile use so many threads.

    PyMuPDF lets each of its models spin on all cores, which in a pool of children slows all of them down, and
    offers no setting for it.
    """
    given = runtime.SessionOptions

    def options() -> Any:
        made = given()
        made.intra_op_num_threads = threads
        made.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return made

    runtime.SessionOptions = options
    try:
        yield
    finally:
        runtime.SessionOptions = given


def _grid(table: dict[str, Any] | None, sheet: Sheet) -> Grid | None:
    """The lines of the grid that the models drew over a table."""
    if not table or not table.get("cells"):
        return None
    rows = [[sheet.page_box(Box(*cell[:4])) for cell in row] for row in table["cells"]]
    across = (*(cell.x0 for cell in rows[0]), rows[0][-1].x1)
    return across, (*(row[0].y0 for row in rows), rows[-1][0].y1)


def _arrange(regions: Sequence[_Region], words: PageText) -> list[Block]:
    """The page's blocks, in reading order, from its regions and words."""
    return join_field_rows(settle_running_matter(_fill(regions, words.lines), words))


def _fill(regions: Sequence[_Region], lines: Sequence[Line]) -> list[Block]:
    """Give every region its words; lines that no region claims become blocks of their own, in their place."""
    claimed: dict[int, list[Line]] = {}
    unclaimed: list[Line] = []
    for line in lines:
        parts: dict[int | None, list[Word]] = {}
        for word in line.words:
            parts.setdefault(_claim(word.box, regions), []).append(word)
        for place, words in parts.items():
            if place is None:
                unclaimed.append(Line(tuple(words)))
            else:
                claimed.setdefault(place, []).append(Line(tuple(words)))
    blocks = [
        _block(region, claimed.get(place, []))
        for place, region in enumerate(regions)
        if place in claimed or region.kind is BlockKind.PICTURE
    ]
    for line in unclaimed:
        blocks.insert(_place(line.box, blocks), Block(BlockKind.TEXT, line.box, (line,)))
    return blocks


def _claim(box: Box, regions: Sequence[_Region]) -> int | None:
    """The smallest region in which most of the word stands."""
    holding = [i for i, region in enumerate(regions) if region.box.overlap(box) > 0.5 * box.area]
    return min(holding, key=lambda i: regions[i].box.area, default=None)


def _block(region: _Region, lines: list[Line]) -> Block:
    kind = region.kind
    if kind is BlockKind.TABLE:
        words = [word for line in lines for word in line.words]
        if region.grid and (table := build_table(region.box, region.grid, words)):
            return Block(kind, region.box, tuple(lines), table=table)
        kind = BlockKind.TEXT
    if kind is BlockKind.PICTURE and len(lines) >= WORDY_PICTURE:
        kind = BlockKind.TEXT  # a photographed document (a receipt on a desk), not an illustration
    return Block(kind, region.box, tuple(sorted_lines(lines)), region.level)


def _place(box: Box, blocks: Sequence[Block]) -> int:
    """Before the first block that begins below it in the same column."""
    for place, block in enumerate(blocks):
        if block.box.y0 >= box.center[1] and block.box.horizontal_overlap(box) > 0:
            return place
    return len(blocks)
