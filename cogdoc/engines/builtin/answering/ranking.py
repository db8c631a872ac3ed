"""How likely a proposed value is the answer: a conditional logit over all proposals and "not found".

    score = bias + sum of weight * measure
    probability = exp(score) / (1 + sum of exp(score) over all proposals)

(McFadden, "Conditional logit analysis of qualitative choice behavior", 1974; the 1 stands for "not found".)
Proposals of the same text add up. Each measure lies between 0 and 1.
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

MAX_SCORE = 30.0

BIAS = -7.72
WEIGHTS: dict[str, float] = {
    "aligned": -0.52,
    "asked-column": 2.70,
    "below": -1.59,
    "best-row": 2.05,
    "both": 4.32,
    "cell": -2.50,
    "field": 0.49,
    "field-question": -1.55,
    "first-column": -0.27,
    "fit": 2.13,
    "heads-columns-below": -0.50,
    "heads-columns-inline": -0.34,
    "heads-columns-right": -0.24,
    "inline": -1.15,
    "later-page": -1.55,
    "lead": -3.65,
    "left": -0.51,
    "lines": 0.32,
    "long": -2.06,
    "looks-like-label": -3.20,
    "lookup": 0.30,
    "loose": -1.98,
    "marked": 0.77,
    "near": 2.55,
    "other-case": -1.12,
    "other-period": -1.67,
    "precision": 0.79,
    "prior": 9.15,
    "quoted-text": -0.68,
    "quoted-typed": -1.51,
    "recall": 3.09,
    "repeats": -1.32,
    "right": 1.11,
    "second-kind": -1.04,
    "sentence": 0.42,
    "unreadable": -0.10,
    "unsure": -1.94,
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


def score(matcher: Matcher, proposal: Proposal) -> float:
    """The weighted sum of a proposal's measures."""
    return BIAS + sum(WEIGHTS.get(name, 0.0) * value for name, value in measures(matcher, proposal).items())


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
    """The best proposal of every text, likeliest first, each with the chance that its text is the answer."""
    scores = [min(MAX_SCORE, score(matcher, proposal)) for proposal in proposals]
    total = 1 + sum(math.exp(value) for value in scores)
    chances: dict[str, float] = {}
    best: dict[str, tuple[float, Proposal]] = {}
    for proposal, value in zip(proposals, scores, strict=True):
        key = "".join(folded(proposal.text).split())
        chances[key] = chances.get(key, 0.0) + math.exp(value) / total
        if key not in best or value > best[key][0]:
            best[key] = (value, proposal)
    pairs = [(best[key][1], chance) for key, chance in chances.items() if key]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0].page.rank, pair[0].box[1], pair[0].box[0]))
