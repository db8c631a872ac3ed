"""Fit what turns the ranking's odds into the chance that an answer is right, and say how well it does.

    python -m benchmarks.confidence DATA CACHE

DATA and CACHE are those of `benchmarks.answer_weights`. Every question of the open sets is answered with weights
fitted on other documents; on those answers the constants of `cogdoc.engines.builtin.answering.confidence` are
fitted, and judged on documents that they were not fitted on.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import answer_weights
from benchmarks.answer_weights import PRIOR, SEED, chances, choices
from cogdoc.engines.builtin.answering.answer import should_answer
from cogdoc.engines.builtin.answering.confidence import LEAST
from cogdoc.evaluation.reliability import Judged, expected_calibration_error, precision_threshold, reliability

FOLDS = 5
STEPS = 30
STIFFNESS = 1.0
"""Of the prior, which trusts the ranking's odds as they are."""

MADE_UP = ("foreign", "sibling", "samples")
"""Questions of no real document: they train the ranking, and say nothing of how often it is right."""

_QUOTED = [list(PRIOR).index(name) for name in ("quoted-text", "quoted-typed")]

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that was given to a question on a held-out document."""

    document: str
    chance: float
    quoted: bool
    score: float

    @property
    def inputs(self) -> tuple[float, float, float]:
        chance = min(1 - LEAST, max(LEAST, self.chance))
        return 1.0, float(np.log(chance / (1 - chance))), float(self.quoted)


def held_out_answers(data: Path, kept: Path) -> list[Given]:
    """Every answer, ranked with weights from other documents; refusals are left out."""
    collected = list(choices(data, kept))
    given = []
    for held_out in _folds(choice.document.name for choice in collected):
        weights = answer_weights.fit([choice for choice in collected if choice.document.name not in held_out])
        for choice in collected:
            if choice.document.name not in held_out or choice.dataset in MADE_UP:
                continue
            picked, odds = chances(choice, weights)
            if odds.size and should_answer(odds.max(), 1 - odds.sum()):
                best = picked[odds.argmax()]
                quoted = bool(choice.features[best][_QUOTED].any())
                score = float(choice.gains[best])
                given.append(Given(choice.document.name, float(odds.max()), quoted, score))
    return given


def _folds(names: Iterable[str]) -> list[set[str]]:
    documents = sorted(set(names))
    random.Random(SEED).shuffle(documents)
    return [set(documents[fold::FOLDS]) for fold in range(FOLDS)]


def fit(answers: Sequence[Given]) -> Vector:
    """Logistic regression of the score by Newton's method: intercept, slope, and what quotation marks add."""
    inputs = np.array([one.inputs for one in answers])
    scores = np.array([one.score for one in answers])
    prior = np.array([0.0, 1.0, 0.0])
    weights = prior.copy()
    for _ in range(STEPS):
        odds = 1 / (1 + np.exp(-inputs @ weights))
        gradient = inputs.T @ (odds - scores) + STIFFNESS * (weights - prior)
        curvature = (inputs * (odds * (1 - odds))[:, None]).T @ inputs + STIFFNESS * np.eye(len(prior))
        weights -= np.linalg.solve(curvature, gradient)
    return weights


def confidences(answers: Sequence[Given], weights: Vector) -> Vector:
    chance: Vector = 1 / (1 + np.exp(-np.array([one.inputs for one in answers]) @ weights))
    return chance


def report(title: str, answers: Sequence[Judged]) -> str:
    """Calibration error, the threshold for 90% precision, and the reliability diagram."""
    threshold = precision_threshold(answers)
    reached = (
        f"90% right from {threshold.confidence:.2f} on ({threshold.coverage:.0%} of answers)" if threshold else "–"
    )
    lines = [f"{title}: {len(answers)} answers, expected error {expected_calibration_error(answers):.3f}, {reached}"]
    lines += [f"  {one.low:.1f} {one.answers:4} {one.confidence:.3f} {one.score:.3f}" for one in reliability(answers)]
    return "\n".join(lines)


def main(data: Path, kept: Path) -> None:
    answers = held_out_answers(data, kept)
    print(report("as ranked", [Judged(one.chance, one.score) for one in answers]))
    judged = []
    for held_out in _folds(one.document for one in answers):
        tested = [one for one in answers if one.document in held_out]
        weights = fit([one for one in answers if one.document not in held_out])
        judged += [Judged(chance, one.score) for chance, one in zip(confidences(tested, weights), tested, strict=True)]
    print(report("calibrated", judged))
    for name, weight in zip(("INTERCEPT", "SLOPE", "QUOTED"), fit(answers), strict=True):
        print(f"{name} = {weight:.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
