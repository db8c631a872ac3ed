"""Fits how likely the best proposal is right, and how likely a question has an answer at all: logistic regressions.

Both learn from rankings of questions about families of data sets that the ranking was not fitted to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cogdoc.engines.builtin.answering.confidence import ranking_evidence
from cogdoc.query.fitted_model import Features, FittedModel, Provenance
from training import ranker
from training.extraction import SMALL_PAGES, TABLE_PAGES, Choice
from training.fitting import Vector, folds
from training.ranker import MIN_FAMILIES, Ranking

FOLDS = 3
STEPS = 12
WEIGHT_DECAY = {"confidence": 10.0, "answerability": 5.0}
"""Of each model. With less, the confidence on data sets that are left out is calibrated worse, and more of their
printed answers are refused."""

MADE_UP_SHARE = {"confidence": 0.15, "answerability": 0.5}
"""Of a question put to another document, in the loss of each model. It has no answer; readers rarely ask such ones,
and a confidence says how often an answer to what they ask is right."""

SMALL_PAGE_SHARE = {"confidence": 0.5, "answerability": 3.0}
"""The same of a question about a small page: only these tell that another label with a common word is another thing."""

DECIMALS = 3


@dataclass(frozen=True, slots=True)
class Judges:
    right: FittedModel
    answerable: FittedModel


def features_of(ranking: Ranking) -> Features:
    """What the judgement of a ranking depends on, as `cogdoc.engines.builtin.answering.confidence` computes it."""
    return {**ranking.choice.evidence, **ranking_evidence(ranking.probabilities, ranking.best)}


def held_out_rankings(choices: Sequence[Choice], provenance: Provenance) -> list[Ranking]:
    """Rankings of all questions, each by a model that was fitted without its family.

    Made-up tables teach the ranking alone: judges that knew them refused more of what charts and tables answer.
    """
    rankings = []
    for held_out in folds((choice.family for choice in choices), FOLDS):
        known = [choice for choice in choices if not {choice.family, choice.source} & held_out]
        model = ranker.fit(known, provenance)
        rankings += ranker.rank(model, [choice for choice in choices if choice.family in held_out - {TABLE_PAGES}])
    return rankings


def fit(rankings: Sequence[Ranking], provenance: Provenance) -> Judges:
    """Both models, fitted to rankings by models that do not know the documents."""
    features = [features_of(ranking) for ranking in rankings]
    having: dict[str, set[str]] = defaultdict(set)
    for ranking, own in zip(rankings, features, strict=True):
        for name, value in own.items():
            if value:
                having[name].add(ranking.choice.family)
    names = sorted(name for name, families in having.items() if len(families) >= MIN_FAMILIES)
    inputs = np.array([[1.0, *(own.get(name, 0.0) for name in names)] for own in features])
    share = ranker.shares([ranking.choice for ranking in rankings])
    is_small = np.array([ranking.choice.family == SMALL_PAGES for ranking in rankings])
    made_up = np.array([ranking.choice.made_up for ranking in rankings])
    right = np.array([ranking.gain for ranking in rankings])
    answerable = np.array([float(ranking.choice.answerable) for ranking in rankings])

    def model(name: str, targets: Vector) -> FittedModel:
        factor = np.where(is_small, SMALL_PAGE_SHARE[name], np.where(made_up, MADE_UP_SHARE[name], 1.0))
        weights = logistic_regression(inputs, targets, factor * share, WEIGHT_DECAY[name])
        return _model(name, names, weights, provenance)

    return Judges(model("confidence", right), model("answerability", answerable))


def logistic_regression(inputs: NDArray[np.float64], targets: Vector, shares: Vector, weight_decay: float) -> Vector:
    """Weights by Newton's method, the bias first; targets may lie between 0 and 1."""
    weights = np.zeros(inputs.shape[1])
    decay = np.full(inputs.shape[1], weight_decay)
    decay[0] = 1e-3
    for _ in range(STEPS):
        predicted = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        gradient = inputs.T @ (shares * (predicted - targets)) + decay * weights
        curvature = (inputs * (shares * predicted * (1 - predicted))[:, None]).T @ inputs + np.diag(decay)
        weights -= np.linalg.solve(curvature, gradient)
    return weights


def _model(name: str, names: Sequence[str], weights: Vector, provenance: Provenance) -> FittedModel:
    bias, *rest = (round(float(weight), DECIMALS) for weight in weights)
    return FittedModel(name, provenance, bias, dict(zip(names, rest, strict=True)))
