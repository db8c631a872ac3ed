"""Calibrates the confidence of answers that are given, by two numbers: a slope and a shift of the log-odds.

The probability that the best proposal is right is fitted to all questions; answers are given to those with good odds,
and are right more often. The two numbers are fitted to the outcomes of data sets that were left out, so they correct
models on data that they do not know. They are judged in the same way: each data set by numbers fitted to the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cogdoc.engines.builtin.answering.confidence import LOG_ODDS, log_odds
from cogdoc.evaluation.reliability import Judged, expected_calibration_error
from cogdoc.query.fitted_model import FittedModel, HeldOutScore, Provenance
from cogdoc.results.certainty import Certainty, certainty_of
from training.judging import DECIMALS, logistic_regression

WEIGHT_DECAY = 1.0


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that was given to a question of a data set that was left out."""

    family: str
    p_right: float
    score: float


def fit(given: Sequence[Given], provenance: Provenance) -> FittedModel:
    """The calibration with the smallest logistic loss; a family counts with the square root of its answers."""
    counts = Counter(one.family for one in given)
    shares = np.array([1 / np.sqrt(counts[one.family]) for one in given])
    inputs = np.array([[1.0, log_odds(one.p_right)] for one in given])
    scores = np.array([one.score for one in given])
    shift, slope = logistic_regression(inputs, scores, shares * len(given) / shares.sum(), WEIGHT_DECAY)
    return FittedModel(
        "calibration", provenance, round(float(shift), DECIMALS), {LOG_ODDS: round(float(slope), DECIMALS)}
    )


def left_out(given: Sequence[Given], families: Iterable[str], provenance: Provenance) -> dict[str, FittedModel]:
    """For each family, the calibration that is fitted to the others."""
    return {family: fit([one for one in given if one.family != family], provenance) for family in set(families)}


def confidence(model: FittedModel, p_right: float) -> float:
    return model.probability({LOG_ODDS: log_odds(p_right)})


def scores(judged: Sequence[Judged]) -> tuple[HeldOutScore, ...]:
    """The calibration error, and the mean score of the answers with each word."""
    error = expected_calibration_error(judged)
    found = [HeldOutScore(f"{len(judged)} answers", "expected calibration error in ten bins", round(error, 3))]
    for word in Certainty:
        own = [one.score for one in judged if certainty_of(one.confidence) is word]
        mean = round(float(np.mean(own)), 3) if own else 0.0
        found.append(HeldOutScore(f"{len(own)} answers", f"mean score of answers that are called {word}", mean))
    return tuple(found)
