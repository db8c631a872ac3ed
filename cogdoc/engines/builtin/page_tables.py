"""The tables of a page: detected ones, rows that are merely aligned, the items of lists, and labelled values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.engines.builtin.field_tables import field_tables
from cogdoc.query.detected_tables import detected_tables
from cogdoc.query.grid_tables import NO_NOTE, GridCell, GridRow, Source, grid_tables, is_value, unit_note
from cogdoc.query.segments import PageView, Segment
from cogdoc.query.table import DataCell, DataTable, TableOrigin

MAX_HEADER_LINES = 3
"""Rows above aligned values that may be their header."""

MAX_GROUP = 2
"""Columns of values from which on a single text above them is a note rather than a header."""

MAX_ROW_GAP = 4.0
"""Line heights between aligned rows of one table."""

CONTINUED_SHARE = 0.75
"""Rows without values as a share of those with values, from which on they continue the names of items above them;
fewer of them are titles of sections."""

MIN_ROWS = 2
MAX_TEXTS = 3
"""Texts of a row without values that may belong to an item above it."""

MIN_ITEMS = 2
_BULLET = re.compile(r"\s*(?:[•●▪■◦○‣✓➢►·]\s*|[–*-]\s+|\(?(?:\d{1,2}|[a-z])(?:[.)]\s+|[）、]\s*))(?=[^\W\d])")


@lru_cache(maxsize=8)
def page_tables(page: PageView) -> tuple[DataTable, ...]:
    """All tables of a page, the detected ones first."""
    return (*detected_tables(page.layout.blocks, page.number), *_aligned(page), *_lists(page), *field_tables(page))


def _table_boxes(page: PageView) -> list[Box]:
    return [block.box for block in page.layout.blocks if block.table is not None]


# Aligned rows


def _aligned(page: PageView) -> Iterator[DataTable]:
    """Runs of rows that begin with a text and have values to its right, outside of detected tables."""
    detected = _table_boxes(page)
    run: list[Sequence[Segment]] = []
    for row in page.rows:
        if any(box.contains_point(*row[0].box.center) for box in detected):
            continue
        is_far = bool(run) and row[0].box.y0 - run[-1][0].box.y1 > MAX_ROW_GAP * page.line_height
        if is_far or (len(row) > MAX_TEXTS and not _has_values(row)):
            yield from _aligned_table(page, run)
            run = []
        if run or _has_values(row):
            run.append(row)
    yield from _aligned_table(page, run)


def _has_values(row: Sequence[Segment]) -> bool:
    return any(is_value(segment.text) for segment in row[1:]) and not all(is_value(segment.text) for segment in row)


def _aligned_table(page: PageView, run: Sequence[Sequence[Segment]]) -> Iterator[DataTable]:
    rows = [row for row in run if _has_values(row)]
    if len(rows) < MIN_ROWS:
        return
    columns = _value_columns(rows)
    names = Box(0.0, 0.0, min(box.x0 for box in columns), page.layout.page_text.height)
    grid: list[GridRow] = list(_headers(page, rows[0], columns))
    has_continued = len(run) - len(rows) >= CONTINUED_SHARE * len(rows)
    for row in run:
        slots = _slots(row, [names, *columns])
        if has_continued and not _has_values(row) and grid[-1:]:
            grid[-1] = [_joined(grid[-1][0], slots[0]), *grid[-1][1:]]
        else:
            grid.append(slots)
    above = page.rows[max(0, rows[0][0].row - MAX_HEADER_LINES) : rows[0][0].row]
    title = " ".join(row[0].text for row in above if len(row) == 1)
    yield from grid_tables(grid, Source(TableOrigin.ALIGNED, page.number, title))


def _joined(name: GridCell | None, below: GridCell | None) -> GridCell | None:
    """The name of an item with the text below it."""
    if name is None or below is None or name.box is None or below.box is None:
        return name or below
    return GridCell(f"{name.text} {below.text}", bounding_box((name.box, below.box)))


def _value_columns(rows: Sequence[Sequence[Segment]]) -> list[Box]:
    """The boxes of the columns of values, left to right: values that overlap horizontally."""
    columns: list[Box] = []
    for segment in (segment for row in rows for segment in row[1:] if is_value(segment.text)):
        same = next((i for i, box in enumerate(columns) if box.horizontal_overlap(segment.box) > 0.0), None)
        if same is None:
            columns.append(segment.box)
        else:
            columns[same] = bounding_box((columns[same], segment.box))
    return sorted(columns, key=lambda box: box.x0)


def _headers(page: PageView, first: Sequence[Segment], columns: Sequence[Box]) -> list[GridRow]:
    """The rows right above the first one that have texts over columns of values.

    What the values are in, such as "€ thousand", may be over the column of names: it is in the first of them.
    """
    headers: list[list[GridCell | None]] = []
    note: GridCell | None = None
    for row in reversed(page.rows[max(0, first[0].row - MAX_HEADER_LINES) : first[0].row]):
        if len(row) == 1 and len(columns) > MAX_GROUP:
            continue
        slots = _over(row, columns)
        texts = [cell.text for cell in slots if cell is not None]
        if not texts or sum(map(is_value, texts)) > len(texts) / 2:
            break
        headers.insert(0, [None, *slots])
        note = _note(row, columns) or note
    if headers:
        headers[0][0] = note
    return list[GridRow](headers)


def _note(row: Sequence[Segment], columns: Sequence[Box]) -> GridCell | None:
    """The unit or scale that a row above values states beside their columns' headers."""
    first = row[0]
    beside = all(first.box.x1 <= box.x0 for box in columns)
    return GridCell(first.text, first.box) if beside and unit_note(first.text) != NO_NOTE else None


