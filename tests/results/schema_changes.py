"""Compares two versions of the schema of the output: what may break a program that reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]


def breaking_changes(old: Schema, new: Schema) -> Iterator[str]:
    """What a program that was written for the old schema may not find, or may not expect, in output of the new one.

    New objects, fields and values of an enumeration are no such changes.
    """
    for name, definition in old["$defs"].items():
        if name not in new["$defs"]:
            yield f"{name} is gone"
        else:
            yield from _changes_of_object(name, definition, new["$defs"][name])


def _changes_of_object(name: str, old: Schema, new: Schema) -> Iterator[str]:
    missing = set(old.get("enum", ())) - set(new.get("enum", ()))
    yield from (f"{name} has no value {value!r} anymore" for value in sorted(missing))
    for field, described in old.get("properties", {}).items():
        if field not in new.get("properties", {}):
            yield f"{name}.{field} is gone"
            continue
        added = _kinds(new["properties"][field]) - _kinds(described)
        yield from (f"{name}.{field} may be {kind}" for kind in sorted(added))
    optional = set(old.get("required", ())) - set(new.get("required", ()))
    yield from (f"{name}.{field} may be missing" for field in sorted(optional & set(new.get("properties", {}))))


def _kinds(field: Schema) -> set[str]:
    """The kinds of values that a field may have: "string", "null", "array of #/$defs/Evidence"."""
    if "$ref" in field:
        return {field["$ref"]}
    if alternatives := field.get("anyOf", field.get("oneOf")):
        return set().union(*map(_kinds, alternatives))
    if "const" in field:
        return {json.dumps(field["const"])}
    if field.get("type") == "array":
        items = [field["items"]] if isinstance(field.get("items"), dict) else field.get("prefixItems", [])
        return {f"array of {kind}" for item in items for kind in _kinds(item)} or {"array"}
    return {str(field.get("type", "anything"))}
