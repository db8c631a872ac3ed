"""The likelihood of a text along a line's steps is the sum over all ways to spread it there."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogdoc.parsing.ocr.line_likelihood import BLANK, LineOdds, decide

NAMES = ["blank", "a", "b"]
COLUMNS = {"a": 1, "b": 2}


def distributions(steps: int, seed: int) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).dirichlet(np.ones(len(NAMES)), size=steps).astype(np.float32)


def collapsed(path: tuple[int, ...]) -> str:
    return "".join(NAMES[label] for label, _ in itertools.groupby(path) if label != BLANK)


@given(steps=st.integers(1, 5), text=st.text("ab", min_size=1, max_size=4), seed=st.integers(0, 999))
def test_likelihood_is_that_of_all_paths_together(steps: int, text: str, seed: int) -> None:
    odds = LineOdds((), distributions(steps, seed), COLUMNS)
    paths = itertools.product(range(len(NAMES)), repeat=steps)
    expected = sum(
        math.prod(float(odds.probabilities[step, label]) for step, label in enumerate(path))
        for path in paths
        if collapsed(path) == text
    )
    assert math.exp(odds.log_likelihood(text, 0, steps)) == pytest.approx(expected, rel=1e-3, abs=1e-5)


def test_only_the_given_steps_count() -> None:
    sure = np.eye(3, dtype=np.float32)[[1, 0, 2, 0]]
    odds = LineOdds((), sure, COLUMNS)
    assert odds.log_likelihood("b", 1, 4) == pytest.approx(0, abs=1e-3)
    assert odds.log_likelihood("b", 0, 2) < -10


def test_text_with_an_unknown_character_is_impossible() -> None:
    odds = LineOdds((), distributions(3, 0), COLUMNS)
    assert odds.log_likelihood("ac", 0, 3) == -math.inf


def test_decision_joins_repeated_winners_and_parts_them_at_blanks() -> None:
    characters = decide(np.eye(3, dtype=np.float32)[[1, 1, 0, 1, 2]] * np.float32(0.9), NAMES)
    assert [(character.text, character.first, character.last) for character in characters] == [
        ("a", 0, 1),
        ("a", 3, 3),
        ("b", 4, 4),
    ]
    assert characters[0].confidence == pytest.approx(0.9)
