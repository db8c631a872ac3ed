"""The confidence of an answer in a word, the same word wherever results are shown.

The limits come from answers of the built-in engine to questions of data sets that its models were not fitted to
(`python -m training.generalization`): 0.90 of those with at least `SURE` were right, 0.74 of those with at least
`LIKELY`, and 0.32 of the others. Models state their own probabilities, which were not measured.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

SURE, LIKELY = 0.85, 0.5
"""The least confidence for each word."""


class Certainty(StrEnum):
    """A word for a confidence."""

    SURE = "sure"
    LIKELY = "likely"
    UNSURE = "unsure"


def certainty_of(confidence: float) -> Certainty:
    """The word for the probability that an answer is right, 0 to 1."""
    if confidence >= SURE:
        return Certainty.SURE
    return Certainty.LIKELY if confidence >= LIKELY else Certainty.UNSURE


class Judged(Protocol):
    """An answer, or anything else whose confidence is known."""

    @property
    def certainty(self) -> Certainty | None: ...


def doubt(answer: Judged, form: str = "{}") -> str:
    """What to write behind a doubtful answer, in `form`; empty for others."""
    return form.format(f"({Certainty.UNSURE})") if answer.certainty is Certainty.UNSURE else ""
