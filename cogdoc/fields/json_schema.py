"""Reads a list of fields from a JSON Schema: nested objects, arrays, enums, formats, `$ref`, nullable types.

What a document's printed values cannot be made to satisfy is refused by its name, rather than ignored. Limits on values
(`minimum`, `pattern` and the like) are left in the schemas of the fields, against which each value is checked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from cogdoc.errors import UsageError
from cogdoc.fields.field import MAX_FIELDS, Field, FieldList, FieldType

MAX_DEPTH = 16
MAX_LABEL_WORDS = 6
"""A longer description explains the field, and is not what documents print."""

MAX_LENGTH = 1_000_000
"""Characters."""

_REFUSED: Final = (
    "not", "if", "then", "else", "patternProperties", "propertyNames", "dependentSchemas", "dependentRequired",
    "dependencies", "prefixItems", "contains", "unevaluatedProperties", "unevaluatedItems", "$dynamicRef",
    "$recursiveRef", "minProperties", "contentEncoding", "contentSchema",
)  # fmt: skip
_SCALARS: Final = {
    "string": FieldType.TEXT,
    "number": FieldType.NUMBER,
    "integer": FieldType.INTEGER,
    "boolean": FieldType.BOOLEAN,
}
_TEXT_FORMATS: Final = {
    "date": FieldType.DATE,
    "time": FieldType.TIME,
    **dict.fromkeys(("date-time", "email", "uri", "duration", "uuid", "ipv4", "ipv6"), FieldType.TEXT),
}
_NUMBER_FORMATS: Final = {"money": FieldType.MONEY, "percent": FieldType.PERCENT}
"""cogdoc's own; other programs ignore formats that they do not know."""


def parse_schema(text: str, option: str = "--schema") -> FieldList:
    """The fields of a JSON Schema as text.

    Raises:
        UsageError: it is not a JSON Schema, or has what cannot be honoured; the message says what and where.
    """
    if len(text) > MAX_LENGTH:
        raise UsageError(f"{option}: longer than {MAX_LENGTH:,} characters")
    try:
        schema = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{option}: is not JSON: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise UsageError(f"{option}: is nested too deeply") from None
    return read_schema(schema, option)


def read_schema(schema: object, option: str = "--schema") -> FieldList:
    """The fields of a JSON Schema (2020-12).

    Raises:
        UsageError: see `parse_schema`.
    """
    if not isinstance(schema, Mapping):
        raise UsageError(f"{option}: a schema is a JSON object")
    _check(schema, option)
    top = _Reader(schema, option).read((), schema)
    if top.type is not FieldType.GROUP:
        raise UsageError(f"{option}: the schema has to be that of an object with properties")
    return FieldList(top.fields, schema)


def _check(schema: Mapping[str, Any], option: str) -> None:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        place = "/".join(map(str, error.absolute_path))
        raise UsageError(f"{option}: is not a JSON Schema: {place}: {' '.join(error.message.split())[:200]}") from None
    except RecursionError:
        raise UsageError(f"{option}: is nested too deeply") from None


Path = tuple[str, ...]
"""The names on the way to a field."""


@dataclass(frozen=True, slots=True)
class _Merged:
    """A schema with what it refers to in place of the references."""

    schema: dict[str, Any]
    refs: tuple[str, ...]
    """The references that led to it."""
    nullable: bool = False


