"""What an engine replied to each case, and how the reply scored."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from cogdoc.results.records import Answer, Chart, PageRecord

MAX_CHARACTERS = 1000
"""Longest prediction or truth kept in memory and shown in the report, where whole pages would take too much space."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An engine's reply to a case: an answer, pages or charts, depending on the task."""

    answer: Answer | None = None
    pages: tuple[PageRecord, ...] = ()
    charts: tuple[Chart, ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of a reply."""

    score: float | None
    """By the case's metric, 0 to 1; None if it is graded elsewhere."""
    measures: dict[str, float] = field(default_factory=dict)
    """Secondary scores by name."""
    prediction: Any = None
    expected: Any = None
    confidence: float | None = None
    """The engine's own confidence in the answer it gave, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one case. If it failed it has an `error`, and a score of 0 unless it is graded elsewhere."""

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
    usage: dict[str, Any] | None = None
    """What a vision model's work took, as in results; see `cogdoc.results.records.Usage`."""
    reading: str = ""
    """Outcomes of one reading have the usage of the same work; see `cogdoc.evaluation.cases.reading`."""
    error: str | None = None
    picture: str | None = None
    """File name of a picture of the page, relative to the run's folder, if the answer is wrong."""
    fingerprint: str = ""
    """The fingerprint of the case; see `cogdoc.evaluation.cases.fingerprint`."""

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    def without_pages(self) -> Outcome:
        """A copy with long texts cut, as summary and report need it; answers for an external grader stay whole."""
        if self.score is None:
            return self
        prediction, expected = (
            None if value is None else abridged(value) for value in (self.prediction, self.expected)
        )
        return replace(self, prediction=prediction, expected=expected)


def abridged(value: Any) -> str:
    """A prediction or a truth as text of at most MAX_CHARACTERS."""
    if isinstance(value, list) and all(isinstance(element, str) for element in value):
        text = " | ".join(value)
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 1]}…"
