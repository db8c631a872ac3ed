"""Fit the weights that rank proposals of an answer, and those that judge the best one.

    python -m training.answer_weights CACHE

CACHE is the folder that `training.extraction` wrote the proposals to. The scores in the files are those of
`training.generalization`: of models fitted without the data set that is scored. The weights are fitted to all.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from cogdoc.engines.builtin.answering.confidence import ANSWERABLE_PATH, CALIBRATION_PATH, RIGHT_PATH
from cogdoc.engines.builtin.answering.proposal_ranking import MODEL_PATH
from cogdoc.evaluation.reliability import Judged, expected_calibration_error
from cogdoc.query.fitted_model import FittedModel, HeldOutScore, Provenance, save_model
from training import calibration, judging, ranker
from training.extraction import Choice, load_choices
from training.fitting import provenance_of
from training.generalization import Outcome, given_answers, held_out, judged_answers, report

SCRIPT = "training.answer_weights"
VALIDATION = "leave one data set out: each is scored by models fitted to the others"


def scores_by_family(outcomes: Sequence[Outcome]) -> tuple[HeldOutScore, ...]:
    """The mean score of the answers or refusals for the own questions of each data set."""
    scores: dict[str, list[float]] = defaultdict(list)
    for outcome in outcomes:
        if not outcome.choice.made_up:
            scores[outcome.choice.family].append(outcome.score)
    return tuple(
        HeldOutScore(f"{family}, {len(listed)} questions", "the data set's own", round(float(np.mean(listed)), 3))
        for family, listed in sorted(scores.items())
    )


def calibration_error(outcomes: Sequence[Outcome], *, answerable: bool) -> HeldOutScore:
    """The calibration error of answers, or of the probability that there is one."""
    own = [outcome for outcome in outcomes if not outcome.choice.made_up]
    if answerable:
        judged = [Judged(one.p_answerable, float(one.choice.answerable)) for one in outcomes]
    else:
        judged = [Judged(one.judgement.p_right, one.score) for one in own if one.answered]
    error = round(expected_calibration_error(judged), 3)
    return HeldOutScore(f"{len(judged)} questions", "expected calibration error in ten bins", error)


def fit_models(choices: Sequence[Choice], outcomes: Sequence[Outcome]) -> dict[Path, FittedModel]:
    """The models fitted to all questions, by the file that cogdoc reads them from."""
    families = tuple(sorted({choice.family for choice in choices}))

    def scored(*scores: HeldOutScore) -> Provenance:
        return provenance_of(SCRIPT, families, VALIDATION, scores)

    ranking = ranker.fit(choices, scored(*scores_by_family(outcomes)))
    judges = judging.fit(judging.held_out_rankings(choices, ranking.provenance), ranking.provenance)
    return {
        MODEL_PATH: ranking,
        RIGHT_PATH: replace(judges.right, provenance=scored(calibration_error(outcomes, answerable=False))),
        ANSWERABLE_PATH: replace(judges.answerable, provenance=scored(calibration_error(outcomes, answerable=True))),
        CALIBRATION_PATH: calibration.fit(
            given_answers(outcomes), scored(*calibration.scores(judged_answers(outcomes)))
        ),
    }


def main() -> None:
    parser = ArgumentParser(description="Fit the weights that rank and judge proposals of an answer.")
    parser.add_argument("cache", type=Path, help="folder that training.extraction wrote the proposals to")
    choices = load_choices(parser.parse_args().cache)
    outcomes = held_out(choices)
    print(report(outcomes))
    for path, model in fit_models(choices, outcomes).items():
        save_model(model, path)


if __name__ == "__main__":
    main()
