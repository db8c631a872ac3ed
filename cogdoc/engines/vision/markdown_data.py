"""Turns the Markdown tables of a model into tables that queries run on."""

from __future__ import annotations

from collections.abc import Iterator

from cogdoc.engines.vision.markdown_tables import cells_of, is_rule, plain, table_end
from cogdoc.query.grid_tables import GridCell, Source, grid_tables
from cogdoc.query.table import DataTable, TableOrigin


def markdown_tables(markdown: str, page: int) -> Iterator[DataTable]:
    """The tables of a page in generated Markdown, each with the line above it as its title; cells have no boxes."""
    lines = markdown.splitlines()
    title, index = "", 0
    while index < len(lines):
        end = table_end(lines, index)
        if end == index:
            title = plain(lines[index]).strip("# ") or title
            index += 1
            continue
        rows = [cells_of(line) for line in lines[index:end] if not is_rule(line)]
        width = max(len(row) for row in rows)
        grid = [[GridCell(text) if text else None for text in (*row, *[""] * (width - len(row)))] for row in rows]
        yield from grid_tables(grid, Source(TableOrigin.MARKDOWN, page, title))
        title, index = "", end
