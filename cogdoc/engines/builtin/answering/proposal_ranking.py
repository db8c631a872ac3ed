"""Ranks proposals by the probability that they are the answer: a conditional logit over proposals and "not found".

    score = bias + sum of weight * feature
    probability = exp(score) / (1 + sum of exp(score) over all proposals)

(McFadden, "Conditional logit analysis of qualitative choice behavior", 1974; the 1 is the odds of "not found".)
Among proposals with the same text, only the best one counts. Each feature is between 0 and 1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

from rapidfuzz import fuzz

from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.query.fitted_model import Features, load_model
from cogdoc.query.label_matching import Matcher, is_label, label_share, starts_with_label
from cogdoc.query.question_analysis import Shape
from cogdoc.query.terms import fold_case, tokenize
from cogdoc.query.typed_values import ValueKind

MAX_SCORE = 30.0

MODEL_PATH = Path(__file__).parent / "weights" / "proposal_ranking.json"
MODEL = load_model(MODEL_PATH)
"""Fitted by `training.answer_weights`."""

_UNITS = re.compile(r"\W*(?:in (?:thousands|millions|billions)|unaudited|dollars in)\b|单位[:：]", re.I)
"""Notes on the units of a table, such as "(In millions, except per share data)"; never a value in it."""


def proposal_features(matcher: Matcher, proposal: Proposal) -> Features:
    """All features of a proposal, by the names that `MODEL` has weights for."""
    question = matcher.question
    tokens = tokenize(proposal.text)
    own_precision = matcher.precision(tokens) if tokens else 0.0
    label = question.label if question.quoted else ""
    repeats_label = bool(label) and fuzz.ratio(fold_case(label), fold_case(proposal.text)) > 85
    return {
        "recall": proposal.recall,
        "precision": proposal.precision,
        "both": proposal.recall * proposal.precision,
        "fit": proposal.fit,
        "near": 1 / (1 + 0.5 * proposal.distance),
        "repeats": max(own_precision, float(repeats_label)),
        "looks-like-label": float(
            is_label(proposal.text) or starts_with_label(proposal.text) or _UNITS.match(proposal.text) is not None
        ),
        "label-words": label_share(proposal.text),
        "long": min(1.0, max(0.0, (len(proposal.text) - 60) / 120)),
        "unsure": 1.0 - proposal.confidence,
        "other-period": _other_period(matcher, proposal),
        "later-page": min(1.0, proposal.page.rank / 4),
        "names-missing": matcher.names_missing,
        "words-missing": matcher.words_missing,
        "unreadable": float(question.shape is Shape.UNREADABLE),
        "second-kind": float(proposal.kind is not question.kinds[0]),
        **{f"not-{field}": 1.0 for field in question.fields if proposal.relation is not Relation.FIELD},
        **_heads_columns(proposal),
        f"quoted-{'text' if proposal.kind is ValueKind.TEXT else 'typed'}": float(question.quoted),
        proposal.relation.value: 1.0,
        **proposal.features,
    }


def _heads_columns(proposal: Proposal) -> Features:
    """The feature of labels that are column headers; it is separate for each relation of value and label."""
    if proposal.heads_columns is None:
        return {}
    return {f"heads-columns-{proposal.relation}": proposal.heads_columns}


def _other_period(matcher: Matcher, proposal: Proposal) -> float:
    """1 if the question names a year and the line of the value names only other years."""
    asked_years = {period for period in matcher.question.periods if len(period) == 4}
    if not asked_years or proposal.kind in (ValueKind.DATE, ValueKind.YEAR):
        return 0.0
    years = {
        token.norm
        for token in tokenize(proposal.evidence)
        if len(token.norm) == 4 and token.norm.startswith(("19", "20"))
    }
    return float(bool(years) and not years & asked_years)


def rank_proposals(matcher: Matcher, proposals: Sequence[Proposal]) -> list[tuple[Proposal, float]]:
    """The best proposal of every text, the likeliest first, each with its probability of being the answer."""
    best: dict[str, tuple[float, Proposal]] = {}
    for proposal in proposals:
        score = min(MAX_SCORE, _score(proposal_features(matcher, proposal)))
        key = text_key(proposal.text)
        if key and (key not in best or score > best[key][0]):
            best[key] = (score, proposal)
    total = 1 + sum(math.exp(score) for score, _ in best.values())
    pairs = [(proposal, math.exp(score) / total) for score, proposal in best.values()]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0].page.rank, pair[0].box[1], pair[0].box[0]))


def _score(features: Features) -> float:
    """The weighted sum of the features; those that the weights were not fitted with count as 0."""
    return MODEL.bias + sum(MODEL.weights.get(name, 0.0) * value for name, value in features.items())


def text_key(text: str) -> str:
    """A comparison key for values: without case, white space, currency signs and trailing punctuation."""
    return re.sub(r"[\s$€£¥￥]+|[.,;:]+$", "", fold_case(text))
