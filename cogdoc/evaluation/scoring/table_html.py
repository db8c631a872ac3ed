"""A table of cogdoc's results as HTML, with the spans that its boxes tell of."""

from __future__ import annotations

from html import escape

from cogdoc.results.types import TableResult


def table_html(table: TableResult) -> str:
    """The table as HTML, its first row in a `thead`.

    A cell without a box is covered by a neighbour: cells to the right of one with a box widen it, and where
    the slots below a cell are covered over its whole width they lengthen it.
    """
    covered = [[cell.box is None for cell in row] for row in table.rows]
    rows = []
    for r, row in enumerate(table.rows):
        cells = []
        for c, cell in enumerate(row):
            if covered[r][c]:
                continue
            width = 1 + _run(covered[r], c + 1)
            height = 1
            while r + height < len(covered) and _is_below(covered[r + height], c, width):
                height += 1
            for below in covered[r + 1 : r + height]:
                below[c : c + width] = [True] * width
            cells.append(f"<td{_span('colspan', width)}{_span('rowspan', height)}>{escape(cell.text)}</td>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table><thead>{''.join(rows[:1])}</thead><tbody>{''.join(rows[1:])}</tbody></table>"


def _run(covered: list[bool], start: int) -> int:
    """How many covered slots follow one another from `start` on."""
    length = 0
    while start + length < len(covered) and covered[start + length]:
        length += 1
    return length


def _is_below(covered: list[bool], start: int, width: int) -> bool:
    """Whether the slots under a cell are covered, and by it: not so if a covered run begins further left."""
    all_covered = all(covered[start : start + width])
    return all_covered and (start == 0 or not covered[start - 1])


def _span(name: str, count: int) -> str:
    return f' {name}="{count}"' if count > 1 else ""
