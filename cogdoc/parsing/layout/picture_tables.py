"""Tell regions whose texts form rows and columns: tables that a layout model takes for a picture or a text."""

from __future__ import annotations

from collections.abc import Sequence

from cogdoc.parsing.page_text import Line
from cogdoc.parsing.row_clustering import cluster_rows, overlaps_row

MIN_ROWS = 3
"""Rows with two or more texts."""

IN_ROWS = 0.7
"""Share of the texts that must be in such rows."""


def may_be_table(lines: Sequence[Line], min_columns: int = 2) -> bool:
    """Whether texts form rows and columns; the texts of charts and drawings are scattered."""
    rows = [row for row in cluster_rows(lines, lambda line: line.box, overlaps_row(0.5)) if len(row) > 1]
    if len(rows) < MIN_ROWS or sum(map(len, rows)) < IN_ROWS * len(lines):
        return False
    # The first row may have titles over several columns.
    boxes = sorted(line.box for row in rows[1:] for line in row)
    columns, right = 0, float("-inf")
    for box in boxes:
        columns += box.x0 > right
        right = max(right, box.x1)
    return columns >= min_columns
