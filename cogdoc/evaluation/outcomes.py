"""What came of each case: how an engine replied, what that was worth, and the file in which a run keeps it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from cogdoc.errors import InputError
from cogdoc.results.destination import open_output
from cogdoc.results.types import Answer, Chart, PageRecord


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


class OutcomeFile:
    """Outcomes as JSON Lines, each flushed as it comes, so that a run goes on where it stopped."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            InputError: the file holds something else than outcomes.
        """
        self._path = path
        # What failed is tried again, and what was torn off in the middle of a line is forgotten.
        self.known = {one.fingerprint: one for one in _whole_lines(path) if one.error is None}

    def __enter__(self) -> OutcomeFile:
        self._write(self.known.values())
        self._stream = self._path.open("a", encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()

    def arrange(self, outcomes: Sequence[Outcome]) -> None:
        """Put those of a whole run first, in their order, as if it had never stopped.

        Those of a run over more cases are kept behind them, but for such whose case is another one by now.
        """
        cases = {one.case for one in outcomes}
        self._write(chain(outcomes, (one for one in self.known.values() if one.case not in cases)))

    def add(self, outcome: Outcome) -> None:
        self._stream.write(f"{outcome.as_json()}\n")
        self._stream.flush()

    def _write(self, outcomes: Iterable[Outcome]) -> None:
        with open_output(self._path, overwrite=True) as stream:
            stream.writelines(f"{one.as_json()}\n" for one in outcomes)


def _whole_lines(path: Path) -> Iterator[Outcome]:
    if not path.exists():
        return
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True), start=1):
        if not line.endswith(b"\n"):
            return
        try:
            yield Outcome(**json.loads(line))
        except (ValueError, TypeError):
            raise InputError(f"{path}: line {number} is no outcome of an evaluation") from None
