"""Says how well answering carries over to data sets that it was not fitted to; prints Markdown tables.

    python -m training.generalization CACHE

CACHE is the folder that `training.extraction` wrote the proposals to. Every family of data sets is left out once: the
ranking, the confidence and the probability of "not found" are fitted to the other families and judged on this one.
No figure is in-sample.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cogdoc.engines.builtin.answering.confidence import Judgement
from cogdoc.evaluation.reliability import Judged, expected_calibration_error, precision_threshold
from training import calibration, judging, ranker
from training.extraction import PROCESSES, Choice, load_choices
from training.fitting import provenance_of
from training.judging import features_of

SCRIPT = "training.generalization"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a question about a family that was left out."""

    choice: Choice
    gain: float
    """The score of the best proposal, whether or not it is given as the answer."""
    judgement: Judgement
    confidence: float = 0.0
    """In the answer if one is given."""

    @property
    def p_answerable(self) -> float:
        return max(self.judgement.p_answerable, self.confidence) if self.answered else self.judgement.p_answerable

    @property
    def answered(self) -> bool:
        return self.judgement.should_answer

    @property
    def score(self) -> float:
        return (self.gain if self.choice.answerable else 0.0) if self.answered else float(not self.choice.answerable)


def held_out(choices: Sequence[Choice]) -> list[Outcome]:
    """The outcome of every question, by models fitted without its family."""
    families = sorted({choice.family for choice in choices if not choice.made_up})
    with ProcessPoolExecutor(PROCESSES, initializer=_known.extend, initargs=(choices,)) as pool:
        return calibrated([outcome for part in pool.map(_leave_out_known, families) for outcome in part])


def calibrated(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The same with the confidence of each answer, as the answers of the other families calibrate it."""
    families = (outcome.choice.family for outcome in outcomes)
    models = calibration.left_out(given_answers(outcomes), families, provenance_of(SCRIPT, (), "", ()))
    return [
        replace(one, confidence=calibration.confidence(models[one.choice.family], one.judgement.p_right))
        for one in outcomes
    ]


def given_answers(outcomes: Sequence[Outcome]) -> list[calibration.Given]:
    """The answers to the data sets' own questions."""
    return [calibration.Given(one.choice.family, one.judgement.p_right, one.score) for one in outcomes if _counts(one)]


def _counts(outcome: Outcome) -> bool:
    return outcome.answered and not outcome.choice.made_up


_known: list[Choice] = []
"""All questions, once in each worker process."""


def _leave_out_known(family: str) -> list[Outcome]:
    return leave_out(_known, family)


def leave_out(choices: Sequence[Choice], family: str) -> list[Outcome]:
    """The outcomes of one family, by models fitted to the others."""
    known = [choice for choice in choices if family not in (choice.family, choice.source)]
    provenance = provenance_of(SCRIPT, (), "", ())
    judges = judging.fit(judging.held_out_rankings(known, provenance), provenance)
    model = ranker.fit(known, provenance)
    outcomes = []
    for ranking in ranker.rank(model, [choice for choice in choices if choice.family == family]):
        features = features_of(ranking)
        judgement = Judgement(judges.right.probability(features), judges.answerable.probability(features))
        outcomes.append(Outcome(ranking.choice, ranking.gain, judgement))
    return outcomes


def table(title: str, outcomes: Iterable[Outcome], group: Callable[[Outcome], str]) -> str:
    """Scores, refusals and calibration by group, as Markdown."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[group(outcome)].append(outcome)
    lines = [
        f"| {title} | questions | score | answer proposed | refused though printed | unanswerable | of them refused "
        "| calibration error | 90% right from |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
        *(_row(name, groups[name]) for name in sorted(groups)),
        _row("**all**", [outcome for name in sorted(groups) for outcome in groups[name]]),
    ]
    return "\n".join(lines)


def _row(name: str, outcomes: Sequence[Outcome]) -> str:
    own = [outcome for outcome in outcomes if not outcome.choice.made_up]
    printed = [outcome for outcome in own if outcome.choice.answerable]
    without = [outcome for outcome in outcomes if not outcome.choice.answerable]
    given = [Judged(outcome.confidence, outcome.score) for outcome in own if outcome.answered]
    threshold = precision_threshold(given)
    cells = (
        str(len(own)),
        _mean(outcome.score for outcome in own),
        _mean(float((outcome.choice.gains >= ranker.MIN_GAIN).any()) for outcome in printed),
        _mean(float(not outcome.answered) for outcome in printed),
        str(len(without)),
        _mean(float(not outcome.answered) for outcome in without),
        f"{expected_calibration_error(given):.2f}" if given else "",
        f"{threshold.confidence:.2f} ({threshold.coverage:.0%})" if threshold else "not reached",
    )
    return f"| {name} | " + " | ".join(cells) + " |"


def _mean(values: Iterable[float]) -> str:
    listed = list(values)
    return f"{np.mean(listed):.2f}" if listed else ""


def refusals(outcomes: Sequence[Outcome]) -> str:
    """How far "not found" can be trusted, and what other thresholds would refuse."""
    refused = [Judged(1 - one.p_answerable, float(not one.choice.answerable)) for one in outcomes]
    lines = [
        f'"Not found": calibration error {expected_calibration_error(refused):.2f} over all questions.',
        "",
        "| least product of odds | refused though printed | unanswerable refused |",
        "|--:|--:|--:|",
    ]
    for least in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0):
        shares = (
            _mean(float(one.judgement.odds < least) for one in outcomes if one.choice.answerable is answerable)
            for answerable in (True, False)
        )
        lines.append(f"| {least:.2f} | " + " | ".join(shares) + " |")
    return "\n".join(lines)


def words(outcomes: Sequence[Outcome]) -> str:
    """What the words for confidences are worth."""
    lines = (f"{one.metric}: {one.score:.3f} ({one.data})" for one in calibration.scores(judged_answers(outcomes)))
    return "\n\n".join(lines)


def judged_answers(outcomes: Sequence[Outcome]) -> list[Judged]:
    """The answers to the data sets' own questions, with their confidences."""
    return [Judged(one.confidence, one.score) for one in outcomes if _counts(one)]


def report(outcomes: Sequence[Outcome]) -> str:
    return "\n\n".join(
        (
            "Every data set by models that were fitted to the others:",
            table("data set", outcomes, lambda outcome: outcome.choice.family),
            table("kind of question", outcomes, lambda outcome: outcome.choice.kind),
            words(outcomes),
            refusals(outcomes),
        )
    )


def main() -> None:
    parser = ArgumentParser(description="Judge answering on data sets that it was not fitted to.")
    parser.add_argument("cache", type=Path, help="folder that training.extraction wrote the proposals to")
    print(report(held_out(load_choices(parser.parse_args().cache))))


if __name__ == "__main__":
    main()
