"""Fits the ranking of proposals: a conditional logit with the choice "not found", on questions with proposals.

Linear: pairwise products, a hidden layer and boosted trees ranked data sets that they were not fitted to no better. The
loss of a question is the negative logarithm of the probability that goes to right proposals, or to "not found" if
none is right. Every family of data sets counts with the square root of its questions. A feature that proposals of
only one family have is left out: nothing shows that it carries over.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cogdoc.query.fitted_model import FittedModel, Provenance
from training.extraction import Choice

MIN_GAIN = 0.5
"""A proposal with at least this score is right."""

MIN_FAMILIES = 2
WEIGHT_DECAY = 1.0
STEPS = 40
MISSED_SHARE = 0.5
"""Of a question that has an answer which nobody proposed, in the loss."""

START_BIAS = -2.0
DECIMALS = 3


@dataclass(frozen=True)
class Table:
    """Questions with all their proposals, stacked."""

    choices: Sequence[Choice]
    names: Sequence[str]
    features: Tensor
    """(proposals, names)."""
    value: Tensor
    """By proposal, the index of its value: proposals of a question with the same key share one."""
    question: Tensor
    """By value, the index of its question."""
    gain: Tensor
    """By value, its score as the answer; 0 if it is not right."""

    def probabilities(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        """Of every value, and of "not found" for every question, given the scores of proposals."""
        values, questions = len(self.question), len(self.choices)
        best = torch.full((values,), -math.inf).scatter_reduce(0, self.value, scores, "amax")
        highest = torch.zeros(questions).scatter_reduce(0, self.question, best, "amax")
        odds = torch.exp(best - highest[self.question])
        none = torch.exp(-highest)
        total = none + torch.zeros(questions).index_add(0, self.question, odds)
        return odds / total[self.question], none / total


def shared_features(choices: Sequence[Choice]) -> list[str]:
    """The features that proposals of several families have."""
    having: dict[str, set[str]] = defaultdict(set)
    for choice in choices:
        for name in np.array(choice.names)[(choice.features != 0).any(axis=0)] if len(choice.keys) else ():
            having[str(name)].add(choice.family)
    return sorted(name for name, families in having.items() if len(families) >= MIN_FAMILIES)


def stack(choices: Sequence[Choice], names: Sequence[str]) -> Table:
    column = {name: index for index, name in enumerate(names)}
    rows = sum(len(choice.keys) for choice in choices)
    features = np.zeros((rows, len(names)), dtype=np.float32)
    value: list[int] = []
    question: list[int] = []
    gain: list[float] = []
    for index, choice in enumerate(choices):
        known = [(old, column[name]) for old, name in enumerate(choice.names) if name in column]
        if len(choice.keys) and known:
            old, new = map(list, zip(*known, strict=True))
            features[len(value) : len(value) + len(choice.keys), new] = choice.features[:, old]
        own: dict[str, int] = {}
        for key, score in zip(choice.keys, choice.gains.tolist(), strict=True):
            if key not in own:
                own[key] = len(question)
                question.append(index)
                gain.append(0.0)
            value.append(own[key])
            gain[own[key]] = max(gain[own[key]], score if score >= MIN_GAIN else 0.0)
    return Table(
        choices,
        names,
        torch.from_numpy(features),
        torch.tensor(value, dtype=torch.long),
        torch.tensor(question, dtype=torch.long),
        torch.tensor(gain),
    )


def shares(choices: Sequence[Choice]) -> NDArray[np.float64]:
    """The share of each question in a loss: a family counts with the square root of its questions."""
    counts = Counter((choice.family, choice.answerable) for choice in choices)
    weights = np.array([1 / math.sqrt(counts[choice.family, choice.answerable]) for choice in choices])
    normalized: NDArray[np.float64] = weights * len(choices) / weights.sum()
    return normalized


def fit(choices: Sequence[Choice], provenance: Provenance) -> FittedModel:
    """The model with the smallest loss on `choices`, with weight decay."""
    table = stack(choices, shared_features(choices))
    has_right = torch.zeros(len(choices)).scatter_reduce(0, table.question, table.gain, "amax") > 0
    share = torch.from_numpy(shares(choices)).float()
    answerable = torch.tensor([choice.answerable for choice in choices])
    share = torch.where(answerable & ~has_right, MISSED_SHARE * share, share)
    weights = torch.zeros(len(table.names), requires_grad=True)
    bias = torch.tensor(START_BIAS, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights, bias], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        chosen, none = table.probabilities(table.features @ weights + bias)
        right = torch.zeros(len(choices)).index_add(0, table.question, chosen * table.gain)
        likelihood = torch.where(has_right, right, none)
        total = WEIGHT_DECAY / 2 * (weights**2).sum() - (share * torch.log(likelihood + 1e-6)).sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    fitted = {name: round(weight, DECIMALS) for name, weight in zip(table.names, weights.tolist(), strict=True)}
    return FittedModel("proposal-ranking", provenance, round(bias.item(), DECIMALS), fitted)


@dataclass(frozen=True, slots=True)
class Ranking:
    """How a model ranks the proposals for one question."""

    choice: Choice
    probabilities: tuple[float, ...]
    """Of the values, the likeliest first."""
    best: dict[str, float]
    """The features of the best proposal."""
    gain: float
    """The score of the best proposal as the answer."""


def rank(model: FittedModel, choices: Sequence[Choice]) -> list[Ranking]:
    """What `model` makes of questions, as `cogdoc.engines.builtin.answering.proposal_ranking` computes it."""
    return [_ranking(model, choice) for choice in choices]


def _ranking(model: FittedModel, choice: Choice) -> Ranking:
    scores = _scores(model, choice)
    best: dict[str, int] = {}
    for index, key in enumerate(choice.keys):
        if key and (key not in best or scores[index] > scores[best[key]]):
            best[key] = index
    order = sorted(best.values(), key=lambda index: -scores[index])
    odds = [math.exp(min(30.0, scores[index])) for index in order]
    total = 1 + math.fsum(odds)
    top = order[0] if order else None
    features = {} if top is None else _row(choice, top)
    return Ranking(
        choice, tuple(one / total for one in odds), features, 0.0 if top is None else float(choice.gains[top])
    )


def _row(choice: Choice, index: int) -> dict[str, float]:
    return {name: float(x) for name, x in zip(choice.names, choice.features[index], strict=True) if x}


def _scores(model: FittedModel, choice: Choice) -> NDArray[np.float64]:
    weights = np.array([model.weights.get(name, 0.0) for name in choice.names])
    scores: NDArray[np.float64] = model.bias + choice.features @ weights
    return scores
