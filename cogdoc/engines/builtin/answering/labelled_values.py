"""Finds the values of a type on a page, each with the words that say what it is, before it or above its column."""

from __future__ import annotations

from dataclasses import dataclass

from cogdoc.parsing.numbers import find_numbers
from cogdoc.query.concepts import concepts_in
from cogdoc.query.segments import PageView, Segment, Slice
from cogdoc.query.typed_values import ValueKind, find_values

MAX_LABEL_ROWS = 2
"""Rows above a value within which its label is searched for."""

MAX_COLUMN_ROWS = 25
"""Rows above a value within which the header of its column is searched for."""


@dataclass(frozen=True, slots=True)
class LabelledValue:
    part: Slice
    fit: float
    label: str
    """The words before it in its row, or those above it."""
    concepts: frozenset[str]
    """Of its label."""
    header: str
    """The header of its column, if it has another label as well."""
    number: float
    """0 for values that are not numeric."""


def labelled_values(page: PageView, kind: ValueKind) -> list[LabelledValue]:
    """All values of a kind on a page, with their labels."""
    values = []
    for segment in page.segments:
        for found in find_values(kind, segment.text):
            label = _words_before(page, segment, found.start, kind)
            header = _header(page, segment, kind)
            if not label:
                label, header = _words_above(page, segment) or header, ""
            part = Slice(segment, found.start, found.end)
            number = next((number.value for number in find_numbers(part.text)), 0.0)
            values.append(LabelledValue(part, found.fit, label, concepts_in(label), header, number))
    return values


def _words_before(page: PageView, segment: Segment, start: int, kind: ValueKind) -> str:
    """The words before a value in its row, unless they are values of the same kind and their units."""
    parts = [segment.text[:start], *(other.text for other in page.left_of(segment))]
    label = " ".join(reversed([text for text in parts if text.strip()]))
    return label if any(char.isalpha() for char in _without_values(label, kind)) else ""


def _without_values(text: str, kind: ValueKind) -> str:
    for found in reversed(find_values(kind, text)):
        text = text[: found.start] + text[found.end :]
    return text


def _words_above(page: PageView, segment: Segment) -> str:
    """The words right above a value."""
    above = (other for other in page.above(segment) if other.row >= segment.row - MAX_LABEL_ROWS)
    return next((other.text for other in above if any(char.isalpha() for char in other.text)), "")


def _header(page: PageView, segment: Segment, kind: ValueKind) -> str:
    """The first text above a value that is in a row of several and contains no value itself."""
    for other in page.above(segment):
        if other.row < segment.row - MAX_COLUMN_ROWS:
            break
        if len(page.rows[other.row]) > 1 and any(char.isalpha() for char in _without_values(other.text, kind)):
            return "" if any(char.isdigit() for char in other.text) else other.text
    return ""
