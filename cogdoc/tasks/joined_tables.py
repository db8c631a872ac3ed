"""Joins the parts of tables that go on over pages, and describes each table: spans, headers, units and values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cogdoc.documents.geometry import Box
from cogdoc.query.detected_tables import title_above
from cogdoc.query.grid_tables import GridCell as QueryCell
from cogdoc.query.grid_tables import Source, grid_tables
from cogdoc.query.printed_values import read_value, style_of
from cogdoc.query.table import TableOrigin
from cogdoc.results.document_table import DocumentTable, GridCell, TablePart
from cogdoc.results.flags import Flag
from cogdoc.results.printed_value import PrintedValue
from cogdoc.results.records import PageRecord, TableResult, TextBlock
from cogdoc.results.tables.figures import column_unit
from cogdoc.results.tables.spans import spans_of
from cogdoc.tasks.cell_values import cells_in_context

FOOT = 0.7
"""Share of a page's height below which a table ends that may go on."""

_LEADERS = re.compile(r"(?:\s?[.·…]){5,}")
"""Dots that lead to the next column."""

SAME_EDGE = 0.01
"""Share of a page's width by which the edges of a table may be elsewhere on the next page."""

OVERLAP = 0.75
"""Share of the narrower of two columns that they have in common at least."""

_NOT_BODY = ("header", "footer", "watermark", "comment")


@dataclass(frozen=True, slots=True)
class PageTable:
    """A table on one page."""

    table: TableResult
    part: TablePart
    number: int
    caption: str
    above: frozenset[str]
    """The texts of the page's body above it, without digits."""
    below: frozenset[str]
    on_page: frozenset[str]
    """The texts of all of the page's blocks, without digits."""


def tables_of(record: PageRecord) -> list[PageTable]:
    """The tables among a page's blocks, in reading order."""
    assert record.page is not None
    body = [block for block in record.blocks if block.kind not in _NOT_BODY]
    on_page = frozenset(map(_without_digits, record.blocks))
    tables: list[PageTable] = []
    for index, block in enumerate(record.blocks):
        if block.table is not None and block.table.rows and block.table.rows[0]:
            part = TablePart(page=record.page.number, label=record.page.label, box=block.box)
            caption = _caption(record.blocks, index)
            above = frozenset(_without_digits(other) for other in body if other.box[1] < block.box[1])
            below = frozenset(_without_digits(other) for other in body if other.box[3] > block.box[3])
            tables.append(PageTable(block.table, part, len(tables) + 1, caption, above, below, on_page))
    return tables


def _without_digits(block: TextBlock) -> str:
    """What the text of a running header or footer has in common on all pages."""
    return "".join(char for char in block.text if not char.isdigit() and not char.isspace())


def _caption(blocks: Sequence[TextBlock], index: int) -> str:
    """The caption right below a table if there is one, else the texts right above it."""
    below = blocks[index + 1] if index + 1 < len(blocks) else None
    if (
        below is not None
        and below.kind == "caption"
        and not any(b.kind == "caption" for b in blocks[max(0, index - 1) : index])
    ):
        return " ".join(line.text for line in below.lines)
    return title_above(blocks[:index])


def continues(before: Sequence[PageTable], page: PageRecord, tables: Sequence[PageTable]) -> bool:
    """Whether the first table of a page goes on with the last one of the page before.

    The engine says so of text layers. On other pages, the one is at the foot of its page, with nothing between it and
    the other but what both pages have, such as a footer; and the other repeats its header or has its columns.
    """
    if not before or not tables or page.page is None:
        return False
    one, two = before[-1].table, tables[0].table
    if len(one.rows[0]) != len(two.rows[0]):
        return False
    if Flag.TABLE_CONTINUES.value in page.flags:
        return True
    last, first = before[-1], tables[0]
    if last.part.box[3] < FOOT * page.page.height:
        return False
    if not last.below <= first.on_page or not first.above <= last.on_page:
        return False
    return _repeated_rows(one, two) > 0 or _same_columns(one, two, SAME_EDGE * page.page.width)


