"""Tell which cells of a table are headers: rows at the top that title columns, and a first column that names rows."""

from __future__ import annotations

from collections.abc import Sequence

from cogdoc.parsing.tables.phrases import is_number

MIN_NAMED = 0.6
"""Share of the rows below the header whose first cell has a name, from which on the first column names the rows."""


def header_rows(rows: Sequence[Sequence[str]], depth: int) -> int:
    """How many of the first `depth` rows title the columns: none where the first already has mostly numbers."""
    first = [text for row in rows[:1] for text in row[1:] if text]
    if sum(is_number(text) and not _is_year(text) for text in first) > 0.5 * len(first):
        return 0
    return min(depth, len(rows))


def header_columns(rows: Sequence[Sequence[str]], header: int) -> int:
    """1 if the first column names the rows below `header` rows, else 0."""
    body = [row for row in rows[header:] if any(row)]
    named = [row for row in body if row[0] and not is_number(row[0])]
    has_values = any(any(row[1:]) for row in named)
    return int(has_values and len(named) >= MIN_NAMED * len(body))


def _is_year(text: str) -> bool:
    return len(text) == 4 and text.startswith(("19", "20"))
