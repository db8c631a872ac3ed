"""Tells whether anything but its place says that a value is a field's; other documents do not have the field.

A question supposes that there is an answer. A list of fields is put to every document of a folder, an envelope too,
whose post code is the only number and yet no total.
"""

from __future__ import annotations

from collections.abc import Sequence

from cogdoc.engines.builtin.answering.amounts import CENTS_FIT
from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.engines.builtin.answering.prose import BESIDE_LABEL, prose_segments
from cogdoc.query.concepts import concepts_in
from cogdoc.query.typed_values import NUMERIC, ValueKind

BY_ARITHMETIC = ("amount-role", "amount-computed", "amount-solved")
BY_LABEL = ("typed-shared", "typed-header")
OF_PROSE = (ValueKind.TEXT, ValueKind.PERSON, ValueKind.ORGANISATION, ValueKind.PLACE, ValueKind.ADDRESS, *NUMERIC)
"""The kinds of values that a line of a paragraph does not have by its place."""

MIN_MATCH = 0.5
"""Share of the wording's or of the label's weight that both have: "number" may label an order number, but "accident
number" does not."""

MIN_PRECISION = 0.15
"""Of a label; "Number of pages (including cover sheet)" is none of any number."""

LONG_NUMBERS = frozenset(("tax number",))
MIN_DIGITS = 5
"""Of the numbers that authorities give."""


def is_supported(proposal: Proposal, wordings: Sequence[str]) -> bool:
    """Whether a proposal may be the value of a field that documents call by one of `wordings`."""
    if any(concepts_in(wording) & LONG_NUMBERS for wording in wordings):
        return sum(char.isdigit() for char in proposal.text) >= MIN_DIGITS
    features = proposal.features
    if proposal.relation in BESIDE_LABEL:
        return max(proposal.recall, proposal.precision) >= MIN_MATCH and proposal.precision >= MIN_PRECISION
    if proposal.relation is not Relation.FIELD:
        return True
    if proposal.recall or any(features.get(name) for name in BY_LABEL):
        return True
    if proposal.kind in OF_PROSE:
        prose = prose_segments(proposal.page)
        if proposal.slices and all(part.segment.index in prose for part in proposal.slices):
            return False
    if proposal.kind not in NUMERIC or any(features.get(name) for name in BY_ARITHMETIC):
        return True
    return bool(features.get("total-largest")) and proposal.fit >= CENTS_FIT
