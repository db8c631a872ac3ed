"""Lists of fields for common kinds of documents: one TOML file each, named after the preset.

`apart`             groups of fields that a document prints in different places: an invoice has a date of
                    issue and one when it is due
`[[field]]`         `name` and `type` of a field as in the field language, and `labels`: what documents print beside its
                    value. Labels that name a concept of `cogdoc/query/lexicon` stand for its wordings in all languages.
`[[field.column]]`  the columns of a table, with the same keys
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any, Final

import tomli

from cogdoc.errors import UsageError
from cogdoc.fields.field import Field, FieldList, FieldType
from cogdoc.fields.plain_schemas import field_list

EVERYTHING: Final = ("form", "auto")
"""Presets that ask for all labels with their values instead of given fields."""

PRESETS: Final = ("invoice", "receipt", *EVERYTHING)


@cache
def load_preset(name: str) -> FieldList:
    """The list of the preset with this name, one of `PRESETS`.

    Raises:
        UsageError: there is none with this name.
    """
    if name not in PRESETS:
        raise UsageError(f"preset: {name!r} is none of {', '.join(PRESETS)}")
    if name in EVERYTHING:
        return FieldList((), {"type": "object"}, finds_all=True)
    text = files("cogdoc.fields.presets").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    table = tomli.loads(text)
    return replace(field_list(_fields(table["field"])), apart=tuple(map(tuple, table["apart"])))


def _fields(entries: Sequence[dict[str, Any]]) -> tuple[Field, ...]:
    return tuple(
        Field(
            entry["name"],
            FieldType(entry.get("type", "text")),
            tuple(entry.get("labels", ())),
            fields=_fields(entry.get("column", ())),
        )
        for entry in entries
    )
