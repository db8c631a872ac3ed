"""The known content of samples, and how it is written to facts.json and questions.jsonl.

The makers draw documents from the same objects that tests compare with, so that the two cannot disagree.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Question:
    """A question in one wording; without answers if the document does not answer it."""

    question: str
    answers: tuple[str, ...]
    page: int | None
    """1-based; the page that answers it best."""
    also_on: tuple[int, ...] = ()
    answerable: bool = True


@dataclass(frozen=True, slots=True)
class TableFacts:
    """A table as printed."""

    page: int
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """One series of a chart: a value for each category."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ChartFacts:
    """The numbers behind a chart."""

    kind: str
    """As in cogdoc.results.records.ChartKind."""
    title: str
    x_title: str | None
    y_title: str | None
    categories: tuple[str, ...]
    series: tuple[SeriesFacts, ...]
    printed: bool
    """True if each value is printed at its mark, False if it must be measured against the axis."""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample file."""

    file: str
    """Relative to the samples folder, with forward slashes."""
    kind: str
    pages: int = 1
    language: str = "en"
    password: str | None = None
    labels: tuple[str, ...] = ("1",)
    """Page labels, in page order."""
    text: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    tables: tuple[TableFacts, ...] = ()
    charts: tuple[ChartFacts, ...] = ()
    reading_order: tuple[tuple[str, str], ...] = ()
    """Pairs of strings; the first is read before the second."""


def ask(*wordings: str, answers: tuple[str, ...], page: int = 1, also_on: tuple[int, ...] = ()) -> tuple[Question, ...]:
    """The same question in several wordings."""
    return tuple(Question(wording, answers, page, also_on) for wording in wordings)


def unanswerable(*wordings: str) -> tuple[Question, ...]:
    """Questions about the document's subject that it does not answer."""
    return tuple(Question(wording, (), None, answerable=False) for wording in wordings)


def write_questions(samples: Iterable[Sample], path: Path) -> None:
    """Write the questions about files without a password as JSON Lines, in the format of `cogdoc eval multipage`."""
    rows = []
    for sample in samples:
        if sample.password is not None:
            continue
        for number, question in enumerate(sample.questions, start=1):
            pages = [] if question.page is None else [question.page, *question.also_on]
            row = {
                "id": f"{sample.file}-{number}",
                "file": sample.file,
                "dataset": sample.kind,
                "lang": sample.language,
                "question": question.question,
                "answers": question.answers,
                "evidence_pages": pages,
                "unanswerable": not question.answerable,
            }
            rows.append(json.dumps(row, ensure_ascii=False))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def write_facts(samples: Iterable[Sample], path: Path) -> None:
    """Write facts.json: an array with one object per file."""
    text = json.dumps([asdict(sample) for sample in samples], ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
