"""VQA accuracy and its normalization of answers."""

from __future__ import annotations

from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogdoc.evaluation.metrics import Toolkit, normalized_vqa_answer, vqa_accuracy


@pytest.mark.parametrize(("matches", "score"), [(0, 0), (1, 0.3), (2, 0.6), (3, 0.9), (4, 1), (10, 1)])
def test_the_score_grows_with_the_number_of_agreeing_annotators(matches: int, score: float) -> None:
    answers = ["pepsi"] * matches + ["cola"] * (10 - matches)
    assert vqa_accuracy("Pepsi.", answers) == pytest.approx(score)


@given(st.sampled_from("abc"), st.lists(st.sampled_from("bcd"), min_size=1, max_size=12))
def test_the_score_is_the_mean_over_leaving_each_annotator_out(prediction: str, answers: list[str]) -> None:
    # Prefixed, so that none of the letters is an article.
    predicted, given_answers = f"x{prediction}", [f"x{answer}" for answer in answers]
    left_out = [given_answers[:index] + given_answers[index + 1 :] for index in range(len(given_answers))]
    by_definition = mean(min(1, others.count(predicted) / 3) for others in left_out)
    assert vqa_accuracy(predicted, given_answers) == pytest.approx(by_definition)


def test_a_single_answer_scores_zero() -> None:
    assert vqa_accuracy("pepsi", ["pepsi"]) == 0
    assert vqa_accuracy("pepsi", []) == 0


@pytest.mark.parametrize("toolkit", Toolkit)
@pytest.mark.parametrize(
    ("answer", "normal"),
    [
        ("The Two Cats", "2 cats"),
        ("wont", "won't"),
        ("wouldntve", "wouldntve"),
        ("wouldnt've", "wouldn't've"),
        ("km/h", "km h"),
        ("no. 3.5", "no 3.5"),
        ("\tstop!\n", "stop"),
    ],
)
def test_answers_are_normalized(answer: str, normal: str, toolkit: Toolkit) -> None:
    assert normalized_vqa_answer(answer, toolkit) == normal


def test_the_toolkits_differ_in_commas_possessives_and_periods_after_digits() -> None:
    assert normalized_vqa_answer("9,500 km/h", Toolkit.LMMS_EVAL) == "9500 km h"
    assert normalized_vqa_answer("9,500 km/h", Toolkit.VLMEVALKIT) == "9500 kmh"
    assert normalized_vqa_answer("joe's", Toolkit.LMMS_EVAL) == "joe 's"
    assert normalized_vqa_answer("joe's", Toolkit.VLMEVALKIT) == "joe's"
    assert normalized_vqa_answer("room 3.", Toolkit.LMMS_EVAL) == "room 3"
    assert normalized_vqa_answer("room 3.", Toolkit.VLMEVALKIT) == "room 3."
