"""Blocks as plain text: one line for each printed line, with tabs between texts that are side by side.

The cells of a table, or a form's labels and values, can then be separated again (`cut -f2`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cogdoc.results.record_model import BoxTuple
from cogdoc.results.records import TableResult, TextLine


def table_to_text(table: TableResult) -> str:
    """One line for each row, its cells separated by tabs."""
    return "\n".join("\t".join(" ".join(cell.text.split()) for cell in row) for row in table.rows)


def lines_to_text(lines: Sequence[TextLine]) -> str:
    """Lines in reading order; those that are side by side share a line, separated by tabs."""
    return "\n".join("\t".join(line.text for line in row) for row in rows_of(lines))


def rows_of(lines: Iterable[TextLine]) -> Iterator[list[TextLine]]:
    """Lines in reading order, grouped where they are side by side."""
    row: list[TextLine] = []
    for line in lines:
        if row and (is_upright(line) or not _side_by_side(row[-1].box, line.box)):
            yield row
            row = []
        row.append(line)
    if row:
        yield row


def is_upright(line: TextLine) -> bool:
    """Whether a line runs down or up the page; such lines are side by side, but no parts of one line."""
    return len(line.text) > 2 and line.box[3] - line.box[1] > 2 * (line.box[2] - line.box[0])


def _side_by_side(one: BoxTuple, two: BoxTuple) -> bool:
    shared = min(one[3], two[3]) - max(one[1], two[1])
    return shared > 0.6 * min(one[3] - one[1], two[3] - two[1])
