"""What an engine replied to each case, and its score."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from cogdoc.results.records import Answer, Chart, PageRecord

MAX_CHARACTERS = 1000
"""Of a prediction or a truth in memory and on a page of failures: ten thousand pages' texts would fill both."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What an engine made of a case: an answer, pages or charts, as the case's task has it."""

    answer: Answer | None = None
    pages: tuple[PageRecord, ...] = ()
    charts: tuple[Chart, ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """What a reply is worth."""

    score: float | None
    """By the case's metric, 0 to 1; None where somebody else has to grade it."""
    measures: dict[str, float] = field(default_factory=dict)
    """What else is of interest, by name."""
    prediction: Any = None
    expected: Any = None
    confidence: float | None = None
    """The engine's own, of an answer that it gave, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one case went; one that failed has an `error`, and a score of 0 where it would have been graded here."""

    case: str
    group: str
    language: str
    metric: str
    unit: str
    question: str
    score: float | None
    measures: dict[str, float]
    prediction: Any = None
    expected: Any = None
    confidence: float | None = None
    seconds: float = 0.0
    error: str | None = None
    picture: str | None = None
    """The page on which it went wrong, as a file beside the outcomes."""
    fingerprint: str = ""
    """Of the case as it was put; see `cogdoc.evaluation.cases.fingerprint`."""

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    def without_pages(self) -> Outcome:
        """The same, with long texts cut, which summary and report have no use for; answers for a grader stay whole."""
        if self.score is None:
            return self
        prediction, expected = (None if one is None else abridged(one) for one in (self.prediction, self.expected))
        return replace(self, prediction=prediction, expected=expected)


def abridged(value: Any) -> str:
    """A prediction or a truth as text of bearable length."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        text = " | ".join(value)
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 1]}…"
