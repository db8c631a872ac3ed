"""A parsed question: what it asks for, and the words, names, pages and periods that it mentions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cogdoc.query.tree import Aggregate, Aggregation, Compare, Extreme, Filter, ListOf, Query, Select, Verify
from cogdoc.query.typed_values import ValueKind


class Shape(StrEnum):
    """How to find the answer, beyond looking for a label and its value."""

    VALUE = "value"
    YES_NO = "yes-no"
    LOOKUP = "lookup"
    """Which of several things has the property that the rest of the question states."""
    MAXIMUM = "maximum"
    MINIMUM = "minimum"
    COUNT = "count"
    UNREADABLE = "unreadable"
    """About pictures, colors or reasons: the text of a page alone seldom answers it."""
    SUMMARY = "summary"
    """About the document as a whole: what it is about, its main points."""


class DocumentField(StrEnum):
    """A property of a whole document, which often has no label."""

    ISSUER = "issuer"
    ADDRESS = "address"
    DATE = "date"
    TOTAL = "total"
    TITLE = "title"
    SENDER = "sender"
    RECIPIENT = "recipient"
    PAGE_NUMBER = "page-number"


@dataclass(frozen=True, slots=True)
class Term:
    """A word that the label of the answer, or the text around it, should contain."""

    norm: str
    weight: float

    @property
    def is_number(self) -> bool:
        return self.norm[0].isdigit()


@dataclass(frozen=True, slots=True)
class Question:
    """A parsed question."""

    text: str
    language: str
    """The code of the lexicon whose words it uses."""
    kinds: tuple[ValueKind, ...]
    """What the answer may be, the likeliest kind first, free text last."""
    shape: Shape
    tree: Query
    """What it asks for, as operations on the values that its words name; a `Select` for a mere lookup."""
    lookup: Select
    """The same without operations: a printed answer competes with a computed one."""
    terms: tuple[Term, ...]
    label: str
    """The phrase that names the value."""
    quoted: bool
    """Whether the question puts the label in quotation marks, and asks for nothing else."""
    pages: tuple[int, ...] = ()
    """Pages that the question names; -1 is the last."""
    fields: frozenset[DocumentField] = frozenset()
    """The properties of the whole document that it may ask for."""
    names: tuple[str, ...] = ()
    """Proper names that it mentions, in lower case."""

    @property
    def periods(self) -> frozenset[str]:
        """Years and other numbers of the question."""
        return frozenset(term.norm for term in self.terms if term.is_number)


def shape_of(tree: Query) -> Shape:
    """The shape of a question whose words name no picture, reason or summary."""
    while isinstance(tree, ListOf | Filter):
        tree = tree.of
    match tree:
        case Compare() | Verify():
            return Shape.YES_NO
        case Extreme(highest=highest):
            return Shape.MAXIMUM if highest else Shape.MINIMUM
        case Aggregate(function=Aggregation.COUNT | Aggregation.STREAK):
            return Shape.COUNT
    return Shape.VALUE
