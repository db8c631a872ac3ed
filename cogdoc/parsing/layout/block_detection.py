"""Divide a page into blocks in reading order: headings, paragraphs, lists, tables, headers, footers and pictures.

PyMuPDF's layout models find the regions of blocks, on native pages, and as well on scans whose OCR words are laid
invisibly over the picture. The text of a block always comes from the page's words in its region, so that the layout
and the text of a page never differ. Runs in the sandbox.
"""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.documents.opening import OpenDocument
from cogdoc.documents.rendering import LONG_SIDE, fit_long_side
from cogdoc.parsing.layout.code_blocks import join_code
from cogdoc.parsing.layout.columns import split_columns
from cogdoc.parsing.layout.continued_tables import continues_table
from cogdoc.parsing.layout.decoration import mark_decoration
from cogdoc.parsing.layout.earlier_pages import edge_lines_before
from cogdoc.parsing.layout.empty_cells import read_empty_cells
from cogdoc.parsing.layout.field_rows import join_field_rows
from cogdoc.parsing.layout.model_input import ModelInput, make_input, may_be_clipping
from cogdoc.parsing.layout.panels import Edge, find_edges, part_panels
from cogdoc.parsing.layout.picture_tables import may_be_table
from cogdoc.parsing.layout.prose_beside_tables import ProseBeside, find_prose, find_prose_columns
from cogdoc.parsing.layout.ruled_boxes import Frame
from cogdoc.parsing.layout.ruled_columns import column_rules, cut_at_rules, uncrossed, with_rules
from cogdoc.parsing.layout.ruled_forms import find_forms
from cogdoc.parsing.layout.running_headers import mark_running_headers
from cogdoc.parsing.layout.sideways_tables import find_sideways_tables
from cogdoc.parsing.layout.texts_in_tables import is_in_rows
from cogdoc.parsing.model_sessions import configured
from cogdoc.parsing.page_text import Block, BlockKind, Line, PageLayout, PageText, Table, TextOrigin, Word
from cogdoc.parsing.row_clustering import sorted_lines
from cogdoc.parsing.tables.table_building import Grid, build_table

TEXT_PICTURE_LINES = 12
"""Lines from which a picture is a block of text: charts have fewer long lines, photographs hardly any."""

MIN_COLUMNS = {BlockKind.PICTURE: 2, BlockKind.TEXT: 3}
"""Kinds of regions that may be tables, and how many columns they must have."""

TABLE_SHARE = 0.7
"""Share of the lines of a picture that must be in a table for it to be one."""

FORM_GAP = 0.03
"""Share of the page's height between two forms, one below the other, up to which the text beside them is one."""

GOES_ON = (",", "，", "、")
"""What ends with one of these goes on and is no heading: "Dear Ms Thornbury,"."""

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
    form: Table | None = None
    """Its cells, if the rules of the page tell them."""
    rules: tuple[Box, ...] = ()
    """The drawn rules between its columns: boxes without width."""


def find_blocks(document: OpenDocument, index: int, page_text: PageText) -> PageLayout:
    """Divide page `index` (0-based) into blocks that contain all of its text, in reading order.

    Watermarks are its last blocks. The text of a scan may gain words in table cells that OCR of the page overlooked.
    """
    if not page_text.lines:
        return PageLayout(page_text, ())
    watermarks = tuple(line for line in page_text.lines if line.is_watermark)
    body, blocks = detect_blocks(document, index, page_text)
    earlier_pages = edge_lines_before(document, body)
    marked = mark_running_headers(blocks, body, earlier_pages, page_count=document.page_count)
    if continues_table(document, body, marked):
        body = replace(body, flags=(*body.flags, "table-continues"))
    panels = part_panels(marked, _panel_edges(document, index, body), body.width, body.height)
    joined = [block for panel in panels for block in join_field_rows(panel)]
    joined = mark_decoration(join_code(joined), document, body)
    laid_over = (Block(BlockKind.WATERMARK, line.box, (line,)) for line in watermarks)
    return PageLayout(replace(body, lines=(*body.lines, *watermarks)), (*joined, *laid_over))


def _panel_edges(document: OpenDocument, index: int, page_text: PageText) -> list[Edge]:
    if page_text.origin is not TextOrigin.OCR or page_text.turned or page_text.skew or page_text.bend:
        return []
    return find_edges(document.picture(index, fit_long_side(page_text.width, page_text.height, LONG_SIDE)))


