"""What may be the answer: a text on a page, and why it was thought of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.query.segments import PageView, Slice
from cogdoc.query.typed_values import ValueKind


class Relation(StrEnum):
    """How a value stands to the words that name it."""

    INLINE = "inline"
    """Behind its label, in the same segment."""
    RIGHT = "right"
    BELOW = "below"
    LEFT = "left"
    CELL = "cell"
    """Where a row and a column of a table meet."""
    SENTENCE = "sentence"
    FIELD = "field"
    """Found by what kind of document it is, as the name of a shop on top of a receipt."""
    LOOKUP = "lookup"
    """The name of the row or column that has what the question says."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A value with the measures that it is ranked by; each of them is from 0 to 1 unless it says otherwise."""

    page: PageView
    text: str
    slices: tuple[Slice, ...]
    relation: Relation
    kind: ValueKind
    recall: float
    """Weight of the question's words that the label (or row, column, sentence) holds."""
    precision: float
    """Share of the label's words that the question explains."""
    fit: float
    """How well the text is a value of the kind asked for."""
    distance: float = 0.0
    """From label to value in line heights."""
    evidence: str = ""
    """The line or row it stands in."""
    signs: Mapping[str, float] = field(default_factory=dict)
    """Further measures, by the names that `ranking.WEIGHTS` knows."""

    @property
    def box(self) -> Box:
        return bounding_box(part.box for part in self.slices)

    @property
    def confidence(self) -> float:
        """Of the words that it is made of."""
        return min(part.segment.confidence for part in self.slices)
