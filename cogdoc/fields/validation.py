"""Checks values against a JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import JsonValue

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
