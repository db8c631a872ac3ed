"""What came of each case: how an engine replied, what that was worth, and the file in which a run keeps it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

from cogdoc.errors import InputError
from cogdoc.results.destination import open_output
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


class OutcomeFile:
    """Outcomes as JSON Lines, each flushed as it comes, so that a run goes on where it stopped.

    Memory holds them without the texts of pages, and where their lines start.
    """

    def __init__(self, path: Path) -> None:
        """
        Raises:
            InputError: the file holds something else than outcomes.
        """
        self._path = path
        self._starts: dict[str, int] = {}
        self._end = 0
        self.known: dict[str, Outcome] = {}
        """By fingerprint; what failed is not among them, as it is tried again."""
        for start, end, outcome in _whole_lines(path):
            self._end = end
            if outcome.error is None:
                self._starts[outcome.fingerprint] = start
                self.known[outcome.fingerprint] = outcome.without_pages()

    def __enter__(self) -> OutcomeFile:
        self._stream = self._path.open("ab")
        # What was torn off in the middle of a line is forgotten.
        self._stream.truncate(self._end)
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()

    def add(self, outcome: Outcome) -> None:
        line = f"{outcome.as_json()}\n".encode()
        self._starts[outcome.fingerprint] = self._end
        self._end += len(line)
        self._stream.write(line)
        self._stream.flush()

    def arrange(self, outcomes: Sequence[Outcome]) -> None:
        """Put those of a whole run first, in their order, as if it had never stopped.

        Those of a run over more cases are kept behind them, but for such whose case is another one by now.
        """
        cases = {one.case for one in outcomes}
        others = (name for name, one in self.known.items() if one.case not in cases)
        with self._path.open("rb") as lines, open_output(self._path, overwrite=True) as stream:
            for name in chain((one.fingerprint for one in outcomes), others):
                lines.seek(self._starts[name])
                stream.write(lines.readline().decode())


def _whole_lines(path: Path) -> Iterator[tuple[int, int, Outcome]]:
    """Where each line starts and ends, in bytes, and what it says."""
    if not path.exists():
        return
    with path.open("rb") as lines:
        end = 0
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n"):
                return
            start, end = end, end + len(line)
            try:
                yield start, end, Outcome(**json.loads(line))
            except (ValueError, TypeError):
                raise InputError(f"{path}: line {number} is no outcome of an evaluation") from None
