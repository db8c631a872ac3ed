"""Checks values against a JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from cogdoc.fields.field import Field, FieldType

MAX_PROBLEMS = 20


def first_problem(schema: Mapping[str, Any], value: JsonValue) -> str | None:
    """Why a value does not satisfy a schema; None if it does."""
    return next(problems(schema, value), None)


def problems(schema: Mapping[str, Any], value: JsonValue) -> Iterator[str]:
    """Why a value does not satisfy a schema, each in words with the place of the value."""
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for error in validator.iter_errors(value):
        place = ".".join(map(str, error.absolute_path))
        message = " ".join(error.message.split())
        message = message if len(message) <= 200 else f"{message[:200]}..."
        yield f"{place}: {message}" if place else message


def without_missing(fields: Sequence[Field], values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The values without those that are null and must not be.

    A group in which nothing is found is null if it may be.
    """
    kept: dict[str, JsonValue] = {}
    for one in fields:
        value = values.get(one.name)
        if one.type is FieldType.GROUP and isinstance(value, dict):
            inner = without_missing(one.fields, value)
            is_empty = all(each is None or each == {} for each in inner.values())
            value = None if is_empty and one.nullable else inner
        elif one.type is FieldType.TABLE and isinstance(value, list) and one.fields:
            value = [without_missing(one.fields, row) if isinstance(row, dict) else row for row in value]
        if value is not None or one.nullable:
            kept[one.name] = value
    return kept
