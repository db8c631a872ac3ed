"""The form fields that say what to extract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import Depends, Form

from cogdoc.errors import UsageError
from cogdoc.fields.field import Field, FieldList
from cogdoc.fields.json_schema import parse_schema
from cogdoc.fields.language import parse_fields
from cogdoc.fields.presets import load_preset
from cogdoc.results.printable import well_formed

MAX_FIELDS = 200
"""Fields and columns of one request: finding each takes process time, which other clients lack."""

MAX_LENGTH = 200_000
"""Characters."""

Fields = Annotated[
    str | None,
    Form(
        description="What to find: names with types, see docs/extract.md.",
        examples=["invoice no, date:date, total:money"],
        max_length=MAX_LENGTH,
    ),
]
Schema = Annotated[
    str | None,
    Form(alias="schema", description="A JSON Schema of what to find, instead of `fields`.", max_length=MAX_LENGTH),
]
"""Its parameter has another name, since `schema` is an attribute of the model that FastAPI makes of the form."""

Preset = Annotated[
    Literal["invoice", "receipt", "form", "auto"] | None,
    Form(description="A ready list instead of `fields`; form and auto find all labels with their values."),
]


def wanted_fields(fields: str | None, schema: str | None, preset: str | None) -> FieldList | None:
    """What a request asks for; None if it names nothing.

    Raises:
        UsageError: it is no list of fields and no schema, several are given, or the list is too long.
    """
    options = {"fields": fields, "schema": schema, "preset": preset}
    given = [name for name, value in options.items() if value]
    if len(given) > 1:
        raise UsageError(f"{given[0]}: {given[1]} says what to find as well", "send one of them")
    if preset:
        return load_preset(preset)
    if not given:
        return None
    wanted = parse_fields(well_formed(fields), "fields") if fields else parse_schema(schema or "", "schema")
    if _count(wanted.fields) > MAX_FIELDS:
        raise UsageError(f"{'fields' if fields else 'schema'}: more than {MAX_FIELDS} fields", "send several requests")
    # A pattern can keep a thread busy for hours, whatever the text.
    if (named := _with_pattern(wanted.fields)) is not None:
        raise UsageError(f"schema: {named}: the server matches no patterns", "leave out pattern, and check the result")
    return wanted


def _needed(fields: Fields = None, json_schema: Schema = None, preset: Preset = None) -> FieldList:
    wanted = wanted_fields(fields, json_schema, preset)
    if wanted is None:
        raise UsageError("fields: is empty", 'for example: "invoice no, date:date, total:money"')
    return wanted


Wanted = Annotated[FieldList, Depends(_needed)]
"""The parameter of a route that needs fields."""


def _count(fields: Sequence[Field]) -> int:
    return sum(1 + _count(one.fields) for one in fields)


def _with_pattern(fields: Sequence[Field]) -> str | None:
    """The name of a field whose texts have to match a pattern of the schema's; None if there is none."""
    for one in fields:
        parts = (*one.fields, *((one.item,) if one.item is not None else ()))
        is_own = "pattern" in one.schema and one.schema.get("format") != "date"
        if is_own and one.type.value not in ("date", "time"):
            return one.name
        if (named := _with_pattern(parts)) is not None:
            return named or one.name
    return None
