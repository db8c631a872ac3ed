"""Finds the columns of a table that asked columns mean, by their headers, and by the types of their cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cogdoc.fields.field import NUMERIC, Field, FieldType
from cogdoc.query.grounding import phrase_of
from cogdoc.query.quantities import quantity_of
from cogdoc.query.table import DataTable

MIN_MATCH = 0.3
"""How well a header has to match for its column to be the one that is asked for."""

MIN_TYPED = 0.5
"""Share of the cells of a column that are values, from which on it is one of values."""

NAME_MATCH = 0.4
"""How well the column that names the rows matches an asked text that no header names."""

UNNAMED_MATCH = 0.35
"""How well columns without headers match asked ones of the same types, in the same order."""


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """Which columns of a table the asked ones are."""

    columns: Mapping[int, int]
    """From an asked column to one of the table."""
    score: float
    """How well they match, 0 to 1; asked columns that the table lacks count as 0."""


def wording_match(wording: str, printed: str) -> float:
    """How well a printed header or label names what a wording does, 0 to 1."""
    phrase = phrase_of(wording)
    if not phrase.words or not printed.strip():
        return 0.0
    return phrase.recall(phrase.covering(printed)) * phrase.precision(printed)


def match_columns(asked: Sequence[Field], table: DataTable) -> ColumnChoice:
    """The columns of a table for those that are asked for; each is used once."""
    width = len(table.columns)
    values = [_is_of_values(table, column) for column in range(width)]
    pairs = sorted(
        (
            (_header_match(one, table, column), -index, -column)
            for index, one in enumerate(asked)
            for column in range(width)
        ),
        reverse=True,
    )
    chosen: dict[int, int] = {}
    scores: dict[int, float] = {}
    for score, index, column in ((score, -index, -column) for score, index, column in pairs):
        if score < MIN_MATCH:
            break
        if index not in chosen and column not in chosen.values():
            chosen[index], scores[index] = column, score
    if not any(any(header) for header in table.columns):
        chosen = _by_type(asked, values)
        scores = dict.fromkeys(chosen, UNNAMED_MATCH)
    elif chosen:
        unnamed = [index for index, one in enumerate(asked) if one.type is FieldType.TEXT and index not in chosen]
        name = table.name_column
        if len(unnamed) == 1 and name is not None and name not in chosen.values():
            chosen[unnamed[0]], scores[unnamed[0]] = name, NAME_MATCH
    return ColumnChoice(chosen, sum(scores.values()) / len(asked) if asked else 0.0)


def _header_match(one: Field, table: DataTable, column: int) -> float:
    headers = [table.column_text(column), *table.columns[column][-1:]]
    return max((wording_match(wording, header) for wording in one.wordings for header in headers), default=0.0)


def _is_of_values(table: DataTable, column: int) -> bool:
    cells = [row[column] for row in table.cells if row[column] is not None]
    return sum(quantity_of(cell.text) is not None for cell in cells if cell) >= MIN_TYPED * len(cells) > 0


def _by_type(asked: Sequence[Field], values: Sequence[bool]) -> dict[int, int]:
    """The columns of a table without headers: texts from the left, numbers from the right."""
    texts = [column for column, is_value in enumerate(values) if not is_value]
    numbers = [column for column, is_value in enumerate(values) if is_value]
    named = [index for index, one in enumerate(asked) if one.type not in NUMERIC]
    numeric = [index for index, one in enumerate(asked) if one.type in NUMERIC]
    pairs = (*zip(named, texts, strict=False), *zip(reversed(numeric), reversed(numbers), strict=False))
    return dict(pairs)
