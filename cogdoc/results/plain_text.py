"""Blocks as plain text: a line of print is a line, and a tab stands between texts that share one.

So a table's cells and a form's labels and values can be cut apart again (`cut -f2`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cogdoc.results.records import BoxTuple, TableResult, TextLine


def table_to_text(table: TableResult) -> str:
    """A row a line, its cells separated by tabs."""
    return "\n".join("\t".join(" ".join(cell.text.split()) for cell in row) for row in table.rows)


def lines_to_text(lines: Sequence[TextLine]) -> str:
    """Lines in reading order, those that stand side by side on one."""
    return "\n".join("\t".join(line.text for line in row) for row in rows_of(lines))


def rows_of(lines: Iterable[TextLine]) -> Iterator[list[TextLine]]:
    """Lines in reading order, those that stand side by side together."""
    row: list[TextLine] = []
    for line in lines:
        if row and not _side_by_side(row[-1].box, line.box):
            yield row
            row = []
        row.append(line)
    if row:
        yield row


def _side_by_side(one: BoxTuple, two: BoxTuple) -> bool:
    shared = min(one[3], two[3]) - max(one[1], two[1])
    return shared > 0.6 * min(one[3] - one[1], two[3] - two[1])
