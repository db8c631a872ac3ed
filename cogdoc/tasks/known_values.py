"""What a file itself says about fields, without its pages: the fields of forms, and the data of electronic invoices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cogdoc.documents.document import Document
from cogdoc.fields.field import Field
from cogdoc.query.column_matching import wording_match
from cogdoc.results.field_result import HowFound
from cogdoc.results.record_model import BoxTuple

MIN_NAME_MATCH = 0.6
"""How well a name in the file has to match a field."""


@dataclass(frozen=True, slots=True)
class KnownValue:
    """A value that the file states, and the names that it goes by."""

    names: tuple[str, ...]
    text: str
    how: HowFound
    page: int | None = None
    box: BoxTuple | None = None


@dataclass(frozen=True, slots=True)
class KnownMatch:
    """A value that the file states for a field, and how well its name matches."""

    value: KnownValue
    score: float


def known_values(document: Document) -> tuple[KnownValue, ...]:  # noqa: ARG001
    """All values that the file of a document states."""
    return ()


def match_known(field: Field, known: Sequence[KnownValue]) -> list[KnownMatch]:
    """The values whose names match a field, the best first."""
    matches = [KnownMatch(value, _score(field, value)) for value in known]
    return sorted((match for match in matches if match.score >= MIN_NAME_MATCH), key=lambda match: -match.score)


def _score(field: Field, value: KnownValue) -> float:
    return max(
        (wording_match(wording, name) for wording in field.wordings for name in value.names),
        default=0.0,
    )
