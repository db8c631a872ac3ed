"""Judges the best proposal: how likely it is right, and how likely the pages answer the question at all.

Two logistic models over the ranking of the proposals, the features of the best one, the question and its pages. Both
are fitted to questions about documents of data sets that the ranking was not fitted to. A third one, the calibration,
turns the first probability into a confidence, which says how often such an answer is right if it is given.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cogdoc.query.fitted_model import Features, load_model
from cogdoc.query.label_matching import Matcher
from cogdoc.query.page_ranking import find_page_evidence
from cogdoc.query.segments import PageView

WEIGHTS = Path(__file__).parent / "weights"
RIGHT_PATH = WEIGHTS / "confidence.json"
RIGHT = load_model(RIGHT_PATH)
ANSWERABLE_PATH = WEIGHTS / "answerability.json"
ANSWERABLE = load_model(ANSWERABLE_PATH)
CALIBRATION_PATH = WEIGHTS / "calibration.json"
CALIBRATION = load_model(CALIBRATION_PATH)
"""All fitted by `training.answer_weights`."""

LOG_ODDS = "log-odds"
"""The feature of the calibration: the log-odds that the best proposal is right."""

MIN_ODDS = 0.1
"""Least product of the odds that the best proposal is right and that there is an answer; below, none is given. On data
sets that the models were not fitted to, a tenth of the printed answers have less, and two fifths of the missing: three
fifths in the mean of data sets, since most questions without an answer are about charts."""

MIN_PROBABILITY = 1e-4
"""Probabilities are clipped to at least this distance from 0 and 1, so that their log-odds are finite."""

LOG_ODDS_SCALE = 5.0
"""Divides log-odds, so that they are about as large as other features."""


@dataclass(frozen=True, slots=True)
class Judgement:
    p_right: float
    """That the best proposal is the answer, among all questions."""
    p_answerable: float
    """That the pages contain an answer, before it is known whether one is given."""

    @property
    def confidence(self) -> float:
        """That the best proposal is right if it is given as the answer."""
        return CALIBRATION.probability({LOG_ODDS: log_odds(self.p_right)})

    @property
    def odds(self) -> float:
        """The product of both odds."""
        return _odds(self.p_right) * _odds(self.p_answerable)

    @property
    def should_answer(self) -> bool:
        return self.odds >= MIN_ODDS


def judge(evidence: Features, probabilities: Sequence[float], best: Features) -> Judgement:
    """Judge the best proposal.

    Args:
        evidence: of the question and its pages.
        probabilities: of the proposals in the ranking, the best one first.
        best: the features of the best proposal; empty if there is none.
    """
    features = {**evidence, **ranking_evidence(probabilities, best)}
    return Judgement(RIGHT.probability(features), ANSWERABLE.probability(features))


def ranking_evidence(probabilities: Sequence[float], best: Features) -> Features:
    """How surely the ranking prefers its best proposal, and the features of that one."""
    first, second, *_ = [*probabilities[:2], 0.0, 0.0]
    return {
        "log-odds": log_odds(first) / LOG_ODDS_SCALE,
        "log-odds-found": log_odds(sum(probabilities)) / LOG_ODDS_SCALE,
        "margin": (log_odds(first) - log_odds(second)) / LOG_ODDS_SCALE,
        "nothing": float(not probabilities),
        **{f"best-{name}": value for name, value in best.items()},
    }


def page_evidence(matcher: Matcher, pages: Sequence[PageView], *, has_charts: bool) -> Features:
    """What the question asks for, and how much of it the pages print.

    The names of what they print are other ones for pages with charts: titles of charts often leave out what is known
    from their surroundings; other pages name what they are about.
    """
    question = matcher.question
    printed = matcher.covering(token for page in pages for segment in page.segments for token in segment.tokens)
    texts = [page.layout.page_text for page in pages]
    shown = {
        **find_page_evidence(question, texts).features(),
        "words-printed": matcher.recall(printed),
        "names-missing": matcher.names_missing,
        "words-missing": matcher.words_missing,
    }
    return {
        **({f"chart-{name}": value for name, value in shown.items()} if has_charts else shown),
        "quoted": float(question.quoted),
        "terms": 1 / (1 + len(question.terms)),
        "several-pages": float(len(pages) > 1),
        f"asks-{question.kinds[0]}": 1.0,
        f"shape-{question.shape}": 1.0,
        f"query-{type(question.tree).__name__.lower()}": 1.0,
    }


def _odds(probability: float) -> float:
    bounded = min(1 - MIN_PROBABILITY, max(MIN_PROBABILITY, probability))
    return bounded / (1 - bounded)


def log_odds(probability: float) -> float:
    """The logarithm of the odds of a probability, which may be 0 or 1."""
    return math.log(_odds(probability))
