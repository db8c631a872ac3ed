"""Ranks proposals by the probability that they are the answer: a conditional logit over proposals and "not found".

    probability = exp(score) / (1 + sum of exp(score) over all proposals)

(McFadden, "Conditional logit analysis of qualitative choice behavior", 1974; the 1 is the odds of "not found".)
Among proposals with the same text, only the best one counts. The score is that of a fitted model over features of the
proposal, of the question, and of how it compares with the other proposals. Each feature is between 0 and 1.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from rapidfuzz import fuzz

from cogdoc.engines.builtin.answering.label_evidence import label_evidence
from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.query.computed import operation_name
from cogdoc.query.fitted_model import Features, load_model
from cogdoc.query.label_matching import Matcher, label_share, starts_with_label
from cogdoc.query.proper_names import organisation_likeness
from cogdoc.query.question import Shape
from cogdoc.query.terms import fold_case, tokenize
from cogdoc.query.tree import Aggregate
from cogdoc.query.typed_values import NUMERIC, ValueKind, find_values

MAX_SCORE = 30.0

MODEL_PATH = Path(__file__).parent / "weights" / "proposal_ranking.json"
MODEL = load_model(MODEL_PATH)
"""Fitted by `training.answer_weights`."""

SAME_LABEL = 85
"""Similarity, in percent, from which on a value only repeats the label that the question quotes."""

LONG_VALUE, LONGEST_VALUE = 60, 180
"""Characters: a value begins to be long, and is as long as it matters."""

LIKELY_ORGANISATION = 0.7

_UNITS = re.compile(r"\W*(?:in (?:thousands|millions|billions)|unaudited|dollars in)\b|单位[:：]", re.I)
"""Notes on the units of a table, such as "(In millions, except per share data)"; never a value in it."""


def describe(matcher: Matcher, proposals: Sequence[Proposal]) -> list[Features]:
    """All features of each proposal, by the names that `MODEL` has weights for."""
    replaced = {text: matcher.replacement_score(text) for text in {proposal.evidence for proposal in proposals}}
    alone = [_features_alone(matcher, proposal, replaced) for proposal in proposals]
    compared = _features_compared(proposals)
    return [own | others for own, others in zip(alone, compared, strict=True)]


def _features_alone(matcher: Matcher, proposal: Proposal, replaced: Mapping[str, float]) -> dict[str, float]:
    question = matcher.question
    tokens = tokenize(proposal.text)
    own_precision = matcher.precision(tokens) if tokens else 0.0
    label = question.label if question.quoted else ""
    repeats_label = bool(label) and fuzz.ratio(fold_case(label), fold_case(proposal.text)) > SAME_LABEL
    is_headed = starts_with_label(proposal.text) or _UNITS.match(proposal.text) is not None
    heads = proposal.heads_columns
    origin = "chart-" if proposal.features.get("from-chart") else ""
    return {
        "recall": proposal.recall,
        "precision": proposal.precision,
        "both": proposal.recall * proposal.precision,
        "fit": proposal.fit,
        "near": 1 / (1 + 0.5 * proposal.distance),
        "repeats": max(own_precision, float(repeats_label)),
        "looks-like-label": float(is_headed),
        "label-words": 0.0 if _is_no_label(proposal) else label_share(proposal.text),
        "long": min(1.0, max(0.0, (len(proposal.text) - LONG_VALUE) / (LONGEST_VALUE - LONG_VALUE))),
        "unsure": 1.0 - proposal.confidence,
        "other-period": _other_period(matcher, proposal),
        "later-page": min(1.0, proposal.page.rank / 4),
        "replaced": replaced[proposal.evidence],
        f"{origin}names-missing": matcher.names_missing,
        f"{origin}words-missing": matcher.words_missing,
        "unreadable": float(question.shape is Shape.UNREADABLE),
        "second-kind": float(proposal.kind is not question.kinds[0]),
        f"quoted-{'text' if proposal.kind is ValueKind.TEXT else 'typed'}": float(question.quoted),
        f"kind-{proposal.kind}": 1.0,
        f"asked-{question.kinds[0]}-found-{proposal.kind}": 1.0,
        f"{operation_name(question.tree)}-{'computed' if proposal.relation is Relation.COMPUTED else 'printed'}": 1.0,
        proposal.relation.value: 1.0,
        **{f"not-{field}": 1.0 for field in question.fields if proposal.relation is not Relation.FIELD},
        **({f"heads-columns-{proposal.relation}": heads} if heads is not None else {}),
        **label_evidence(matcher, proposal),
        **proposal.features,
    }


def _is_no_label(proposal: Proposal) -> bool:
    """Whether only its words look like a label: the name "Kunden AG" has the word for a customer, "No" for a number."""
    if proposal.kind is ValueKind.YES_OR_NO:
        return True
    named = proposal.kind in (ValueKind.PERSON, ValueKind.ORGANISATION)
    return named and organisation_likeness(proposal.text) >= LIKELY_ORGANISATION


def _features_compared(proposals: Sequence[Proposal]) -> list[dict[str, float]]:
    """How each proposal compares with those of another text, and how many sources agree with it."""
    keys = [text_key(proposal.text) for proposal in proposals]
    sources: dict[str, set[Relation]] = defaultdict(set)
    for key, proposal in zip(keys, proposals, strict=True):
        sources[key].add(proposal.relation)
    recalls = sorted({proposal.recall for proposal in proposals}, reverse=True)
    places = {recall: place for place, recall in enumerate(recalls)}
    agreements = [proposal.recall * proposal.precision for proposal in proposals]
    kinds = {
        kind: max(agreement for agreement, other in zip(agreements, proposals, strict=True) if other.kind is kind)
        for kind in {proposal.kind for proposal in proposals}
    }
    printed = max(
        (
            agreement
            for agreement, proposal in zip(agreements, proposals, strict=True)
            if proposal.relation is not Relation.COMPUTED and _is_number(proposal)
        ),
        default=0.0,
    )
    best, best_fit = max(agreements, default=0.0), max((proposal.fit for proposal in proposals), default=0.0)
    matches = [(proposal.relation, round(proposal.recall, 3), round(proposal.precision, 3)) for proposal in proposals]
    rivals = Counter(match for match, _ in set(zip(matches, keys, strict=True)))
    seen: Counter[object] = Counter()
    compared = []
    for key, proposal, match, agreement in zip(keys, proposals, matches, agreements, strict=True):
        is_computed = proposal.relation is Relation.COMPUTED
        compared.append(
            {
                "recall-place": 1 / (1 + places[proposal.recall]),
                "recall-behind": recalls[0] - proposal.recall,
                "both-behind": best - agreement,
                "both-behind-in-kind": kinds[proposal.kind] - agreement,
                "fit-behind": best_fit - proposal.fit,
                "printed-instead": printed if is_computed and isinstance(proposal.query, Aggregate) else 0.0,
                "agreement": 1 - 1 / len(sources[key]),
                "only-match": 1 / rivals[match],
                "first-match": 1 / (1 + seen[match]),
            }
        )
        seen[match] += 1
    return compared


def _is_number(proposal: Proposal) -> bool:
    """Whether a value is a number, also if the question does not say that it asks for one: "total assets 2024?"."""
    return proposal.kind in NUMERIC or any(value.fit == 1.0 for value in find_values(ValueKind.NUMBER, proposal.text))


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


def rank_proposals(proposals: Sequence[Proposal], features: Sequence[Features]) -> list[tuple[int, float]]:
    """The index of the best proposal of every text, the likeliest first, with its probability of being the answer."""
    best: dict[str, tuple[float, int]] = {}
    for index, (proposal, described) in enumerate(zip(proposals, features, strict=True)):
        score = min(MAX_SCORE, MODEL.score(described))
        key = text_key(proposal.text)
        if key and (key not in best or score > best[key][0]):
            best[key] = (score, index)
    total = 1 + sum(math.exp(score) for score, _ in best.values())

    def place(pair: tuple[int, float]) -> tuple[float, int, float, float]:
        proposal = proposals[pair[0]]
        left, top, _, _ = proposal.box
        return -pair[1], proposal.page.rank, top, left

    return sorted(((index, math.exp(score) / total) for score, index in best.values()), key=place)


def text_key(text: str) -> str:
    """A comparison key for values: without case, white space, currency signs and trailing punctuation."""
    return re.sub(r"[\s$€£¥￥]+|[.,;:]+$", "", fold_case(text))
