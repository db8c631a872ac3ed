"""Calibration of confidence: the calibration error, and the threshold above which nine in ten answers are right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogdoc.evaluation.reliability import (
    MIN_ANSWERS,
    Judged,
    expected_calibration_error,
    precision_threshold,
    reliability,
)

judged = st.builds(Judged, st.floats(0, 1), st.floats(0, 1))


def test_calibrated_confidence_has_no_error() -> None:
    answers = [Judged(0.8, 1.0)] * 8 + [Judged(0.8, 0.0)] * 2
    assert expected_calibration_error(answers) == pytest.approx(0.0)


def test_the_error_is_the_mean_distance_weighted_by_answers() -> None:
    answers = [Judged(0.95, 1.0)] * 3 + [Judged(0.55, 0.0)]
    assert expected_calibration_error(answers) == pytest.approx((3 * 0.05 + 0.55) / 4)


@given(st.lists(judged, min_size=1, max_size=60))
def test_every_answer_is_in_one_bin_and_the_error_is_at_most_one(answers: list[Judged]) -> None:
    bins = reliability(answers)
    assert sum(one.answers for one in bins) == len(answers)
    assert 0.0 <= expected_calibration_error(answers) <= 1.0
    assert all(one.low - 1e-9 <= one.confidence <= one.high + 1e-9 for one in bins)


def test_the_threshold_is_the_lowest_with_nine_in_ten_right() -> None:
    answers = [Judged(0.9, 1.0)] * 18 + [Judged(0.6, 1.0), Judged(0.6, 0.0)] + [Judged(0.3, 0.0)] * 5
    threshold = precision_threshold(answers)
    assert threshold is not None
    assert threshold.confidence == 0.6
    assert threshold.precision == pytest.approx(0.95)
    assert threshold.coverage == pytest.approx(20 / 25)


def test_there_is_no_threshold_if_few_answers_pass() -> None:
    assert precision_threshold([Judged(0.9, 1.0)] * (MIN_ANSWERS - 1)) is None
    assert precision_threshold([Judged(0.9, 0.0)] * 50) is None


@given(st.lists(judged, max_size=60), st.floats(0.1, 1.0))
def test_answers_above_the_threshold_reach_the_target_precision(answers: list[Judged], target: float) -> None:
    threshold = precision_threshold(answers, target)
    if threshold is None:
        return
    passing = [one.score for one in answers if one.confidence >= threshold.confidence]
    assert len(passing) >= MIN_ANSWERS
    assert sum(passing) / len(passing) >= target - 1e-9
    assert threshold.coverage == pytest.approx(len(passing) / len(answers))
