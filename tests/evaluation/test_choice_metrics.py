"""How free replies to multiple-choice and open questions are interpreted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogdoc.evaluation.metrics import (
    chosen_option,
    inferred_option,
    open_answer_score,
)

CITIES = {"A": "Paris", "B": "London", "C": "Rome"}


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        ("B", "B"),
        ("B.", "B"),
        ("B. London", "B"),
        ("(B) rather than A ", "B"),
        ("(A) seems right, but it is (B)", "B"),
        ("Answer: B", "B"),
        ("**B**", "B"),
        ("london", "B"),
        ("After some thought it has to be London, surely", "B"),
        ("First I took it for Rome, but then London", "B"),
        ("USA is larger than London, not Rome", "C"),
        ("Madrid", None),
        ("Paris or Rome", None),
        ("", None),
    ],
)
def test_a_reply_chooses_an_option_by_letter_or_text(reply: str, letter: str | None) -> None:
    assert chosen_option(reply, CITIES) == letter


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        ("The answer is C.", "C"),
        ("C, because of the many domes in it", None),
        ("A or B", None),
        ("Z. I see London", None),
        ("I can't process this file. Paris", None),
        ("Rome", "C"),
        ("It shows Rome, and it is hard to say more about it than that", None),
    ],
)
def test_mmbench_accepts_a_single_letter_near_the_end_or_a_short_reply_with_one_text(
    reply: str, letter: str | None
) -> None:
    assert inferred_option(reply, CITIES) == letter


@given(st.text(alphabet="ABCZ ().\nparislondon", max_size=40))
def test_a_reply_chooses_an_existing_option_or_none(reply: str) -> None:
    assert chosen_option(reply, CITIES) in {*CITIES, None}
    assert inferred_option(reply, CITIES) in {*CITIES, None}


@pytest.mark.parametrize(
    ("reply", "answers", "score"),
    [
        ("1,234.50", ["1234.5"], 1),
        ("The sum is 12 and so the result is 1.234e3.", ["1234"], 1),
        ("x = 3.14159", ["3.14"], 1),
        ("with 7 apples x = 9", ["7"], 0),
        ("It was a sailing boat", ["sailing boat"], 1),
        ("Thus the first is the larger one", ["first"], 0),
        ("Therefore it has to be a boat\nThe answer is a train", ["boat"], 1),
        ("a barge", ["a"], 1),
        ("barge", ["a"], 0),
        ("12", ["13", "12.0"], 1),
        ("12", ["13"], 0),
        ("", ["13"], 0),
    ],
)
def test_open_answers_are_searched_for_in_the_conclusions(reply: str, answers: list[str], score: float) -> None:
    assert open_answer_score(reply, answers) == score
