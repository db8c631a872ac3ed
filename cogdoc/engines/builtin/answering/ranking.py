"""How likely a proposed value is the answer: a logistic score over a few measures.

    probability = 1 / (1 + exp(-(bias + sum of weight * measure)))

Each measure lies between 0 and 1. The weights say in what the built-in reader believes; where they come from is
told beside them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from rapidfuzz import fuzz

from cogdoc.engines.builtin.answering.candidates import Proposal, Relation
from cogdoc.engines.builtin.answering.labels import Matcher, is_label, starts_with_label
from cogdoc.engines.builtin.answering.questions import Shape
from cogdoc.engines.builtin.answering.terms import folded, tokenize
from cogdoc.engines.builtin.answering.values import ValueKind

BIAS = -5.0
WEIGHTS: dict[str, float] = {
    "recall": 2.5,
    "precision": 1.0,
    "both": 2.0,
    "fit": 2.0,
    "near": 1.5,
    "marked": 0.5,
    "prior": 7.5,
    "repeats": -2.5,
    "loose": -0.7,
    "lead": -1.5,
    "other-case": -1.0,
    "lines": 0.3,
    "field-question": -2.5,
    "heads-columns-right": -1.0,
    "heads-columns-below": 1.0,
    "quoted-typed": -0.5,
    "quoted-text": 0.5,
    "asked-column": 1.5,
    "best-row": 1.0,
    "first-column": -0.3,
    "aligned": -0.3,
    "looks-like-label": -2.0,
    "long": -1.0,
    "unsure": -1.0,
    "other-period": -1.5,
    "later-page": -0.5,
    "unreadable": -2.5,
    "second-kind": -0.7,
    Relation.INLINE.value: 0.4,
    Relation.RIGHT.value: 0.3,
    Relation.BELOW.value: -0.4,
    Relation.LEFT.value: -0.5,
    Relation.CELL.value: 0.3,
    Relation.SENTENCE.value: -0.8,
    Relation.FIELD.value: 0.0,
    Relation.LOOKUP.value: 0.3,
}


def measures(matcher: Matcher, proposal: Proposal) -> dict[str, float]:
    """What a proposal is judged by."""
    question = matcher.question
    tokens = tokenize(proposal.text)
    own = matcher.precision(tokens) if tokens else 0.0
    label = question.label if question.quoted else ""
    return {
        "recall": proposal.recall,
        "precision": proposal.precision,
        "both": proposal.recall * proposal.precision,
        "fit": proposal.fit,
        "near": 1 / (1 + 0.5 * proposal.distance),
        "repeats": max(own, float(bool(label) and fuzz.ratio(folded(label), folded(proposal.text)) > 85)),
        "looks-like-label": float(is_label(proposal.text) or starts_with_label(proposal.text)),
        "long": min(1.0, max(0.0, (len(proposal.text) - 60) / 120)),
        "unsure": 1.0 - proposal.confidence,
        "other-period": _other_period(matcher, proposal),
        "later-page": min(1.0, proposal.page.rank / 4),
        "unreadable": float(question.shape is Shape.UNREADABLE),
        "second-kind": float(proposal.kind is not question.kinds[0]),
        "field-question": float(bool(question.fields) and proposal.relation is not Relation.FIELD),
        f"heads-columns-{proposal.relation.value}": proposal.signs.get("heads-columns", 0.0),
        f"quoted-{'text' if proposal.kind is ValueKind.TEXT else 'typed'}": float(question.quoted),
        proposal.relation.value: 1.0,
        **{name: value for name, value in proposal.signs.items() if name != "heads-columns"},
    }


def probability(matcher: Matcher, proposal: Proposal) -> float:
    """The chance that the proposal is the answer, 0 to 1."""
    score = BIAS + sum(WEIGHTS.get(name, 0.0) * value for name, value in measures(matcher, proposal).items())
    return 1 / (1 + math.exp(-score))


def _other_period(matcher: Matcher, proposal: Proposal) -> float:
    """1 where the question names a year and the value's own line names only others."""
    wanted = {period for period in matcher.question.periods if len(period) == 4}
    if not wanted or proposal.kind in (ValueKind.DATE, ValueKind.YEAR):
        return 0.0
    years = {
        token.norm
        for token in tokenize(proposal.evidence)
        if len(token.norm) == 4 and token.norm.startswith(("19", "20"))
    }
    return float(bool(years) and not years & wanted)


def ranked(matcher: Matcher, proposals: Sequence[Proposal]) -> list[tuple[Proposal, float]]:
    """The likeliest proposal of every text, best first, with its probability."""
    best: dict[str, tuple[Proposal, float]] = {}
    for proposal in proposals:
        chance = probability(matcher, proposal)
        key = "".join(folded(proposal.text).split())
        if key and (key not in best or chance > best[key][1]):
            best[key] = (proposal, chance)
    return sorted(best.values(), key=lambda pair: (-pair[1], pair[0].page.rank, pair[0].box[1], pair[0].box[0]))