def detect_blocks(document: OpenDocument, index: int, page_text: PageText) -> tuple[PageText, list[Block]]:
    """The page's text without watermarks, and its blocks, of the kinds that the models take them for."""
    regions = _find_regions(document, index, page_text)
    if page_text.origin is TextOrigin.OCR and (grids := [region.grid for region in regions if region.grid]):
        added = read_empty_cells(document, index, page_text, grids)
        page_text = replace(page_text, lines=(*page_text.lines, *added))
    body = replace(page_text, lines=tuple(line for line in page_text.lines if not line.is_watermark))
    regions = _without_parts_of_tables(regions, body.lines)
    grids = [region.grid for region in regions if region.grid]
    has_watermarks = len(body.lines) < len(page_text.lines)
    forms, frames = find_forms(document, index, body, grids, has_watermarks=has_watermarks)
    sideways = find_sideways_tables(body, lambda part, clip: _find_grids(document, index, part, clip))
    forms = [*sideways, *(form for form in forms if not any(table.box.overlap(form.box) for table in sideways))]
    body, regions = _with_ruled_columns(body, _with_forms(regions, forms, body), frames)
    return body, _fill_regions(regions, body.lines)


def _without_parts_of_tables(regions: Sequence[_Region], lines: Sequence[Line]) -> list[_Region]:
    tables = [region.box for region in regions if region.grid]
    return [
        region
        for region in regions
        if region.kind is not BlockKind.TEXT or not any(is_in_rows(region.box, table, lines) for table in tables)
    ]


def _find_regions(document: OpenDocument, index: int, page_text: PageText) -> list[_Region]:
    if may_be_clipping(page_text):
        regions = _detect_regions(document, index, page_text, Box(0, 0, page_text.width, page_text.height))
        if any(region.grid for region in regions):
            return regions
    regions = _detect_regions(document, index, page_text)
    return [part for region in regions for part in _look_closer(region, document, index, page_text)]


def _find_grids(document: OpenDocument, index: int, page_text: PageText, clip: Box) -> Iterator[tuple[Box, Grid]]:
    return ((part.box, part.grid) for part in _detect_regions(document, index, page_text, clip) if part.grid)


def _with_forms(regions: list[_Region], forms: Sequence[Table], page_text: PageText) -> list[_Region]:
    """The regions, with forms in place of what the models took them for."""
    if not forms:
        return regions
    gap, boxes = FORM_GAP * page_text.height, [form.box for form in forms]
    lines = [line.box for line in page_text.lines if not any(box.overlap(line.box) for box in boxes)]
    kept = [part for region in regions for part in _around(region, boxes, gap, lines)]
    for form in forms:
        first = _insertion_index(form.box, [Block(region.kind, region.box, ()) for region in kept])
        kept.insert(first, _Region(BlockKind.TABLE, form.box, 0, form=form))
    return kept


def _with_ruled_columns(
    page_text: PageText, regions: Sequence[_Region], frames: Sequence[Frame]
) -> tuple[PageText, list[_Region]]:
    """The page, with its words cut at the rules between the columns of tables, and the regions with these columns."""
    rules_of = {index: column_rules(region.box, frames) for index, region in enumerate(regions) if region.grid}
    rules = [rule for own in rules_of.values() for rule in own]
    if not rules:
        return page_text, list(regions)
    lines = (cut_at_rules(line, rules) for line in page_text.lines)
    page_text = replace(page_text, lines=tuple(line for line in lines if line))
    return page_text, [_ruled(region, rules_of.get(index, ()), page_text) for index, region in enumerate(regions)]


def _ruled(region: _Region, rules: Sequence[Box], page_text: PageText) -> _Region:
    words = [word for word in page_text.words if region.box.contains_point(*word.box.center)]
    if not region.grid or not words or not (rules := uncrossed(rules, words)):
        return region
    return replace(region, grid=with_rules(region.grid, rules, words), rules=tuple(rules))


