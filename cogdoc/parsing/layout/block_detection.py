"""Divide a page into blocks in reading order: headings, paragraphs, lists, tables, headers, footers and pictures.

PyMuPDF's layout models find the regions of blocks, on native pages, and as well on scans whose OCR words are laid
invisibly over the picture. The text of a block always comes from the page's words in its region, so that the layout
and the text of a page never differ. Runs in the sandbox.
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
from cogdoc.parsing.layout.columns import split_columns
from cogdoc.parsing.layout.earlier_pages import edge_lines_before
from cogdoc.parsing.layout.field_rows import join_field_rows
from cogdoc.parsing.layout.model_input import ModelInput, make_input, may_be_clipping
from cogdoc.parsing.layout.running_headers import mark_running_headers
from cogdoc.parsing.page_text import Block, BlockKind, Line, PageText, Word
from cogdoc.parsing.row_clustering import sorted_lines
from cogdoc.parsing.tables.table_building import Grid, build_table

TEXT_PICTURE_LINES = 12
"""Lines from which a picture is a block of text: charts have fewer long lines, photographs hardly any."""

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
    """A block as the models find it, without words."""

    kind: BlockKind
    box: Box
    level: int
    grid: Grid | None = None


def find_blocks(document: OpenDocument, index: int, page_text: PageText) -> tuple[Block, ...]:
    """Divide page `index` (0-based) into blocks that contain all of its text, in reading order."""
    if not page_text.lines:
        return ()
    blocks = _fill_regions(_find_regions(document, index, page_text), page_text.lines)
    earlier_pages = edge_lines_before(document, page_text)
    marked = mark_running_headers(blocks, page_text, earlier_pages, page_count=document.page_count)
    return tuple(join_field_rows(marked))


def _find_regions(document: OpenDocument, index: int, page_text: PageText) -> list[_Region]:
    if may_be_clipping(page_text):
        with make_input(document, index, page_text, as_clipping=True) as model_input:
            regions = _detect_regions(model_input)
        if any(region.grid for region in regions):
            return regions
    with make_input(document, index, page_text) as model_input:
        return _detect_regions(model_input)


def _detect_regions(model_input: ModelInput) -> list[_Region]:
    regions: list[_Region] = []
    for detected in _parser()(model_input.file, pages=[0], use_ocr=0, render_html_tables=False).pages[0].boxes:
        box = model_input.to_page(Box(detected.x0, detected.y0, detected.x1, detected.y1))
        kind = _KINDS.get(detected.boxclass, BlockKind.TEXT)
        grid = _grid(detected.table, model_input) if kind is BlockKind.TABLE else None
        regions.append(_Region(kind, box, int(detected.header_level or 0), grid))
    return regions


@cache
def _parser() -> Any:
    import onnxruntime

    with _session_threads(onnxruntime, int(os.environ.get("COGDOC_WORKER_THREADS", "0"))):
        from pymupdf4llm.helpers.document_layout import parse_document

    return parse_document


@contextlib.contextmanager
def _session_threads(runtime: Any, threads: int) -> Iterator[None]:
    """Make the models that are loaded in this context use `threads` threads.

    By default each of PyMuPDF's models spins on all cores, which slows down all processes of a pool, and PyMuPDF has no
    setting for it.
    """
    session_options = runtime.SessionOptions

    def make_options() -> Any:
        options = session_options()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return options

    runtime.SessionOptions = make_options
    try:
        yield
    finally:
        runtime.SessionOptions = session_options


def _grid(table: dict[str, Any] | None, model_input: ModelInput) -> Grid | None:
    """The lines of the grid that the models draw over a table."""
    if not table or not table.get("cells"):
        return None
    rows = [[model_input.to_page(Box(*cell[:4])) for cell in row] for row in table["cells"]]
    column_lines = (*(cell.x0 for cell in rows[0]), rows[0][-1].x1)
    return column_lines, (*(row[0].y0 for row in rows), rows[-1][0].y1)


def _fill_regions(regions: Sequence[_Region], lines: Sequence[Line]) -> list[Block]:
    """Give each region its words; lines outside all regions become blocks of their own, in reading order."""
    lines_by_region: dict[int, list[Line]] = {}
    lines_outside: list[Line] = []
    for line in lines:
        words_by_region: dict[int | None, list[Word]] = {}
        for word in line.words:
            words_by_region.setdefault(_find_region(word.box, regions), []).append(word)
        for region_index, words in words_by_region.items():
            if region_index is None:
                lines_outside.append(Line(tuple(words)))
            else:
                lines_by_region.setdefault(region_index, []).append(Line(tuple(words)))
    blocks = [
        _make_block(region, lines_by_region.get(index, []))
        for index, region in enumerate(regions)
        if index in lines_by_region or region.kind is BlockKind.PICTURE
    ]
    blocks = [part for block in blocks for part in split_columns(block)]
    for line in lines_outside:
        blocks.insert(_insertion_index(line.box, blocks), Block(BlockKind.TEXT, line.box, (line,)))
    return blocks


def _find_region(box: Box, regions: Sequence[_Region]) -> int | None:
    """The index of the smallest region that contains most of a word's box."""
    containing = [i for i, region in enumerate(regions) if region.box.overlap(box) > 0.5 * box.area]
    return min(containing, key=lambda i: regions[i].box.area, default=None)


def _make_block(region: _Region, lines: list[Line]) -> Block:
    kind = region.kind
    if kind is BlockKind.TABLE:
        words = [word for line in lines for word in line.words]
        if region.grid and (table := build_table(region.box, region.grid, words)):
            return Block(kind, region.box, tuple(lines), table=table)
        kind = BlockKind.TEXT
    if kind is BlockKind.PICTURE and len(lines) >= TEXT_PICTURE_LINES:
        kind = BlockKind.TEXT  # a photographed document (a receipt on a desk), not an illustration
    return Block(kind, region.box, tuple(sorted_lines(lines)), region.level)


def _insertion_index(box: Box, blocks: Sequence[Block]) -> int:
    """The index of the first block that starts below a box in the same column; the end if there is none."""
    for index, block in enumerate(blocks):
        if block.box.y0 >= box.center[1] and block.box.horizontal_overlap(box) > 0:
            return index
    return len(blocks)
