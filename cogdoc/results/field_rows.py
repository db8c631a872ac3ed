"""Fields as cells: a wide row for each document, whose columns depend only on what was asked for.

If all fields were asked for, each has a row of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from pydantic import JsonValue

from cogdoc.results.field_result import FieldResult
from cogdoc.results.printed_value import plain_decimal
from cogdoc.results.records import ExtractRecord

SOURCE = "source"
TO_CHECK = "to check"
"""The last column: the fields that are missing, doubtful or contradicted, each with the reason."""

HEAD_OF_ALL = (SOURCE, "field", "value", "currency", "page", "how", "confidence", TO_CHECK)
"""The columns of `rows_of_all`."""


def head_of(record: ExtractRecord) -> list[str]:
    """The names of the columns; an amount has its currency in a column beside it, a percentage its sign in the head."""
    return [SOURCE, *(name for one in record.fields for name in _columns(one)), TO_CHECK]


def row_of(record: ExtractRecord) -> list[str]:
    """The cells of a document: numbers as digits with a decimal point, dates in ISO 8601, tables as JSON."""
    cells = (cell for one in record.fields for cell in _cells(one))
    return [record.source.path, *cells, "; ".join(to_check(record.fields))]


def rows_of_all(record: ExtractRecord) -> Iterator[list[str]]:
    """A row for each field of a document of which all were asked for: each document has others."""
    for one in record.fields:
        value, currency = (*_cells(one), "")[:2]
        page = "" if one.page is None else str(one.page)
        confidence = "" if one.confidence is None else f"{one.confidence:.3f}"
        how = one.how.value if one.how is not None else ""
        doubt = "; ".join(to_check([one])).removeprefix(f"{one.name}: ")
        yield [record.source.path, one.name, value, currency, page, how, confidence, doubt]


def to_check(fields: Sequence[FieldResult]) -> Iterator[str]:
    """What a person should look at before using the values."""
    for one in fields:
        marks = [one.reason.value] if one.reason is not None else list(one.flags)
        if marks:
            yield f"{one.name}: {', '.join(marks)}"


def plain(value: JsonValue) -> str:
    """A value as one cell; empty if it is missing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return plain_decimal(float(value)) if isinstance(value, float) else str(value)
    if isinstance(value, list) and not any(isinstance(item, dict) for item in value):
        return "; ".join(map(plain, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _columns(one: FieldResult) -> tuple[str, ...]:
    if one.type == "money":
        return one.name, f"{one.name} (currency)"
    return (f"{one.name} (%)",) if one.type == "percent" else (one.name,)


def _cells(one: FieldResult) -> tuple[str, ...]:
    if one.type == "money":
        currency = one.typed.currency if one.found and one.typed is not None else None
        return plain(one.value), currency or ""
    return (plain(one.value),)