def _around(region: _Region, forms: Sequence[Box], gap: float, lines: Sequence[Box]) -> list[_Region]:
    """The parts of a region above and below forms, and for what is beside them; none of them cuts other lines."""
    bands: list[Box] = []
    for form in forms:
        if region.box.overlap(form) <= 0.2 * min(region.box.area, form.area):
            continue
        if bands and form.y0 <= bands[-1].y1 + gap:
            bands[-1] = bands[-1]._replace(y1=max(bands[-1].y1, form.y1))
        else:
            bands.append(region.box._replace(y0=form.y0, y1=form.y1))
    parts, top = [], region.box.y0
    for band in (band._replace(y0=_between(band.y0, lines), y1=_between(band.y1, lines)) for band in bands):
        parts += [_part(region, region.box._replace(y0=top, y1=band.y0))]
        parts += [replace(region, kind=_text_kind(region.kind), box=band, grid=None)]
        top = band.y1
    parts.append(_part(region, region.box._replace(y0=top)))
    return [part for part in parts if part.box.height > 0]


def _between(y: float, lines: Sequence[Box]) -> float:
    """The nearest height at which no line is cut."""
    cut = [line for line in lines if line.y0 < y < line.y1]
    above, below = min((line.y0 for line in cut), default=y), max((line.y1 for line in cut), default=y)
    return above if y - above < below - y else below


def _text_kind(kind: BlockKind) -> BlockKind:
    return BlockKind.TEXT if kind in (BlockKind.TABLE, BlockKind.PICTURE) else kind


def _part(region: _Region, box: Box) -> _Region:
    """A part of a region; that of a table is one too if it has rows and columns."""
    if box == region.box:
        return region
    grid = None
    if region.grid:
        column_lines, row_lines = region.grid
        columns = [x for x in column_lines if box.x0 < x < box.x1]
        rows = [y for y in row_lines if box.y0 < y < box.y1]
        grid = ((box.x0, *columns, box.x1), (box.y0, *rows, box.y1)) if columns and len(rows) > 1 else None
    return replace(region, kind=region.kind if grid else _text_kind(region.kind), box=box, grid=grid)


def _look_closer(region: _Region, document: OpenDocument, index: int, page_text: PageText) -> list[_Region]:
    """What the models find in a picture on a scan that may be a table, if it is one when seen alone; else the region.

    The same for a text, which must have more columns: the labels and values of forms have two.
    """
    if page_text.origin is not TextOrigin.OCR or region.kind not in MIN_COLUMNS:
        return [region]
    lines = [line for line in page_text.lines if region.box.contains_point(*line.box.center)]
    if not may_be_table(lines, MIN_COLUMNS[region.kind]):
        return [region]
    whole = bounding_box([region.box, *(line.box for line in lines)])
    parts = _detect_regions(document, index, page_text, whole)
    tables = [part.box for part in parts if part.grid]
    inside = sum(any(table.contains_point(*line.box.center) for table in tables) for line in lines)
    return parts if inside >= TABLE_SHARE * len(lines) else [region]


def _detect_regions(document: OpenDocument, index: int, page_text: PageText, clip: Box | None = None) -> list[_Region]:
    with make_input(document, index, page_text, clip) as model_input:
        boxes = _parser()(model_input.file, pages=[0], use_ocr=0, render_html_tables=False).pages[0].boxes
        regions: list[_Region] = []
        for detected in boxes:
            box = model_input.to_page(Box(detected.x0, detected.y0, detected.x1, detected.y1))
            kind = _KINDS.get(detected.boxclass, BlockKind.TEXT)
            grid = _grid(detected.table, model_input) if kind is BlockKind.TABLE else None
            regions.append(_Region(kind, box, int(detected.header_level or 0), grid))
    return regions


@cache
def _parser() -> Any:
    import onnxruntime

    with _session_options(onnxruntime):
        from pymupdf4llm.helpers.document_layout import parse_document

    return parse_document


@contextlib.contextmanager
def _session_options(runtime: Any) -> Iterator[None]:
    """Make the models that are loaded in this context take the options of worker processes.

    By default each of PyMuPDF's models spins on all cores, which slows down all processes of a pool, and PyMuPDF has no
    setting for it.
    """
    session_options = runtime.SessionOptions
    runtime.SessionOptions = lambda: configured(session_options())
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
        for word, region_index in zip(line.words, _regions_of(line, regions), strict=True):
            words_by_region.setdefault(region_index, []).append(word)
        for region_index, words in words_by_region.items():
            if region_index is None:
                lines_outside.append(Line(tuple(words)))
            else:
                lines_by_region.setdefault(region_index, []).append(Line(tuple(words)))
    blocks = [
        part
        for index, region in enumerate(regions)
        if index in lines_by_region or region.kind is BlockKind.PICTURE
        for block in _make_blocks(region, lines_by_region.get(index, []))
        for part in split_columns(block)
    ]
    for line in lines_outside:
        blocks.insert(_insertion_index(line.box, blocks), Block(BlockKind.TEXT, line.box, (line,)))
    return blocks


