"""Data types of proposals: texts on a page that may be the answer, with the features that rank them.

Inside this package a possible answer is a `Proposal`. The few best ones that the result shows beside the answer
become `cogdoc.results.records.Candidate`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.query.computed import Operand
from cogdoc.query.fitted_model import Features
from cogdoc.query.segments import PageView, Slice
from cogdoc.query.tree import Query
from cogdoc.query.typed_values import ValueKind


class Relation(StrEnum):
    """Where a value is, relative to the words that name it."""

    INLINE = "inline"
    """After its label, in the same segment."""
    RIGHT = "right"
    BELOW = "below"
    LEFT = "left"
    ABOVE = "above"
    """Over its label, as over a caption in parentheses or the line for a signature."""
    CELL = "cell"
    """Where a row and a column of a table meet."""
    SENTENCE = "sentence"
    FIELD = "field"
    """Found without a label, by the kind of document: the name of a shop at the top of a receipt."""
    LOOKUP = "lookup"
    """The name of the row or column that has the property that the question states."""
    COMPUTED = "computed"
    """The result of a query on a table or a chart."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A value that may be the answer, and why; each feature is between 0 and 1 unless it says otherwise."""

    page: PageView
    text: str
    slices: tuple[Slice, ...]
    """Where it is printed; empty for results that are not."""
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
    query: Query | None = None
    """The tree that it is the result of, for values of tables and charts."""
    operands: tuple[Operand, ...] = ()
    """The cells of tables or charts that it is computed or selected from."""
    formula: str = ""
    """How it is computed from the operands: "(412,860 − 368,415) / 368,415"."""

    @property
    def box(self) -> Box:
        """Around its text, or around those operands that are on its page; the whole page if neither has a place."""
        boxes = [part.box for part in self.slices] or [
            operand.cell.box
            for operand in self.operands
            if operand.cell.box is not None and operand.cell.page == self.page.number
        ]
        text = self.page.layout.page_text
        return bounding_box(boxes) if boxes else Box(0.0, 0.0, text.width, text.height)

    @property
    def confidence(self) -> float:
        """The lowest recognition confidence among the words of the value and its operands, 0 to 1."""
        parts = [part.segment.confidence for part in self.slices]
        return min([*parts, *(operand.cell.confidence for operand in self.operands)], default=1.0)
