"""The results of running a question's tree on tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from cogdoc.query.table import DataCell, DataTable, Quantity, TableOrigin
from cogdoc.query.tree import Aggregate, Aggregation, Query

ALL_WORDS, MOST_WORDS = 0.98, 0.7
"""Shares of a tree's words from which on all and most of them are explained. Less speaks against results of charts; the
words of readers are often not those of a table."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A value that a result was computed from."""

    label: str
    """The names of its row and its column."""
    cell: DataCell


@dataclass(frozen=True, slots=True)
class Computed:
    """One possible result of a tree; words are ambiguous, so that there are several."""

    text: str
    """Printed as the table prints its values."""
    quantity: Quantity | None
    query: Query
    """The tree, or the part of it, that this is the result of."""
    table: DataTable
    operands: tuple[Operand, ...]
    formula: str
    """Such as "(412,860 − 368,415) / 368,415"; empty if nothing is computed."""
    columns: float
    """How well the words match the headers of the columns that they select, 0 to 1."""
    rows: float
    """How completely they name the rows that they select, 0 to 1."""
    words: float
    """Share of the tree's words that columns, rows and the table's title explain."""
    assumed: float = 0.0
    """The part of that share which only assumes that unprinted words name the records: "how many festivals"."""
    place: tuple[int, int] | None = None
    """Row and column, for a single cell of the table."""
    unused_numbers: float = 0.0
    """How many numbers of the tree name nothing in the table: 0.5 for one, 1 for more."""
    condition: float = 1.0
    """How well the conditions of filters match columns; 1 without any."""
    restricted: float = 0.0
    """1 if words restrict the rows."""
    tied: float = 0.0
    """1 if another row has the same value as the one that is found."""

    @property
    def number(self) -> float | None:
        return self.quantity.number if self.quantity is not None else None

    @property
    def is_date(self) -> bool:
        return self.quantity is not None and self.quantity.day is not None

    @property
    def score(self) -> float:
        """For choosing among results of one tree."""
        return self.words * (0.4 + 0.3 * self.columns + 0.3 * self.rows) * (0.5 + 0.5 * self.condition)

    @property
    def features(self) -> Mapping[str, float]:
        """For ranking it among other answers."""
        cells = [operand.cell for operand in self.operands]
        is_chart = self.table.origin is TableOrigin.CHART
        return {
            "columns-match": self.columns,
            "rows-match": self.rows,
            "words-explained": self.words - self.assumed,
            "words-assumed": self.assumed,
            "all-words-explained": float(self.words - self.assumed >= ALL_WORDS),
            "chart-words-unexplained": float(is_chart and self.words < MOST_WORDS),
            "numbers-unused": self.unused_numbers,
            "tied": self.tied,
            "nothing-counted": float(not cells),
            "one-counted": float(is_count(self.query) and len(cells) == 1),
            "condition-unmet": 1.0 - self.condition,
            "rows-restricted": self.restricted,
            "rows-unrestricted": 1.0 - self.restricted,
            "few-operands": 1 / (1 + len(cells)),
            "measured": float(any(cell.measured for cell in cells)),
            f"from-{self.table.origin}": 1.0,
            f"computed-{operation_name(self.query)}": 1.0,
        }

    @property
    def confidence(self) -> float:
        """How surely the operands are what is printed."""
        return min((operand.cell.confidence for operand in self.operands), default=1.0)

    def of(self, query: Query) -> Computed:
        """The same result as that of another tree."""
        return replace(self, query=query)


def is_count(query: Query) -> bool:
    return isinstance(query, Aggregate) and query.function is Aggregation.COUNT


def operation_name(query: Query) -> str:
    """The name of a tree's outermost operation, in lower case: "growth"."""
    return type(query).__name__.removesuffix("Of").lower()


def tree_output(query: Query) -> dict[str, Any]:
    """A tree as nested objects with an `operation` each, without fields that have their default."""
    tree: dict[str, Any] = {"operation": operation_name(query)}
    for field in fields(query):
        value = getattr(query, field.name)
        if value not in (field.default, "", ()):
            tree[field.name] = _output(value)
    return tree


def _output(value: object) -> Any:
    if isinstance(value, tuple):
        return [_output(item) for item in value]
    if isinstance(value, StrEnum):
        return value.value
    return tree_output(value) if isinstance(value, Query) else value
