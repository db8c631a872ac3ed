"""Fit the curve from an answer's probability in the ranking to its confidence, and say how well calibrated it is.

    python -m training.confidence DATA CACHE

DATA and CACHE are those of `training.answer_weights`. Every question of the open data sets is answered with
weights fitted on other documents. The curve of `cogdoc.engines.builtin.answering.confidence` is fitted to those
answers, judged on documents that it was not fitted on, and written with its provenance to the file that
`confidence` reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cogdoc.engines.builtin.answering.answer import should_answer
from cogdoc.engines.builtin.answering.confidence import MODEL, MODEL_PATH, ranking_log_odds
from cogdoc.evaluation.reliability import Judged, expected_calibration_error, precision_threshold, reliability
from cogdoc.query.fitted_model import FittedModel, HeldOutScore, Provenance, save_model
from training import answer_weights
from training.answer_weights import PRIOR, Choice, choices, probabilities
from training.fitting import Vector, folds, parse_arguments, today

FOLDS = 5
STEPS = 30
PRIOR_PRECISION = 1.0
"""Of the prior, which takes the ranking's odds as they are."""

CURVE_PRIOR = np.array([0.0, 1.0, 0.0])
"""Bias, log-odds, quoted."""

MADE_UP = ("foreign", "sibling", "samples")
"""Questions of no real document: they train the ranking and say nothing about how often it is right."""

_QUOTED = [list(PRIOR).index(name) for name in ("quoted-text", "quoted-typed")]


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer to a question about a held-out document."""

    document: str
    probability: float
    quoted: bool
    score: float

    @property
    def inputs(self) -> tuple[float, float, float]:
        return 1.0, ranking_log_odds(self.probability), float(self.quoted)


def held_out_answers(choices: Sequence[Choice]) -> list[GivenAnswer]:
    """Every answer, ranked with weights fitted on other documents; refusals are left out."""
    answers = []
    for held_out in folds((choice.document.name for choice in choices), FOLDS):
        weights = answer_weights.fit([choice for choice in choices if choice.document.name not in held_out])
        for choice in choices:
            if choice.document.name not in held_out or choice.dataset in MADE_UP:
                continue
            picked, chosen = probabilities(choice, weights)
            if chosen.size and should_answer(chosen.max(), 1 - chosen.sum()):
                best = picked[chosen.argmax()]
                quoted = bool(choice.features[best][_QUOTED].any())
                score = float(choice.gains[best])
                answers.append(GivenAnswer(choice.document.name, float(chosen.max()), quoted, score))
    return answers


def fit(answers: Sequence[GivenAnswer]) -> Vector:
    """Logistic regression of the score by Newton's method: the weights of bias, log-odds and quoted."""
    inputs = np.array([one.inputs for one in answers])
    scores = np.array([one.score for one in answers])
    weights = CURVE_PRIOR.copy()
    for _ in range(STEPS):
        predicted = 1 / (1 + np.exp(-inputs @ weights))
        gradient = inputs.T @ (predicted - scores) + PRIOR_PRECISION * (weights - CURVE_PRIOR)
        curvature = (inputs * (predicted * (1 - predicted))[:, None]).T @ inputs
        curvature += PRIOR_PRECISION * np.eye(len(CURVE_PRIOR))
        weights -= np.linalg.solve(curvature, gradient)
    return weights


def confidences(answers: Sequence[GivenAnswer], weights: Vector) -> Vector:
    predicted: Vector = 1 / (1 + np.exp(-np.array([one.inputs for one in answers]) @ weights))
    return predicted


def report(title: str, answers: Sequence[Judged]) -> str:
    """Calibration error, the threshold for 90% precision, and the reliability diagram."""
    threshold = precision_threshold(answers)
    reached = (
        f"90% right from {threshold.confidence:.2f} on ({threshold.coverage:.0%} of answers)" if threshold else "–"
    )
    lines = [f"{title}: {len(answers)} answers, expected error {expected_calibration_error(answers):.3f}, {reached}"]
    lines += [f"  {one.low:.1f} {one.answers:4} {one.confidence:.3f} {one.score:.3f}" for one in reliability(answers)]
    return "\n".join(lines)


def cross_validate(answers: Sequence[GivenAnswer]) -> HeldOutScore:
    """Print how well confidences are calibrated on held-out documents, as ranked and by the fitted curve."""
    print(report("as ranked", [Judged(one.probability, one.score) for one in answers]))
    judged = []
    for held_out in folds((one.document for one in answers), FOLDS):
        tested = [one for one in answers if one.document in held_out]
        if tested:
            weights = fit([one for one in answers if one.document not in held_out])
            judged += [
                Judged(*pair) for pair in zip(confidences(tested, weights), (one.score for one in tested), strict=True)
            ]
    print(report("calibrated", judged))
    error = round(expected_calibration_error(judged), 3)
    return HeldOutScore(f"{len(judged)} answers from words and fields", "expected calibration error in ten bins", error)


def fit_model(choices: Sequence[Choice]) -> FittedModel:
    """The curve fitted on the answers to all of `choices`; the weight of `on-chart` is set by hand and stays."""
    answers = held_out_answers(choices)
    score = cross_validate(answers)
    bias, log_odds, quoted = (round(float(weight), 2) for weight in fit(answers))
    provenance = Provenance(
        script="training.confidence",
        date=today(),
        datasets=tuple(sorted({choice.dataset for choice in choices} - set(MADE_UP))),
        validation=f"{FOLDS}-fold cross-validation by document, answers ranked with weights from other documents",
        scores=(score,),
        set_by_hand=("on-chart",),
        notes=MODEL.provenance.notes,
    )
    return replace(
        MODEL,
        provenance=provenance,
        bias=bias,
        weights={"log-odds": log_odds, "quoted": quoted, "on-chart": MODEL.weight("on-chart")},
    )


def main() -> None:
    arguments = parse_arguments("Fit the curve from an answer's probability to its confidence.", MODEL_PATH)
    save_model(fit_model(list(choices(arguments.data, arguments.cache))), arguments.to)


if __name__ == "__main__":
    main()
