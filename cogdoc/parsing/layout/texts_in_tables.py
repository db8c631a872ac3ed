"""Tell a text that is a column of the table around it: the layout models may see amounts as a block of their own."""

from __future__ import annotations

from collections.abc import Sequence

from cogdoc.documents.geometry import Box
from cogdoc.parsing.page_text import Line

MIN_INSIDE = 0.8
"""Share of the text's area that must be inside the table."""

LEVEL = 0.5
"""Overlap of the heights of two lines of one row, as a share of the smaller height."""


def is_in_rows(text: Box, table: Box, lines: Sequence[Line]) -> bool:
    """Whether a text is inside a table, and all of its lines are level with others of that."""
    if text.overlap(table) < MIN_INSIDE * text.area:
        return False
    inside = [line.box for line in lines if text.contains_point(*line.box.center)]
    others = [
        line.box
        for line in lines
        if table.contains_point(*line.box.center) and not text.contains_point(*line.box.center)
    ]
    return bool(inside) and all(any(box.vertical_overlap(other) > LEVEL for other in others) for box in inside)
