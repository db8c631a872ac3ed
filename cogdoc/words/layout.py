"""From words to blocks: headings, paragraphs, lists, tables with cells, headers and footers, in reading order.

PyMuPDF's layout models find the blocks, on native pages and equally well on a scan whose OCR words are laid
invisibly over its picture. The text of a block is always taken from the words that stand in it, so that what
a layout says and what a page says never differ. Runs in the sandbox.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from PIL import Image

from cogdoc.documents.document import OpenRequest
from cogdoc.documents.geometry import Box
from cogdoc.documents.mupdf import pymupdf
from cogdoc.documents.opening import MupdfDocument, OpenDocument, check_index, open_document
from cogdoc.documents.rendering import LONG_SIDE, fit_long_side
from cogdoc.words.field_rows import join_field_rows
from cogdoc.words.reading import read_words
from cogdoc.words.rows import sorted_lines
from cogdoc.words.types import Block, BlockKind, Cell, Line, PageLayout, PageWords, Table, TextOrigin, Word

MODEL_SIDE = 842.0
"""Points of the long side that a scan's page is given: the models were trained on paper sizes."""

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
    cells: tuple[tuple[Box | None, ...], ...] = ()


def read_layout(request: OpenRequest, number: int, words: PageWords | None = None) -> PageLayout:
    """Lay out page `number` (1-based); `words` spares reading it again where that was done before.

    Raises:
        InputError, EncryptedError: the file or the page cannot be read.
        UsageError: there is no such page.
    """
    words = words or read_words(request, number)
    if not words.lines:
        return PageLayout(words, ())
    document = open_document(request)
    regions = _find_regions(document, check_index(document, number), words)
    return PageLayout(words, tuple(join_field_rows(_fill(regions, words.lines))))


def _find_regions(document: OpenDocument, index: int, words: PageWords) -> list[_Region]:
    file, scale = _one_page_file(document, index, words)
    with contextlib.closing(file):
        parsed = _parser()(file, pages=[0], use_ocr=0, render_html_tables=False)
    regions: list[_Region] = []
    for found in parsed.pages[0].boxes:
        box = Box(found.x0, found.y0, found.x1, found.y1).scaled(1 / scale, 1 / scale)
        kind = _KINDS.get(found.boxclass, BlockKind.TEXT)
        cells = _cell_boxes(found.table, 1 / scale) if kind is BlockKind.TABLE else ()
        if kind is BlockKind.TABLE and not cells:
            kind = BlockKind.TEXT
        regions.append(_Region(kind, box, int(found.header_level or 0), cells))
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


def _one_page_file(document: OpenDocument, index: int, words: PageWords) -> tuple[pymupdf.Document, float]:
    """A PDF of just this page, with all of its words as text, and its points per point of the page.

    The parser walks the bookmarks and form fields of a whole file for every page, so it is given one page.
    """
    if words.origin is TextOrigin.OCR or not isinstance(document, MupdfDocument):
        return _picture_file(document, index, words)
    if document.file.is_pdf:
        file = pymupdf.open()
        file.insert_pdf(document.file, from_page=index, to_page=index, links=False, annots=True)
    else:
        file = pymupdf.open("pdf", document.file.convert_to_pdf(index, index + 1))
    page = file[0]
    page.remove_rotation()
    if words.origin is TextOrigin.MIXED:
        _write_invisibly(page, [word for word in words.words if word.confidence < 1], 1.0)
    return file, 1.0


def _picture_file(document: OpenDocument, index: int, words: PageWords) -> tuple[pymupdf.Document, float]:
    from cogdoc.words.scan import level_picture

    width, height = document.size(index)
    scale = MODEL_SIDE / max(width, height)
    picture = document.picture(index, fit_long_side(width, height, LONG_SIDE))
    level = Image.fromarray(level_picture(picture, words.turned, words.skew))
    file = pymupdf.open()
    page = file.new_page(width=words.width * scale, height=words.height * scale)
    stream = io.BytesIO()
    level.save(stream, "JPEG", quality=85)
    page.insert_image(page.rect, stream=stream.getvalue())
    _write_invisibly(page, words.words, scale)
    return file, scale


def _write_invisibly(page: pymupdf.Page, words: Sequence[Word], scale: float) -> None:
    """Lay words over a page in render mode 3, each stretched to the width of its box."""
    font = pymupdf.Font("cjk")
    page.insert_font(fontname="words", fontbuffer=font.buffer)
    for word in words:
        box = word.box.scaled(scale, scale)
        size = max(1.0, 0.8 * box.height)
        natural = font.text_length(word.text, size)
        if natural <= 0 or box.width <= 0:
            continue
        corner = pymupdf.Point(box.x0, box.y1)
        page.insert_text(
            pymupdf.Point(box.x0, box.y1 - 0.2 * box.height),
            word.text,
            fontsize=size,
            fontname="words",
            render_mode=3,
            morph=(corner, pymupdf.Matrix(box.width / natural, 1)),
        )


def _cell_boxes(table: dict[str, Any] | None, factor: float) -> tuple[tuple[Box | None, ...], ...]:
    if not table or not table.get("cells"):
        return ()
    rows = [
        tuple(Box(*cell[:4]).scaled(factor, factor) if cell is not None else None for cell in row)
        for row in table["cells"]
    ]
    return tuple(rows) if len({len(row) for row in rows}) == 1 and len(rows[0]) > 0 else ()


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
    if region.kind is BlockKind.TABLE:
        return Block(region.kind, region.box, tuple(lines), table=_table(region, lines))
    # A picture that is full of text is a photographed document (a receipt on a desk), not an illustration.
    kind = BlockKind.TEXT if region.kind is BlockKind.PICTURE and len(lines) >= WORDY_PICTURE else region.kind
    return Block(kind, region.box, tuple(sorted_lines(lines)), region.level)


def _table(region: _Region, lines: Sequence[Line]) -> Table:
    words: dict[tuple[int, int], list[Word]] = {}
    for line in lines:
        for word in line.words:
            place = _nearest_cell(word.box, region.cells)
            words.setdefault(place, []).append(word)
    rows = tuple(
        tuple(Cell(_cell_text(words.get((r, c), [])), box) for c, box in enumerate(row))
        for r, row in enumerate(region.cells)
    )
    return Table(region.box, rows)


def _nearest_cell(box: Box, cells: Sequence[Sequence[Box | None]]) -> tuple[int, int]:
    x, y = box.center

    def distance(place: tuple[int, int]) -> float:
        cell = cells[place[0]][place[1]]
        assert cell is not None
        return max(cell.x0 - x, 0, x - cell.x1) ** 2 + max(cell.y0 - y, 0, y - cell.y1) ** 2

    places = [(r, c) for r, row in enumerate(cells) for c, cell in enumerate(row) if cell is not None]
    return min(places, key=distance)


def _cell_text(words: Sequence[Word]) -> str:
    lines = sorted_lines([Line((word,)) for word in words])
    return " ".join(line.text for line in lines)


def _place(box: Box, blocks: Sequence[Block]) -> int:
    """Before the first block that begins below it in the same column."""
    for place, block in enumerate(blocks):
        if block.box.y0 >= box.center[1] and block.box.horizontal_overlap(box) > 0:
            return place
    return len(blocks)