def _same_columns(one: TableResult, two: TableResult, distance: float) -> bool:
    """Whether the columns of two tables overlap pair by pair, and all together have the same edges."""
    columns = [(left, right) for left, right in zip(_columns(one), _columns(two), strict=True) if left and right]
    if len(columns) < len(one.rows[0]):
        return False
    edges = (columns[0][0][0] - columns[0][1][0], columns[-1][0][1] - columns[-1][1][1])
    return all(abs(edge) <= distance for edge in edges) and all(
        min(left[1], right[1]) - max(left[0], right[0]) >= OVERLAP * min(left[1] - left[0], right[1] - right[0])
        for left, right in columns
    )


def _columns(table: TableResult) -> list[tuple[float, float] | None]:
    """The left and the right edge of each column's narrowest cell, which spans no other; None without boxes."""
    return [
        min(
            ((box[0], box[2]) for row in table.rows if (box := row[column].box) is not None),
            key=lambda edges: edges[1] - edges[0],
            default=None,
        )
        for column in range(len(table.rows[0]))
    ]


def describe_table(parts: Sequence[PageTable], lines: Sequence[str]) -> DocumentTable:
    """One table of its parts on successive pages.

    Args:
        lines: the lines of the pages, which tell how the document prints its numbers and dates.
    """
    first = parts[0]
    cells = list(_placed_cells(first))
    row_count = len(first.table.rows)
    for part in parts[1:]:
        skipped = _repeated_rows(first.table, part.table)
        more = [cell for cell in _placed_cells(part) if cell.row >= skipped]
        cells += [cell.model_copy(update={"row": cell.row - skipped + row_count}) for cell in more]
        row_count += len(part.table.rows) - skipped
    headed = [_with_header(cell, first.table) for cell in cells]
    if len(parts) > 1:
        headed = _with_values(headed, first, row_count, lines)
    column_count = len(first.table.rows[0])
    return DocumentTable(
        number=first.number,
        caption=first.caption or None,
        joined=len(parts) > 1,
        parts=tuple(part.part for part in parts),
        row_count=row_count,
        column_count=column_count,
        header_rows=first.table.header_rows,
        header_columns=first.table.header_columns,
        units=tuple(column_unit([cell for cell in headed if cell.column == column]) for column in range(column_count)),
        cells=tuple(headed),
    )


def _placed_cells(page_table: PageTable) -> Iterator[GridCell]:
    for spans in spans_of(page_table.table):
        for span in spans:
            cell = page_table.table.rows[span.row][span.column]
            yield GridCell(
                row=span.row,
                column=span.column,
                row_span=span.rows,
                column_span=span.columns,
                text=_LEADERS.sub(" ", cell.text).strip(),
                value=cell.value,
                page=page_table.part.page,
                box=cell.box,
            )


def _repeated_rows(first: TableResult, later: TableResult) -> int:
    """How many rows at the top of a later part repeat those of the table's header."""
    header = [_texts(first, row) for row in range(first.header_rows)]
    repeated = [_texts(later, row) for row in range(min(len(header), len(later.rows)))]
    return len(header) if header and repeated == header else 0


def _texts(table: TableResult, row: int) -> list[str]:
    return ["".join(cell.text.split()).casefold() for cell in table.rows[row]]


def _with_header(cell: GridCell, table: TableResult) -> GridCell:
    if cell.row < table.header_rows:
        return cell.model_copy(update={"header": "column", "value": None})
    return cell.model_copy(update={"header": "row"}) if cell.column < table.header_columns else cell


def _with_values(cells: Sequence[GridCell], first: PageTable, row_count: int, lines: Sequence[str]) -> list[GridCell]:
    """The cells with the values that the headers of the whole table give them: later parts need not repeat these."""
    slots: list[list[QueryCell | None]] = [[None] * len(first.table.rows[0]) for _ in range(row_count)]
    for index, cell in enumerate(cells):
        if cell.text.strip():
            # Boxes on different pages may be equal, and only their order across matters here.
            left, right = (cell.box[0], cell.box[2]) if cell.box else (float(cell.column), cell.column + 1.0)
            placed = QueryCell(cell.text, Box(left, float(index), right, index + 1.0))
            for row in slots[cell.row : cell.row + cell.row_span]:
                row[cell.column : cell.column + cell.column_span] = [placed] * cell.column_span
    source = Source(TableOrigin.TABLE, first.part.page, first.caption)
    values: dict[int, PrintedValue | None] = {
        int(box.y0): read_value(text, context)
        for box, text, context in cells_in_context(grid_tables(slots, source), style_of(lines))
    }
    return [cell.model_copy(update={"value": values.get(index)}) for index, cell in enumerate(cells)]