class _Reader:
    """Reads the schema of each field, with the definitions of the whole schema at hand."""

    def __init__(self, root: Mapping[str, Any], option: str) -> None:
        self._root = root
        self._option = option
        self._count = 0

    def read(self, path: Path, schema: object, refs: tuple[str, ...] = ()) -> Field:
        """The field that a schema describes."""
        self._count += 1
        if len(path) > MAX_DEPTH or self._count > MAX_FIELDS:
            raise self._error(path, f"more than {MAX_DEPTH} levels or {MAX_FIELDS} fields")
        if not isinstance(schema, Mapping):
            raise self._error(path, f"the schema {json.dumps(schema)} says nothing about the value")
        merged = self._merged(path, schema, refs)
        for keyword in _REFUSED:
            if keyword in merged.schema:
                raise self._error(path, f"{keyword} cannot be honoured")
        made = self._typed(path, merged)
        kinds, choices = merged.schema.get("type"), merged.schema.get("enum", ())
        return replace(
            made,
            name=path[-1] if path else "",
            labels=_labels(path, merged.schema),
            description=str(merged.schema.get("description", "")),
            nullable=merged.nullable or None in choices or (isinstance(kinds, list) and "null" in kinds),
            schema=made.schema or merged.schema,
        )

    def _merged(self, path: Path, schema: Mapping[str, Any], refs: tuple[str, ...]) -> _Merged:
        merged, nullable = dict(schema), False
        while True:
            if "$ref" in merged:
                ref = merged.pop("$ref")
                if ref in refs:
                    raise self._error(path, f"{ref} contains itself")
                refs = (*refs, ref)
                merged = {**self._resolved(path, ref), **merged}
            elif len(merged.get("allOf", ())) == 1:
                (only,) = merged.pop("allOf")
                merged = {**self._mapping(path, only), **merged}
            elif "allOf" in merged:
                raise self._error(path, "allOf cannot be honoured")
            elif "anyOf" in merged or "oneOf" in merged:
                keyword = "anyOf" if "anyOf" in merged else "oneOf"
                alternatives = merged.pop(keyword)
                nullable = nullable or {"type": "null"} in alternatives
                merged = {**self._alternative(path, keyword, alternatives), **merged}
            else:
                return _Merged(merged, refs, nullable)

    def _resolved(self, path: Path, ref: object) -> Mapping[str, Any]:
        if not isinstance(ref, str) or not ref.startswith("#"):
            raise self._error(path, f"the reference {ref} leads out of the schema")
        found: Any = self._root
        for step in ref[1:].split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or name not in found:
                raise self._error(path, f"the reference {ref} leads nowhere")
            found = found[name]
        return self._mapping(path, found)

    def _mapping(self, path: Path, schema: object) -> Mapping[str, Any]:
        if not isinstance(schema, Mapping):
            raise self._error(path, f"the schema {json.dumps(schema)} says nothing about the value")
        return schema

    def _alternative(self, path: Path, keyword: str, alternatives: Sequence[Any]) -> Mapping[str, Any]:
        """The only alternative besides null. A number that may come as a text is a number."""
        others = [one for one in alternatives if one != {"type": "null"}]
        numbers = [one for one in others if isinstance(one, Mapping) and one.get("type") in ("number", "integer")]
        texts = [one for one in others if isinstance(one, Mapping) and one.get("type") == "string"]
        if len(numbers) == 1 and len(numbers) + len(texts) == len(others):
            others = numbers
        if len(others) != 1:
            raise self._error(path, f"{keyword} of several types cannot be honoured")
        return self._mapping(path, others[0])

    def _typed(self, path: Path, merged: _Merged) -> Field:
        schema = merged.schema
        kind = self._kind(path, schema)
        choices = schema.get("enum", [schema["const"]] if "const" in schema else [])
        if choices and all(isinstance(choice, str) or choice is None for choice in choices):
            return Field("", FieldType.CHOICE, choices=tuple(choice for choice in choices if choice is not None))
        value_format = str(schema.get("format", ""))
        match kind:
            case "object":
                return self._object(path, merged)
            case "array":
                return self._array(path, merged)
            case "null":
                raise self._error(path, "a value that can only be null")
            case "string":
                if value_format and value_format not in _TEXT_FORMATS:
                    raise self._error(path, f"the format {value_format} cannot be honoured")
                return Field("", _TEXT_FORMATS.get(value_format, FieldType.TEXT), format=value_format)
            case "number":
                return Field("", _NUMBER_FORMATS.get(value_format, FieldType.NUMBER))
        return Field("", _SCALARS[kind])

    def _kind(self, path: Path, schema: Mapping[str, Any]) -> str:
        kinds = schema.get("type", ())
        named = [kinds] if isinstance(kinds, str) else [kind for kind in kinds if kind != "null"]
        if set(named) == {"number", "integer"}:
            named = ["number"]
        if len(named) > 1:
            raise self._error(path, f"the types {', '.join(named)} at once cannot be honoured")
        if named:
            return str(named[0])
        return "object" if "properties" in schema else "array" if "items" in schema else "string"

    def _object(self, path: Path, merged: _Merged) -> Field:
        properties = merged.schema.get("properties")
        if not properties:
            raise self._error(path, "an object without properties cannot be filled: its keys are not known")
        unnamed = [name for name in merged.schema.get("required", ()) if name not in properties]
        if unnamed:
            raise self._error(path, f"requires {unnamed[0]}, which is not among the properties")
        fields = tuple(self.read((*path, name), one, merged.refs) for name, one in properties.items())
        schema = {**merged.schema, "properties": {one.name: dict(one.schema) for one in fields}}
        return Field("", FieldType.GROUP, fields=fields, schema=schema)

    def _array(self, path: Path, merged: _Merged) -> Field:
        if "items" not in merged.schema:
            raise self._error(path, "an array without items cannot be filled: their type is not known")
        item = self.read(path, merged.schema["items"], merged.refs)
        schema = {**merged.schema, "items": dict(item.schema)}
        if item.type in (FieldType.TABLE, FieldType.LIST):
            raise self._error(path, "an array of arrays cannot be read")
        if item.type is not FieldType.GROUP:
            return Field("", FieldType.LIST, item=item, schema=schema)
        nested = [one for one in item.fields if one.type in (FieldType.GROUP, FieldType.TABLE, FieldType.LIST)]
        if nested:
            raise self._error((*path, nested[0].name), "an object or array in a row of a table cannot be read")
        return Field("", FieldType.TABLE, fields=item.fields, schema=schema)

    def _error(self, path: Path, message: str) -> UsageError:
        return UsageError(f"{self._option}: {'.'.join(path)}: {message}" if path else f"{self._option}: {message}")


def _labels(path: Path, schema: Mapping[str, Any]) -> tuple[str, ...]:
    """What documents may print: the title, and a description of a few words."""
    title, description = str(schema.get("title", "")), str(schema.get("description", ""))
    name = _letters(path[-1]) if path else ""
    is_short = 0 < len(description.split()) <= MAX_LABEL_WORDS
    labels = (title, description.rstrip(".") if is_short else "")
    return tuple(dict.fromkeys(label for label in labels if label and _letters(label) != name))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()
