"""The form that every list of fields ends in, whichever way a user wrote it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

MAX_FIELDS = 1000
"""Fields and columns of one list."""


class FieldType(StrEnum):
    """The type of a field's value."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    MONEY = "money"
    PERCENT = "percent"
    DATE = "date"
    TIME = "time"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    """One of given texts."""
    LIST = "list"
    """Several values of one type."""
    TABLE = "table"
    """Rows with a value for each column."""
    GROUP = "group"
    """An object with fields of its own."""


NUMERIC = frozenset({FieldType.NUMBER, FieldType.INTEGER, FieldType.MONEY, FieldType.PERCENT})
"""Types whose values are numbers."""


@dataclass(frozen=True, slots=True)
class Field:
    """A value that a user asks for."""

    name: str
    """Its key in the results."""
    type: FieldType = FieldType.TEXT
    labels: tuple[str, ...] = ()
    """What documents may print beside the value, besides the name."""
    description: str = ""
    choices: tuple[str, ...] = ()
    """The values that a choice can have."""
    format: str = ""
    """The format of a text, date or time as JSON Schema names it: "email", "date-time"."""
    fields: tuple[Field, ...] = ()
    """The fields of a group, or the columns of a table; a table without columns has those that the document prints."""
    item: Field | None = None
    """What each value of a list is."""
    nullable: bool = True
    """Whether a missing value is null; otherwise it is left out of the values when they are validated."""
    schema: Mapping[str, Any] = field(default_factory=dict, hash=False, compare=False)
    """The JSON Schema of its value, without references."""

    @property
    def wordings(self) -> tuple[str, ...]:
        """What documents may call it: the labels, then the name as words."""
        return tuple(dict.fromkeys(filter(None, (*self.labels, words_of(self.name)))))


@dataclass(frozen=True, slots=True)
class FieldList:
    """What a user asks of each document."""

    fields: tuple[Field, ...]
    schema: Mapping[str, Any] = field(default_factory=dict, hash=False, compare=False)
    """The JSON Schema of all values together, for validation."""
    finds_all: bool = False
    """Whether all labels with their values are wanted, besides the fields."""
    apart: tuple[tuple[str, ...], ...] = ()
    """Groups of fields, by name, that a document prints in different places."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The list as JSON values: two lists with the same settings have the same results."""
        return {
            "fields": [asdict(one) for one in self.fields],
            "schema": dict(self.schema),
            "finds_all": self.finds_all,
            "apart": self.apart,
        }


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field that is no group."""

    path: tuple[str, ...]
    """The names on the way to it, its own last."""
    field: Field

    @property
    def name(self) -> str:
        return ".".join(self.path)


def leaves(fields: Sequence[Field]) -> tuple[Leaf, ...]:
    """The fields that are no groups, those of groups among them.

    What documents print beside a field of a group may name the group: "seller name". The name alone is looked for only
    if no other group has a field of this name.
    """
    found = tuple(_leaves(fields, ()))
    shared = {name for name, count in Counter(leaf.path[-1] for leaf in found).items() if count > 1}
    return tuple(_in_group(leaf, leaf.path[-1] in shared) for leaf in found)


def _leaves(fields: Sequence[Field], path: tuple[str, ...]) -> Iterator[Leaf]:
    for one in fields:
        if one.type is FieldType.GROUP:
            yield from _leaves(one.fields, (*path, one.name))
        else:
            yield Leaf((*path, one.name), one)


def _in_group(leaf: Leaf, is_shared: bool) -> Leaf:
    if len(leaf.path) == 1:
        return leaf
    group = words_of(leaf.path[-2])
    in_group = tuple(f"{group} {wording}" for wording in leaf.field.wordings)
    alone = () if is_shared else leaf.field.labels
    return Leaf(leaf.path, replace(leaf.field, labels=(*in_group, *alone), name="" if is_shared else leaf.field.name))


_CAMEL = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NUMBER_SIGN = re.compile(r"(?<=\w)\s*#$|(?<=\s)n[or]\.?$", re.I)


def words_of(name: str) -> str:
    """A name as words: "invoice number" for invoice_no, invoiceNumber and "Invoice No."."""
    words = name.replace("_", " ")
    if " " not in words.strip():
        words = _CAMEL.sub(" ", words).lower() if name.isascii() and not name.isupper() else words
        words = words.replace("-", " ") if name.isascii() else words
    return " ".join(_NUMBER_SIGN.sub(" number", words).split())
