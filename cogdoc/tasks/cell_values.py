"""The values of the cells of a page's tables, with the units and scales that the tables' headers state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cogdoc.documents.geometry import Box
from cogdoc.parsing.page_text import Block, PageText
from cogdoc.query.detected_tables import detected_tables
from cogdoc.query.printed_values import Style, ValueContext, read_value, style_of
from cogdoc.query.table import DataTable
from cogdoc.results.printed_value import PrintedValue


def cell_values(blocks: Sequence[Block], page: PageText) -> Mapping[Box, PrintedValue]:
    """The value of each cell that has one, by the cell's box."""
    style = style_of(line.text for line in page.lines)
    values: dict[Box, PrintedValue] = {}
    for box, text, context in cells_in_context(detected_tables(blocks, page.number), style):
        if (value := read_value(text, context)) is not None:
            values[box] = value
    return values


def cells_in_context(tables: Iterable[DataTable], style: Style) -> Iterable[tuple[Box, str, ValueContext]]:
    """The box and the text of each cell of tables, and what its headers say about its value."""
    for table in tables:
        for row in table.cells:
            for cell in row:
                if cell is not None and cell.box is not None and cell.quantity is not None:
                    quantity = cell.quantity
                    yield cell.box, cell.text, ValueContext(style, quantity.unit, quantity.scale)
