"""Read forms that are drawn as boxes, a field in each, as tables with a cell for each box.

The layout models draw straight lines through a whole table. The boxes of a form differ from row to row, so the models
take several of them for one cell, or the form for a picture. Its rules tell which words belong together.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from cogdoc.documents.geometry import Box
from cogdoc.documents.mupdf_document import MupdfDocument
from cogdoc.documents.opening import OpenDocument
from cogdoc.documents.rendering import LONG_SIDE, fit_long_side
from cogdoc.parsing.layout.ruled_boxes import Frame, RuledBox, find_frames
from cogdoc.parsing.ocr.orientation import upright_picture
from cogdoc.parsing.page_text import Cell, Line, PageText, Table, TextOrigin, Word
from cogdoc.parsing.row_clustering import cluster_rows, overlaps_row, sorted_lines
from cogdoc.parsing.tables.header_flags import header_columns, header_rows
from cogdoc.parsing.tables.phrases import typical_height
from cogdoc.parsing.tables.table_building import Grid, build_table

MIN_FILLED = 4
"""Boxes with words of a form by itself."""

FILLED_SHARE = 0.5
"""Share of the boxes that have words; those of charts and drawings have fewer."""

MIN_INSIDE = 0.95
"""Share of the words within the frame that are in its boxes."""

EDGE = 0.4
"""Word heights by which a word may extend over the side of its box, because boxes are inexact."""

COLUMN_GAP = 2.0
"""Word heights between two texts side by side in one box."""

INNER_ROWS = 3
"""Lines with several texts side by side from which a box contains a table of its own."""

ALIGNED_LINES = 4
"""Lines of two boxes side by side, level with each other, from which they are columns without rules between rows."""

MAX_HEADER_ROWS = 3
"""Rows that title columns, at most."""

MIN_TITLES = 3
"""Boxes of a row that titles columns."""

MIN_PATHS = 4
"""Drawn paths from which a page may have boxes."""

_VALUE = re.compile(r"[:：]\s*\S|\d{5}")
"""A value behind its label, or a number that is no year: no title of a column."""

_NONE = Cell("", None)


def find_forms(
    document: OpenDocument, index: int, page_text: PageText, grids: Sequence[Grid], *, has_watermarks: bool = False
) -> tuple[list[Table], list[Frame]]:
    """The forms of page `index` (0-based) that `grids`, which the layout models draw over its tables, do not tell.

    Also returns the frames that are no forms.

    Args:
        has_watermarks: whether the page has others beside the lines of `page_text`.
    """
    if not page_text.words or not _may_have_boxes(document, index, page_text):
        return [], []
    picture = document.picture(index, fit_long_side(*document.size(index), LONG_SIDE))
    upright = upright_picture(picture, page_text.turned, page_text.skew, page_text.bend)
    scale, height = upright.shape[1] / page_text.width, typical_height(page_text.words)
    is_scan = page_text.origin is TextOrigin.OCR
    frames = find_frames(upright, scale, height, is_scan=is_scan, has_watermarks=has_watermarks)
    frames.sort(key=lambda frame: (frame.box.y0, frame.box.x0))
    read = [(frame, table) for frame in frames if (table := _read_form(frame, page_text.words))]
    # A grid that does not tell one of the frames on it is left for none.
    left = [
        grid
        for grid in grids
        if all(_tells(grid, frame, page_text.words) for frame, _ in read if _lies_on(grid, frame))
    ]
    forms, others = [], []
    for frame in frames:
        if any(_lies_on(grid, frame) for grid in left):
            others.append(frame)
            continue
        # Boxes among those of a form are some too, if only a few are filled in.
        is_among_forms = any(_lies_on(grid, frame) for grid in grids)
        if table := _read_form(frame, page_text.words, 1 if is_among_forms else MIN_FILLED):
            forms.append(table)
        else:
            others.append(frame)
    return forms, others


def _may_have_boxes(document: OpenDocument, index: int, page_text: PageText) -> bool:
    if page_text.origin is TextOrigin.OCR or not isinstance(document, MupdfDocument):
        return True
    paths = sum(kind.endswith("path") for kind, _ in document.load_page(index).get_bboxlog())
    return bool(paths >= MIN_PATHS)


def _read_form(frame: Frame, words: Sequence[Word], min_filled: int = MIN_FILLED) -> Table | None:
    """The table of a frame whose boxes are fields; None if they are something else.

    Args:
        words: those of the page.
        min_filled: boxes that must have words.
    """
    inside = [word for word in words if frame.box.contains_point(*word.box.center)]
    by_box = {box: [word for word in inside if box.box.contains_point(*word.box.center)] for box in frame.boxes}
    filled = {box: own for box, own in by_box.items() if own}
    fitting = sum(_fits(word.box, box.box) for box, own in filled.items() for word in own)
    if len(filled) < max(min_filled, FILLED_SHARE * len(by_box)) or fitting < MIN_INSIDE * len(inside):
        return None
    rows = {box: _rows(own) for box, own in filled.items()}
    if len(frame.column_lines) < 3 or len(frame.row_lines) < 3:
        return None
    if any(map(_is_inner_table, rows.values())) or _has_unruled_rows(rows):
        return None
    in_boxes = {word for own in by_box.values() for word in own}
    return _table(frame, by_box, [word for word in inside if word not in in_boxes])


def _lies_on(grid: Grid, frame: Frame) -> bool:
    return _box_of(grid).overlap(frame.box) >= 0.5 * frame.box.area


def _box_of(grid: Grid) -> Box:
    column_lines, row_lines = grid
    return Box(column_lines[0], row_lines[0], column_lines[-1], row_lines[-1])


def _tells(grid: Grid, frame: Frame, words: Sequence[Word]) -> bool:
    """Whether none of the cells of a grid has words of several boxes of a frame on it."""
    box = _box_of(grid)
    table = build_table(box, grid, [word for word in words if box.contains_point(*word.box.center)])
    if table is None:
        return False
    for cell in (cell for row in table.rows for cell in row if cell.box is not None and cell.text):
        assert cell.box is not None
        centers = [word.box.center for word in words if cell.box.contains_point(*word.box.center)]
        if sum(any(ruled.box.contains_point(*center) for center in centers) for ruled in frame.boxes) > 1:
            return False
    return True


def _fits(word: Box, box: Box) -> bool:
    """Whether a word is inside of a box; strokes of pictures and of large letters cross words."""
    edge = EDGE * word.height
    is_between = box.x0 - edge <= word.x0 and word.x1 <= box.x1 + edge
    return is_between and box.y0 - edge <= word.y0 and word.y1 <= box.y1 + edge


def _rows(words: Sequence[Word]) -> list[list[Word]]:
    return cluster_rows(words, lambda word: word.box, overlaps_row(0.5))


def _is_inner_table(rows: Sequence[Sequence[Word]]) -> bool:
    return sum(any(map(_is_apart, row, row[1:])) for row in rows) >= INNER_ROWS


def _is_apart(left: Word, right: Word) -> bool:
    return right.box.x0 - left.box.x1 > COLUMN_GAP * min(left.box.height, right.box.height)


def _has_unruled_rows(rows: dict[RuledBox, list[list[Word]]]) -> bool:
    """Whether boxes side by side have so many level lines that the rows of a table have no rules between them."""
    by_top: dict[int, list[list[list[Word]]]] = {}
    for box, own in rows.items():
        by_top.setdefault(box.first_row, []).append(own)
    return any(sum(len(own) >= ALIGNED_LINES for own in side_by_side) > 1 for side_by_side in by_top.values())


def _table(frame: Frame, by_box: dict[RuledBox, list[Word]], others: Sequence[Word]) -> Table:
    """The cells of boxes, and of what is between them if it has words (`others`)."""
    column_lines, row_lines = frame.column_lines, frame.row_lines
    cells = [
        [
            Cell(_text(own), box)
            if (own := [word for word in others if box.contains_point(*word.box.center)])
            else _NONE
            for left, right in itertools.pairwise(column_lines)
            for box in [Box(left, top, right, bottom)]
        ]
        for top, bottom in itertools.pairwise(row_lines)
    ]
    for box, words in by_box.items():
        cells[box.first_row][box.first_column] = Cell(_text(words), box.box)
    rows = [row for row in cells if any(cell.box for cell in row)]
    columns = [column for column in zip(*rows, strict=True) if any(cell.box for cell in column)]
    table = tuple(zip(*columns, strict=True))
    texts = [[cell.text for cell in row] for row in table]
    depth = _header_depth(frame, by_box)
    header = header_rows(texts, depth) if depth else 0
    return Table(frame.box, table, header, header_columns(texts, header) if header else 0)


def _header_depth(frame: Frame, by_box: dict[RuledBox, list[Word]]) -> int:
    """How many rows may title the columns: down to the first without a title of several; 0 for rows of fields."""
    for row in range(MAX_HEADER_ROWS):
        boxes = [box for box in frame.boxes if box.first_row == row]
        texts = [_text(by_box[box]) for box in boxes]
        if any(len(_rows(by_box[box])) > 1 for box in boxes) or any(map(_VALUE.search, texts)):
            return 0
        if all(box.end_column - box.first_column == 1 for box in boxes):
            return row + 1 if len(boxes) >= MIN_TITLES else 0
    return 0


def _text(words: Sequence[Word]) -> str:
    return " ".join(line.text for line in sorted_lines([Line((word,)) for word in words]))
