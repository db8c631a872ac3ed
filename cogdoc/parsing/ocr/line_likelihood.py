"""What the recognizer saw along a line: at every step the odds of each character, before it decides.

A network trained by connectionist temporal classification gives one distribution a step, with a blank between
characters. The likelihood of a text is the sum over all ways to spread it along the steps (Graves et al., 2006,
section 4.1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BLANK = 0
"""The class that stands for no character."""

_LEAST = 1e-6
"""Probability below which characters are all alike; keeps a single step from deciding a whole word."""


@dataclass(frozen=True, slots=True)
class Character:
    """One character as the recognizer decided."""

    text: str
    first: int
    last: int
    """Steps on which it won."""
    confidence: float


@dataclass(frozen=True, slots=True)
class LineOdds:
    characters: tuple[Character, ...]
    """The best guess: the winner of each step, without blanks and repetitions."""
    probabilities: npt.NDArray[np.float32]
    """(steps, columns), of the characters in `columns`; column 0 is the blank."""
    columns: Mapping[str, int]

    @property
    def steps(self) -> int:
        return len(self.probabilities)

    def log_likelihood(self, text: str, first: int, end: int) -> float:
        """Of `text` filling exactly the steps `first` to `end`; minus infinity where a character has no column."""
        if first >= end or any(character not in self.columns for character in text):
            return float("-inf")
        labels = np.zeros(2 * len(text) + 1, int)
        labels[1::2] = [self.columns[character] for character in text]
        scores = np.log(np.maximum(self.probabilities[first:end, labels], _LEAST))
        # A blank may be left out between two different characters, not between two equal ones.
        skips = np.where((labels[2:] != BLANK) & (labels[2:] != labels[:-2]), 0.0, -np.inf)
        paths = np.full(len(labels), -np.inf)
        paths[:2] = scores[0, :2]
        for score in scores[1:]:
            reached = paths.copy()
            reached[1:] = np.logaddexp(reached[1:], paths[:-1])
            reached[2:] = np.logaddexp(reached[2:], paths[:-2] + skips)
            paths = reached + score
        return float(np.logaddexp(paths[-1], paths[-2]))


def decide(probabilities: npt.NDArray[np.float32], names: Sequence[str]) -> tuple[Character, ...]:
    """The characters that win, from (steps, classes) and the name of each class."""
    winners = probabilities.argmax(axis=1)
    scores = probabilities.max(axis=1).tolist()
    found: list[Character] = []
    previous = BLANK
    for step, (winner, score) in enumerate(zip(winners.tolist(), scores, strict=True)):
        if winner != BLANK and winner == previous:
            found[-1] = Character(names[winner], found[-1].first, step, max(score, found[-1].confidence))
        elif winner != BLANK:
            found.append(Character(names[winner], step, step, score))
        previous = winner
    return tuple(found)
