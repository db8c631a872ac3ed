"""How likely a proposed value is the answer: a conditional logit over all proposals and "not found".

    score = bias + sum of weight * measure
    probability = exp(score) / (1 + sum of exp(score) over all proposals)

(McFadden, "Conditional logit analysis of qualitative choice behavior", 1974; the 1 stands for "not found".)
Of proposals with the same text the best one counts. Each measure lies between 0 and 1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from rapidfuzz import fuzz

from cogdoc.engines.builtin.answering.candidates import Proposal, Relation
from cogdoc.query.label_matching import Matcher, is_label, label_share, starts_with_label
from cogdoc.query.question_analysis import Shape
from cogdoc.query.terms import folded, tokenize
from cogdoc.query.typed_values import ValueKind

MAX_SCORE = 30.0

_UNITS = re.compile(r"\W*(?:in (?:thousands|millions|billions)|unaudited|dollars in)\b|单位[:：]", re.I)
""""(In millions, except per share data)": how to read a table, and no value of it."""

BIAS = -7.09
WEIGHTS: dict[str, float] = {
    "aligned": -0.34,
    "asked-column": 2.66,
    "below": -1.25,
    "best-column": 1.50,
    "best-row": 0.92,
    "both": 4.24,
    "cell": -1.94,
    "column-named": 0.72,
    "context": 3.11,
    "cut-near": -0.90,
    "exact": 1.09,
    "first-column": -0.92,
    "fit": 2.85,
    "heads-columns-below": -0.26,
    "heads-columns-right": 0.27,
    "inline": -0.55,
    "label-words": -3.42,
    "later-page": -2.62,
    "latest": 1.59,
    "lead": -1.73,
    "left": -0.50,
    "lines": -0.18,
    "long": -2.07,
    "looks-like-label": -3.19,
    "lookup": 0.30,
    "loose": -1.29,
    "marked": 0.59,
    "names-missing": -5.00,
    "near": 2.12,
    "not-address": -2.00,
    "not-date": -2.07,
    "not-issuer": -1.86,
    "not-page-number": -2.00,
    "not-recipient": -2.47,
    "not-sender": -2.01,
    "not-title": -2.00,
    "not-total": -3.24,
    "other-case": -1.56,
    "other-period": -1.62,
    "precision": 1.17,
    "prior": 8.53,
    "quoted-text": -1.34,
    "quoted-typed": -2.48,
    "recall": 2.97,
    "repeats": -1.37,
    "replaced": -4.37,
    "right": 1.66,
    "second-kind": -1.14,
    "sentence": -0.32,
    "small-print-below": 0.46,
    "small-print-right": -1.62,
    "taller": 0.39,
    "unreadable": -0.24,
    "unsure": -2.11,
    "wide-gap": -2.31,
    "words-missing": -0.94,
}
"""Fitted by `benchmarks/answer_weights.py`; a measure that is missing here has no weight."""


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
    """The best proposal of every text, likeliest first, each with the chance that it is the answer."""
    best: dict[str, tuple[float, Proposal]] = {}
    for proposal in proposals:
        value = min(MAX_SCORE, score(matcher, proposal))
        key = same_text(proposal.text)
        if key and (key not in best or value > best[key][0]):
            best[key] = (value, proposal)
    total = 1 + sum(math.exp(value) for value, _ in best.values())
    pairs = [(proposal, math.exp(value) / total) for value, proposal in best.values()]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0].page.rank, pair[0].box[1], pair[0].box[0]))


def same_text(text: str) -> str:
    """What is alike in texts that say the same: without case, white space, currency signs and a final stop."""
    return re.sub(r"[\s$€£¥￥]+|[.,;:]+$", "", folded(text))
