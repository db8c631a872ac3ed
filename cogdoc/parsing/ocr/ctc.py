"""The recognition network's output for a line: decode it, and score other texts against it.

A network trained by connectionist temporal classification (CTC) gives a probability distribution over characters for
each step along the line, with a blank class between characters. The likelihood of a text is the sum over all ways to
align it with the steps (Graves et al., 2006, section 4.1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BLANK = 0
"""The class for no character."""

_MIN_PROBABILITY = 1e-6
"""Smaller probabilities count as this one, so that a single step cannot decide a whole word."""


@dataclass(frozen=True, slots=True)
class Character:
    """A decoded character."""

    text: str
    first: int
    last: int
    """The first and last step at which it has the highest probability."""
    confidence: float


@dataclass(frozen=True, slots=True)
class CtcOutput:
    """The probabilities of one line."""

    characters: tuple[Character, ...]
    """The greedy decoding: the most likely class of each step, without blanks and repetitions."""
    probabilities: npt.NDArray[np.float32]
    """(steps, columns), of the characters in `columns`; column 0 is the blank."""
    columns: Mapping[str, int]

    @property
    def steps(self) -> int:
        return len(self.probabilities)

    def log_likelihood(self, text: str, first: int, end: int) -> float:
        """The log-likelihood that `text` fills exactly the steps `first` to `end` (exclusive).

        Minus infinity if a character has no column.
        """
        if first >= end or any(char not in self.columns for char in text):
            return float("-inf")
        labels = np.zeros(2 * len(text) + 1, int)
        labels[1::2] = [self.columns[char] for char in text]
        scores = np.log(np.maximum(self.probabilities[first:end, labels], _MIN_PROBABILITY))
        # The blank between two characters is optional if they differ, and required if they are equal.
        skips = np.where((labels[2:] != BLANK) & (labels[2:] != labels[:-2]), 0.0, -np.inf)
        paths = np.full(len(labels), -np.inf)
        paths[:2] = scores[0, :2]
        for score in scores[1:]:
            reached = paths.copy()
            reached[1:] = np.logaddexp(reached[1:], paths[:-1])
            reached[2:] = np.logaddexp(reached[2:], paths[:-2] + skips)
            paths = reached + score
        return float(np.logaddexp(paths[-1], paths[-2]))


def decode_greedy(probabilities: npt.NDArray[np.float32], names: Sequence[str]) -> tuple[Character, ...]:
    """The characters of the most likely classes, from probabilities (steps, classes) and the name of each class."""
    best_classes = probabilities.argmax(axis=1)
    scores = probabilities.max(axis=1).tolist()
    decoded: list[Character] = []
    previous = BLANK
    for step, (best, score) in enumerate(zip(best_classes.tolist(), scores, strict=True)):
        if best != BLANK and best == previous:
            decoded[-1] = Character(names[best], decoded[-1].first, step, max(score, decoded[-1].confidence))
        elif best != BLANK:
            decoded.append(Character(names[best], step, step, score))
        previous = best
    return tuple(decoded)
