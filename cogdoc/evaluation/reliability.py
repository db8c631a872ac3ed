"""How far means and confidences can be trusted: bootstrap intervals, and calibration.

A confidence is calibrated if, of the answers given with 0.8, eight in ten are right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

BINS = 10
TARGET_PRECISION = 0.9
MIN_ANSWERS = 10
"""A threshold that fewer answers pass means nothing."""
_DRAWS_AT_ONCE = 1 << 18
"""Drawing all resamples at once takes gigabytes for a hundred thousand cases."""


class Estimate(NamedTuple):
    """A mean, and the interval that covers 95% of the means of resampled cases."""

    mean: float
    low: float
    high: float
    cases: int


class Judged(NamedTuple):
    """One answer that was given: the engine's confidence in it, and its score, both 0 to 1."""

    confidence: float
    score: float


class Bin(NamedTuple):
    """The answers of one range of confidence."""

    low: float
    high: float
    answers: int
    confidence: float
    """Mean over the answers; the middle of the range if there are none."""
    score: float
    """Mean over the answers; 0 if there are none."""


class Threshold(NamedTuple):
    """The lowest confidence above which answers reach the target precision."""

    confidence: float
    precision: float
    coverage: float
    """The share of answers that pass."""


def bootstrap_mean(values: Sequence[float], resamples: int = 2000, seed: int = 0) -> Estimate:
    """The percentile bootstrap (Efron 1979) of the mean of at least one value.

    The generator is seeded, so that the same values give the same interval.
    """
    data = np.asarray(values, dtype=np.float64)  # (cases,)
    generator = np.random.default_rng(seed)
    block = max(1, _DRAWS_AT_ONCE // len(data))
    means = [
        data[generator.integers(0, len(data), size=(min(block, resamples - start), len(data)))].mean(axis=1)
        for start in range(0, resamples, block)
    ]
    low, high = np.percentile(np.concatenate(means), [2.5, 97.5])
    return Estimate(float(data.mean()), float(low), float(high), len(data))


def reliability(answers: Sequence[Judged], bins: int = BINS) -> list[Bin]:
    """The reliability diagram: answers by confidence, in ranges of equal width."""
    diagram = []
    for index in range(bins):
        low, high = index / bins, (index + 1) / bins
        inside = [answer for answer in answers if min(int(answer.confidence * bins), bins - 1) == index]
        if inside:
            mean = sum(answer.confidence for answer in inside) / len(inside)
            diagram.append(Bin(low, high, len(inside), mean, sum(answer.score for answer in inside) / len(inside)))
        else:
            diagram.append(Bin(low, high, 0, (low + high) / 2, 0.0))
    return diagram


def expected_calibration_error(answers: Sequence[Judged], bins: int = BINS) -> float:
    """Mean distance between confidence and score over the bins, weighted by their answers, 0 to 1.

    Naeini, Cooper, Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015. The
    score takes the role of accuracy, so that an answer may be partly right.
    """
    if not answers:
        return 0.0
    return sum(bin_.answers * abs(bin_.confidence - bin_.score) for bin_ in reliability(answers, bins)) / len(answers)


def precision_threshold(answers: Sequence[Judged], target: float = TARGET_PRECISION) -> Threshold | None:
    """The lowest confidence above which the mean score is at least `target`; None if too few answers reach it."""
    ranked = sorted(answers, key=lambda answer: answer.confidence, reverse=True)
    best = None
    total = 0.0
    for count, answer in enumerate(ranked, start=1):
        total += answer.score
        is_last_of_its_confidence = count == len(ranked) or ranked[count].confidence < answer.confidence
        if count >= MIN_ANSWERS and is_last_of_its_confidence and total / count >= target:
            best = Threshold(answer.confidence, total / count, count / len(ranked))
    return best
