"""Runs the tree of a question on tables of any origin.

Words are grounded in headers, rows and cells first; as that is ambiguous, a tree has several results, best first.
Where the columns of a table are as alike as its rows, it is read both ways: "which year has the highest revenue" finds
the years at the top or on the left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from cogdoc.query.arithmetic import comparisons, growths, look_up, pairs, totals
from cogdoc.query.computed import Computed
from cogdoc.query.grounding import Records
from cogdoc.query.orientations import orientations, value_lists
from cogdoc.query.row_operations import ROW_OPERATIONS
from cogdoc.query.table import DataTable, TableOrigin
from cogdoc.query.tree import (
    Aggregate,
    Aggregation,
    Choose,
    Compare,
    Difference,
    Growth,
    ListOf,
    Neighbor,
    Position,
    Query,
    Ratio,
    Select,
    Several,
    Verify,
)
from cogdoc.query.typed_values import ValueKind

MAX_RESULTS = 8


def run(query: Query, tables: Sequence[DataTable], asked: ValueKind | None = None) -> list[Computed]:
    """The results of a tree on some tables, best first; `asked` is the kind of value that the question asks for."""
    distinct: dict[str, Computed] = {}
    for result in sorted(_results(query, tables, asked), key=lambda result: -result.score):
        distinct.setdefault(result.text, result)
    return list(distinct.values())[:MAX_RESULTS]


def _results(query: Query, tables: Sequence[DataTable], asked: ValueKind | None) -> Iterator[Computed]:
    match query:
        case Select():
            for table in tables:
                yield from look_up(query, Records(table))
        case Difference() | Ratio():
            yield from pairs(query, tables, run)
        case Growth():
            yield from growths(query, tables, run)
        case Compare():
            yield from comparisons(query, tables, run)
        case Aggregate(of=Several() as several):
            yield from totals(query, several, tables, run)
        case Several():
            for part in query.parts:
                yield from run(part, tables)
        case Verify():
            return
        case _:
            # Labels of a form are no records: nobody asks for the first one, or how many there are.
            is_choice = isinstance(query, Choose)
            tables = [table for table in tables if is_choice or table.origin is not TableOrigin.FIELDS]
            lists, ways = value_lists(tables, asked), orientations(tables, asked)
            # Rows are counted and listed, rather than values: "how many countries have more than 40%".
            for records in chain(ways, lists) if _is_about_rows(query) else chain(lists, ways):
                yield from ROW_OPERATIONS[type(query)](query, records)


def _is_about_rows(query: Query) -> bool:
    is_count = isinstance(query, Aggregate) and query.function is Aggregation.COUNT
    return isinstance(query, ListOf | Choose | Position | Neighbor) or (is_count and bool(_words(query)))


def _words(query: Query) -> str:
    """The words that name what a tree is about."""
    while not isinstance(query, Select) and isinstance(part := getattr(query, "of", None), Query):
        query = part
    return query.words if isinstance(query, Select) else ""
