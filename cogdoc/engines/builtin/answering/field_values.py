"""Finds the values of a field on pages: the proposals for the questions that ask for it, the likeliest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from cogdoc.engines.builtin.answering.answer import Collected, collect, evidence_of
from cogdoc.engines.builtin.answering.field_support import is_supported
from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.engines.protocol import FieldCandidate
from cogdoc.fields.field import Field
from cogdoc.parsing.numbers import without_notes
from cogdoc.parsing.page_text import PageLayout
from cogdoc.query.field_questions import field_questions
from cogdoc.results.field_result import HowFound

CANDIDATES = 6
"""Values of one field that are given, for the case that the first ones are not of its type."""

_HOW: Final = {
    Relation.INLINE: HowFound.LABEL,
    Relation.RIGHT: HowFound.LABEL,
    Relation.BELOW: HowFound.LABEL,
    Relation.LEFT: HowFound.LABEL,
    Relation.ABOVE: HowFound.LABEL,
    Relation.CELL: HowFound.TABLE,
    Relation.LOOKUP: HowFound.TABLE,
    Relation.COMPUTED: HowFound.TABLE,
    Relation.SENTENCE: HowFound.SENTENCE,
    Relation.FIELD: HowFound.PLACE,
}


def find_field_values(field: Field, layouts: Sequence[PageLayout]) -> tuple[FieldCandidate, ...]:
    """The values that a field may have, the likeliest first; empty if the pages have none for it."""
    best: Collected | None = None
    for question in field_questions(field):
        collected = collect(question, layouts)
        if not (collected.ranked and collected.judgement.should_answer):
            continue
        likeliest = collected.ranked[0][0]
        if not (_is_printed(likeliest) and is_supported(likeliest, field.wordings)):
            continue
        if best is None or collected.judgement.p_right > best.judgement.p_right:
            best = collected
    if best is None:
        return ()
    candidates = [
        _candidate(proposal, probability)
        for proposal, probability in best.ranked
        if _is_printed(proposal) and is_supported(proposal, field.wordings)
    ]
    first, *others = islice(candidates, CANDIDATES)
    sure = best.judgement.confidence
    rest = [replace(other, confidence=min(other.confidence or 0.0, 1 - sure)) for other in others]
    return (replace(first, confidence=sure), *rest)


def _is_printed(proposal: Proposal) -> bool:
    """Whether a document prints the value itself, rather than the operands that it is computed from."""
    return bool(proposal.slices) or len(proposal.operands) == 1


def _candidate(proposal: Proposal, probability: float) -> FieldCandidate:
    how = HowFound.TICK if "option" in proposal.features else _HOW[proposal.relation]
    return FieldCandidate(without_notes(proposal.text), probability, evidence_of(proposal), how)
