"""The JSON Schemas of lists of fields that state none: those that their types have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from cogdoc.fields.field import Field, FieldList, FieldType

_VALUE_SCHEMAS: Final[Mapping[FieldType, Mapping[str, Any]]] = {
    FieldType.TEXT: {"type": ["string", "null"]},
    FieldType.NUMBER: {"type": ["number", "null"]},
    FieldType.INTEGER: {"type": ["integer", "null"]},
    FieldType.MONEY: {"type": ["number", "null"]},
    FieldType.PERCENT: {"type": ["number", "null"]},
    FieldType.DATE: {"type": ["string", "null"], "pattern": r"^\d{4}(-\d\d(-\d\d)?)?$"},
    FieldType.TIME: {"type": ["string", "null"], "pattern": r"^\d\d:\d\d(:\d\d)?$"},
    FieldType.BOOLEAN: {"type": ["boolean", "null"]},
}


def field_list(fields: Sequence[Field]) -> FieldList:
    """A list of fields with the schemas that their types have."""
    typed = tuple(map(_with_schema, fields))
    return FieldList(typed, _object_schema(typed))


def _with_schema(one: Field) -> Field:
    fields = tuple(map(_with_schema, one.fields))
    item = _with_schema(one.item) if one.item is not None else None
    schema: dict[str, Any]
    match one.type:
        case FieldType.CHOICE:
            schema = {"enum": [*one.choices, None]}
        case FieldType.LIST:
            schema = {"type": ["array", "null"], "items": dict(item.schema) if item is not None else {}}
        case FieldType.TABLE:
            row = _object_schema(fields) if fields else {"type": "object"}
            schema = {"type": ["array", "null"], "items": row}
        case FieldType.GROUP:
            schema = _object_schema(fields)
        case _:
            schema = dict(_VALUE_SCHEMAS[one.type])
    return replace(one, fields=fields, item=item, schema=schema)


def _object_schema(fields: Sequence[Field]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {one.name: dict(one.schema) for one in fields},
        "required": [one.name for one in fields],
        "additionalProperties": False,
    }
