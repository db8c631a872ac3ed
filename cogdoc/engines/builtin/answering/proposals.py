"""Data types of proposals: texts on a page that may be the answer, with the features that rank them.

Inside this package a possible answer is a `Proposal`. The few best ones that the result shows beside the answer
become `cogdoc.results.records.Candidate`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.query.fitted_model import Features
from cogdoc.query.segments import PageView, Slice
from cogdoc.query.typed_values import ValueKind


class Relation(StrEnum):
    """Where a value is, relative to the words that name it."""

    INLINE = "inline"
    """After its label, in the same segment."""
    RIGHT = "right"
    BELOW = "below"
    LEFT = "left"
    CELL = "cell"
    """Where a row and a column of a table meet."""
    SENTENCE = "sentence"
    FIELD = "field"
    """Found without a label, by the kind of document: the name of a shop at the top of a receipt."""
    LOOKUP = "lookup"
    """The name of the row or column that has the property that the question states."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A value that may be the answer, and why; each feature is between 0 and 1 unless it says otherwise."""

    page: PageView
    text: str
    slices: tuple[Slice, ...]
    relation: Relation
    kind: ValueKind
    recall: float
    """Share of the question's weight that the label (or row, column, sentence) covers."""
    precision: float
    """Share of the label's words that the question explains."""
    fit: float
    """How well the text is a value of the kind asked for."""
    distance: float = 0.0
    """From label to value, in line heights."""
    evidence: str = ""
    """The line or row that contains the value."""
    heads_columns: float | None = None
    """Share of the segments in its label's row that have another one right below; None for a value without a label."""
    features: Features = field(default_factory=dict)
    """Further features, which only some kinds of proposals have."""

    @property
    def box(self) -> Box:
        return bounding_box(part.box for part in self.slices)

    @property
    def confidence(self) -> float:
        """The lowest recognition confidence among the words of the value, 0 to 1."""
        return min(part.segment.confidence for part in self.slices)
