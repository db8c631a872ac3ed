"""What is known about a sample, and how that is written to facts.json.

The same objects hold what a document draws and what the tests ask of it, so that the two cannot disagree.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Question:
    """A question in one wording; no answers where the document does not say."""

    question: str
    answers: tuple[str, ...]
    page: int | None
    """1-based; the page that answers best."""
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
    """True where each value is printed at its mark, False where it must be measured against the axis."""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Sample:
    """One made file."""

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
    """Pairs of strings where the first is read before the second."""


def ask(*wordings: str, answers: tuple[str, ...], page: int = 1, also_on: tuple[int, ...] = ()) -> tuple[Question, ...]:
    """The same question in several wordings."""
    return tuple(Question(wording, answers, page, also_on) for wording in wordings)


def unanswerable(*wordings: str) -> tuple[Question, ...]:
    """Questions that sound like the document's subject but that it does not answer."""
    return tuple(Question(wording, (), None, answerable=False) for wording in wordings)


def write_questions(samples: Iterable[Sample], path: Path) -> None:
    """Writes the questions to files without a password as JSON Lines, as `cogdoc eval multipage` takes them."""
    rows = []
    for sample in samples:
        if sample.password is not None:
            continue
        for number, asked in enumerate(sample.questions, start=1):
            pages = [] if asked.page is None else [asked.page, *asked.also_on]
            row = {
                "id": f"{sample.file}-{number}",
                "file": sample.file,
                "dataset": sample.kind,
                "lang": sample.language,
                "question": asked.question,
                "answers": asked.answers,
                "evidence_pages": pages,
                "unanswerable": not asked.answerable,
            }
            rows.append(json.dumps(row, ensure_ascii=False))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def write_facts(samples: Iterable[Sample], path: Path) -> None:
    """Writes facts.json: an array with one object a file."""
    text = json.dumps([asdict(sample) for sample in samples], ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
