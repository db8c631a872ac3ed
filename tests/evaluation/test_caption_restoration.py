"""Scores of restored captions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogdoc.evaluation.metrics import vcr_score, vcr_scores

WORDS = st.lists(
    st.sampled_from(["the", "old", "harbour", "wall", "isn't", "well-kept", "U.S."]), min_size=1, max_size=6
)


@given(WORDS, WORDS, WORDS)
def test_a_text_that_is_repeated_literally_is_exact(before: list[str], masked: list[str], after: list[str]) -> None:
    prediction = " ".join([*before, *masked, *after])
    assert vcr_score(prediction, " ".join(masked), "en") == (1, 1)


def test_punctuation_around_the_words_does_not_matter_but_inside_it_does() -> None:
    assert vcr_score('It reads "a wall of old stones".', "a wall of old stones", "en") == (1, 1)
    assert vcr_score("a wall, of old stones", "a wall of old stones", "en").exact == 0


def test_case_and_order_of_words_matter() -> None:
    assert vcr_score("A Wall", "a wall", "en") == (0, 0)
    assert vcr_score("wall old", "old wall", "en") == (0, 1)


def test_the_jaccard_index_counts_words_of_the_most_similar_run() -> None:
    assert vcr_score("by a wall of new stones now", "a wall of old stones", "en") == (0, pytest.approx(4 / 6))
    assert vcr_score("gate", "a wall", "en") == (0, 0)
    assert vcr_score("", "a wall", "en") == (0, 0)


def test_chinese_is_compared_by_characters() -> None:
    assert vcr_score("图中是古老的 港口城墙。", "古老的港口", "zh") == (1, 1)
    assert vcr_score("古老的码头", "古老的港口", "zh") == (0, pytest.approx(3 / 7))


@pytest.mark.parametrize("refusal", ["I'm Sorry, a wall", "I cannot read a wall", "抱歉 a wall"])
def test_a_refusal_scores_zero(refusal: str) -> None:
    assert vcr_score(refusal, "a wall", "en") == (0, 0)


def test_a_picture_scores_the_mean_of_its_masked_texts() -> None:
    assert vcr_scores("a wall of stones", ["a wall", "two gates"], "en") == (0.5, 0.5)
