"""Tells whether the table at the head of a page continues one at the foot of the page before.

Only the text layer of the page before is looked at, without its layout: so the record of a page depends little on other
pages, and costs little more. On scans that would take OCR of a whole page, so that nothing is said of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.documents.mupdf import ERRORS
from cogdoc.documents.mupdf_document import MupdfDocument
from cogdoc.documents.opening import OpenDocument
from cogdoc.errors import InputError
from cogdoc.parsing.layout.running_headers import is_page_number, is_repeated
from cogdoc.parsing.page_text import Block, BlockKind, Line, PageText, Table, TextOrigin, Word
from cogdoc.parsing.row_clustering import cluster_rows, overlaps_row
from cogdoc.parsing.text_layer.page_frame import frame_of

ROWS = 3
"""Rows at the foot of the page before that must be in the table's columns."""

FOOT = 0.75
"""Share of a page's height below which its foot is."""

FOOTER_ROWS = 3
"""Rows that a running footer has at most."""

MIN_GAP = 0.5
"""Row heights of white space between the words of two columns; words of one cell are closer."""

SAME_EDGE = 3.0
"""Points by which the edges of a column may differ on two pages."""

ROW_DISTANCE = 3.0
"""Row heights from one row of a table to the next at most."""

_NOT_BODY = (BlockKind.HEADER, BlockKind.FOOTER, BlockKind.WATERMARK)


def continues_table(document: OpenDocument, page_text: PageText, blocks: Sequence[Block]) -> bool:
    """Whether the first block of a page is a table that continues one of the page before.

    Args:
        blocks: those of the page, running headers and footers marked.
    """
    table = _table_at_head(blocks)
    if (
        table is None
        or page_text.number == 1
        or page_text.turned
        or page_text.origin is not TextOrigin.TEXT_LAYER
        or not isinstance(document, MupdfDocument)
    ):
        return False
    try:
        rows = _rows_at_foot(document, page_text)
    except (InputError, *ERRORS):
        return False  # that page itself reports its damage
    edges = _column_edges(table.table) if table.table else []
    words = [word for line in table.lines for word in line.words]
    return len(rows) == ROWS and _agree(_by_column(words, edges), rows, edges)


def _table_at_head(blocks: Sequence[Block]) -> Block | None:
    body = [block for block in blocks if block.kind not in _NOT_BODY]
    highest = min(body, key=lambda block: block.box.y0, default=None)
    return highest if highest is not None and highest.table is not None else None


def _rows_at_foot(document: MupdfDocument, page_text: PageText) -> list[list[Word]]:
    """The last rows of the page before, without its running footer; fewer if they do not reach its foot."""
    page = document.load_page(page_text.number - 2)
    frame = frame_of(page)
    words = [Word(text, frame.display(Box(*box)), 1.0) for *box, text, _, _, _ in page.get_text("words")]
    rows = cluster_rows(words, lambda word: word.box, overlaps_row(0.5))
    for _ in range(FOOTER_ROWS):
        if rows and _is_footer(rows[-1], page_text):
            rows.pop()
    if not rows or _box(rows[-1]).y1 < FOOT * frame.height:
        return []
    last = rows[-ROWS:]
    boxes = [_box(row) for row in last]
    is_dense = all(two.y0 - one.y1 <= ROW_DISTANCE * one.height for one, two in itertools.pairwise(boxes))
    return last if is_dense else []


def _is_footer(row: Sequence[Word], page_text: PageText) -> bool:
    block = Block(BlockKind.FOOTER, _box(row), (Line(tuple(row)),))
    here = cluster_rows(page_text.words, lambda word: word.box, overlaps_row(0.5))
    return is_page_number(block) or is_repeated(block, [Line(tuple(words)) for words in here], page_text.height)


def _box(row: Sequence[Word]) -> Box:
    return bounding_box(word.box for word in row)


def _column_edges(table: Table) -> list[float]:
    """The x positions between the columns of a table, and its outer edges."""
    return sorted({x for row in table.rows for cell in row if cell.box for x in (cell.box.x0, cell.box.x1)})


def _by_column(words: Sequence[Word], edges: Sequence[float]) -> list[list[Word]]:
    """The words of each column; those beside the table are in the first or last."""
    columns: list[list[Word]] = [[] for _ in edges[1:]]
    for word in words:
        columns[sum(word.box.center[0] > x for x in edges[1:-1])].append(word)
    return columns


def _agree(columns: Sequence[Sequence[Word]], rows: Sequence[Sequence[Word]], edges: Sequence[float]) -> bool:
    """Whether rows of another page have the columns of a table."""
    before: list[list[Box]] = [[] for _ in columns]
    for row in rows:
        parts = [(index, _box(words)) for index, words in enumerate(_by_column(row, edges)) if words]
        height = _box(row).height
        if len(parts) < 2 or any(
            right.x0 - left.x1 < MIN_GAP * height for (_, left), (_, right) in itertools.pairwise(parts)
        ):
            return False
        for index, box in parts:
            before[index].append(box)
    return all(boxes and words and _share_edge(words, boxes) for words, boxes in zip(columns, before, strict=True))


def _share_edge(words: Sequence[Word], boxes: Sequence[Box]) -> bool:
    """Whether the cells of a column start or end in the same place on both pages, or have the same middle."""
    rows = [_box(row) for row in cluster_rows(words, lambda word: word.box, overlaps_row(0.5))]
    sides: tuple[Callable[[Box], float], ...] = (lambda box: box.x0, lambda box: box.x1, lambda box: box.center[0])
    return any(
        sum(any(abs(side(box) - side(row)) <= SAME_EDGE for row in rows) for box in boxes) * 2 > len(boxes)
        for side in sides
    )
