"""The CTC likelihood of a text is the sum over all alignments of the text with the steps."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogdoc.parsing.ocr.ctc import BLANK, CtcOutput, decode_greedy

NAMES = ["blank", "a", "b"]
COLUMNS = {"a": 1, "b": 2}


def distributions(steps: int, seed: int) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).dirichlet(np.ones(len(NAMES)), size=steps).astype(np.float32)


def collapsed(path: tuple[int, ...]) -> str:
    return "".join(NAMES[label] for label, _ in itertools.groupby(path) if label != BLANK)


@given(steps=st.integers(1, 5), text=st.text("ab", min_size=1, max_size=4), seed=st.integers(0, 999))
def test_likelihood_is_the_sum_over_all_paths(steps: int, text: str, seed: int) -> None:
    output = CtcOutput((), distributions(steps, seed), COLUMNS)
    paths = itertools.product(range(len(NAMES)), repeat=steps)
    expected = sum(
        math.prod(float(output.probabilities[step, label]) for step, label in enumerate(path))
        for path in paths
        if collapsed(path) == text
    )
    assert math.exp(output.log_likelihood(text, 0, steps)) == pytest.approx(expected, rel=1e-3, abs=1e-5)


def test_likelihood_covers_only_the_given_steps() -> None:
    certain = np.eye(3, dtype=np.float32)[[1, 0, 2, 0]]
    output = CtcOutput((), certain, COLUMNS)
    assert output.log_likelihood("b", 1, 4) == pytest.approx(0, abs=1e-3)
    assert output.log_likelihood("b", 0, 2) < -10


def test_text_with_an_unknown_character_is_impossible() -> None:
    output = CtcOutput((), distributions(3, 0), COLUMNS)
    assert output.log_likelihood("ac", 0, 3) == -math.inf


def test_greedy_decoding_merges_repetitions_unless_a_blank_separates_them() -> None:
    characters = decode_greedy(np.eye(3, dtype=np.float32)[[1, 1, 0, 1, 2]] * np.float32(0.9), NAMES)
    assert [(char.text, char.first, char.last) for char in characters] == [
        ("a", 0, 1),
        ("a", 3, 3),
        ("b", 4, 4),
    ]
    assert characters[0].confidence == pytest.approx(0.9)
