"""What is measured and what comes out: rows of the evaluation data, jobs over them, and scored outcomes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

Row = Mapping[str, Any]
"""One line of an evaluation file; `file` is relative to the folder of that file."""


@dataclass(frozen=True, slots=True)
class Job:
    """One document read once by one system, with all the rows that ask about it."""

    part: str
    system: str
    document: Path
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one row was answered; a failed row has an `error` and the worst scores."""

    part: str
    system: str
    dataset: str
    language: str
    case: str
    scores: dict[str, float]
    prediction: Any = None
    expected: Any = None
    error: str | None = None

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


class Scored(NamedTuple):
    """What a part says about one row of a job."""

    scores: dict[str, float]
    prediction: Any
    expected: Any


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of task."""

    file: str
    """The file with its rows."""
    measures: tuple[str, ...]
    """The scores that its rows get, each row some of them, in the order of the table."""
    failed: Mapping[str, float]
    """The scores of a row that failed."""
    score: Callable[[Job], Sequence[Scored]]
    """Runs the job's system on its document and scores each of its rows, in order."""


def read_rows(path: Path, dataset: str | None, limit: int | None) -> list[Row]:
    """The rows of a JSON Lines file, of one dataset where it is named, at most `limit` of each dataset."""
    taken: Counter[str] = Counter()
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if dataset in (None, row["dataset"]) and (limit is None or taken[row["dataset"]] < limit):
            taken[row["dataset"]] += 1
            rows.append(row)
    return rows


def jobs_of(part: str, rows: Sequence[Row], folder: Path, systems: Sequence[str]) -> Iterator[Job]:
    """One job for each document and system, in the order in which documents appear."""
    by_document: dict[str, list[Row]] = {}
    for row in rows:
        by_document.setdefault(row["file"], []).append(row)
    for file, asked in by_document.items():
        for system in systems:
            yield Job(part, system, folder / file, tuple(asked))