def _over(row: Sequence[Segment], columns: Sequence[Box]) -> list[GridCell | None]:
    """For each column, the segment of a row above it; a segment over several columns is in each of them."""
    found = [next((s for s in row if s.box.horizontal_overlap(box) > 0.2), None) for box in columns]
    cells = {segment.index: GridCell(segment.text, segment.box) for segment in row}
    return [cells[segment.index] if segment is not None else None for segment in found]


def _slots(row: Sequence[Segment], columns: Sequence[Box]) -> GridRow:
    """The segments of a row by column; what is left of all values is its name."""
    slots: list[list[Segment]] = [[] for _ in columns]
    for segment in row:
        overlaps = [box.horizontal_overlap(segment.box) for box in columns]
        best = max(range(len(columns)), key=overlaps.__getitem__)
        slots[best if overlaps[best] > 0 and is_value(segment.text) else 0].append(segment)
    return [
        GridCell(" ".join(s.text for s in slot), bounding_box(s.box for s in slot)) if slot else None for slot in slots
    ]


# Lists


def _lists(page: PageView) -> Iterator[DataTable]:
    """Runs of lines that begin with bullets or numbers, with the line above as their title."""
    title, items = "", list[GridCell]()
    last: Box | None = None
    tables = _table_boxes(page)
    for line in page.layout.page_text.lines:
        if any(box.contains_point(*line.box.center) for box in tables):
            continue
        bullet = _BULLET.match(line.text)
        if bullet:
            items.append(GridCell(line.text[bullet.end() :], line.box))
        elif items and last is not None and _continues(line.box, last, items[-1], page.line_height):
            items[-1] = GridCell(f"{items[-1].text} {line.text}", bounding_box((items[-1].box or line.box, line.box)))
        else:
            yield from _list(page, title, items)
            title, items = line.text, []
        last = line.box
    yield from _list(page, title, items)


def _continues(box: Box, last: Box, item: GridCell, line_height: float) -> bool:
    """Whether a line goes on with the item above: it is right below, and indented."""
    return 0 <= box.y0 - last.y1 + line_height < 1.6 * line_height and item.box is not None and box.x0 > item.box.x0


def _list(page: PageView, title: str, items: Sequence[GridCell]) -> Iterator[DataTable]:
    if len(items) >= MIN_ITEMS:
        title = title.strip(" :：")
        cells = tuple((DataCell(item.text, None, page.number, item.box),) for item in items)
        yield DataTable(TableOrigin.LIST, title, ((title,),), tuple((item.text,) for item in items), cells, 0)