def _regions_of(line: Line, regions: Sequence[_Region]) -> list[int | None]:
    """The region of each word; a picture, such as a stamp, takes none out of a line of the text beneath."""
    found = [_find_region(word.box, regions) for word in line.words]
    of_texts = {index for index in found if index is not None and regions[index].kind is not BlockKind.PICTURE}
    for number, (word, index) in enumerate(zip(line.words, found, strict=True)):
        if index is not None and regions[index].kind is BlockKind.PICTURE:
            beneath = (text for text in of_texts if regions[text].box.overlap(word.box) > 0.5 * word.box.area)
            found[number] = next(beneath, index)
    return found


def _find_region(box: Box, regions: Sequence[_Region]) -> int | None:
    """The index of the smallest region that contains most of a word's box; forms come first."""
    containing = [i for i, region in enumerate(regions) if region.box.overlap(box) > 0.5 * box.area]
    return min(containing, key=lambda i: (regions[i].form is None, regions[i].box.area), default=None)


def _make_blocks(region: _Region, lines: list[Line]) -> list[Block]:
    """The block of a region; a table may have running text beside it."""
    kind = region.kind
    if region.form:
        return [Block(kind, region.box, tuple(lines), table=region.form)]
    if kind is BlockKind.TABLE:
        words = [word for line in lines for word in line.words]
        table = build_table(region.box, region.grid, words, region.rules) if region.grid else None
        if table and (columns := find_prose_columns(table, words)):
            return [Block(BlockKind.TEXT, bounding_box(line.box for line in part), tuple(part)) for part in columns]
        if table and region.grid and (prose := find_prose(table, words)):
            text = Block(BlockKind.TEXT, bounding_box(line.box for line in prose.lines), prose.lines)
            others = _make_blocks(*_beside(region.grid, prose, lines))
            return [text, *others] if prose.is_left else [*others, text]
        if table and _contains(table, words):
            return [Block(kind, region.box, tuple(lines), table=table)]
        kind = BlockKind.TEXT
    if kind is BlockKind.PICTURE and len(lines) >= TEXT_PICTURE_LINES:
        # A photographed document (a receipt on a desk) or a screenshot.
        text = Block(BlockKind.TEXT, region.box, tuple(sorted_lines(lines)), region.level)
        return [Block(BlockKind.TEXT_PICTURE, region.box, ()), text]
    ordered = tuple(sorted_lines(lines))
    if kind in (BlockKind.TITLE, BlockKind.HEADING) and ordered and ordered[-1].text.endswith(GOES_ON):
        return [Block(BlockKind.TEXT, region.box, ordered)]
    return [Block(kind, region.box, ordered, region.level)]


def _beside(grid: Grid, prose: ProseBeside, lines: Sequence[Line]) -> tuple[_Region, list[Line]]:
    """A table without the running text beside it, and its lines."""
    taken = {word for line in prose.lines for word in line.words}
    remaining = [tuple(word for word in line.words if word not in taken) for line in lines]
    kept = [Line(words) for words in remaining if words]
    box = bounding_box(line.box for line in kept)
    column_lines, row_lines = grid
    inner = (line for line in column_lines if (line > prose.edge) is prose.is_left and box.x0 < line < box.x1)
    # Rows of the running text only are none of the table.
    used = [any(low <= line.box.center[1] < high for line in kept) for low, high in itertools.pairwise(row_lines)]
    rows = [high for high, is_used in zip(row_lines[1:], used, strict=True) if is_used][:-1]
    return _Region(BlockKind.TABLE, box, 0, ((box.x0, *inner, box.x1), (box.y0, *rows, box.y1))), kept


def _contains(table: Table, words: Sequence[Word]) -> bool:
    """Whether a table has all of the words: a grid that loses one is worse than its text."""
    in_cells = Counter(part for row in table.rows for cell in row for part in cell.text.split())
    return not Counter(part for word in words for part in word.text.split()) - in_cells


def _insertion_index(box: Box, blocks: Sequence[Block]) -> int:
    """The index of the first block that starts below a box in the same column; the end if there is none."""
    for index, block in enumerate(blocks):
        if block.box.y0 >= box.center[1] and block.box.horizontal_overlap(box) > 0:
            return index
    return len(blocks)
