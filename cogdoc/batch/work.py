"""What a command does with each document, item by item, so that what is done already need not be done again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

from cogdoc.documents.document import Document
from cogdoc.documents.page_selection import PageSelection, selection_of
from cogdoc.engines.protocol import Engine
from cogdoc.results.records import SCHEMA_VERSION, AnswerRecord, AnyRecord, ChartRecord, SourceInfo
from cogdoc.tasks.ask import answer_questions
from cogdoc.tasks.chart import read_charts
from cogdoc.tasks.describe import describe_source
from cogdoc.tasks.ocr import transcribe

Item = int | str
"""A page number, or a question."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is done with a document: what its items are, and how the records of some of them are made, in order."""

    task: str
    engine: Engine
    settings: Mapping[str, Any]
    """What an output file depends on besides the document and the engine: which items it holds among the rest."""
    items: Callable[[Document], list[Item]]
    records: Callable[[Document, Sequence[Item]], Iterator[tuple[AnyRecord, ...]]]
    """Of each of the items in turn, all of its records."""

    @property
    def key(self) -> str:
        """A name for everything that an output file depends on besides the document and its format."""
        about = [SCHEMA_VERSION, self.task, self.engine.info.model_dump(mode="json"), dict(self.settings)]
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class ItemResult:
    """All records of one item of one document."""

    item: Item
    records: tuple[AnyRecord, ...]
    kept: bool = False
    """Whether they were made by an earlier run."""

    @property
    def failed(self) -> bool:
        """Whether a part is missing that another attempt may bring: all of it, or pages to look for an answer on."""
        return any(
            record.error is not None or (isinstance(record, AnswerRecord) and record.unread_pages != ())
            for record in self.records
        )


class KeptResults(Protocol):
    """Where results of earlier runs may be found."""

    def items(self, source: SourceInfo) -> set[str]:
        """What is kept of a file with these bytes, each item as text."""

    def find(self, source: SourceInfo, item: Item) -> tuple[AnyRecord, ...]:
        """The records of an item that is kept."""


def ocr_work(engine: Engine, selection: PageSelection, settings: Mapping[str, Any]) -> Work:
    return Work(
        "ocr",
        engine,
        {**settings, "pages": selection.ranges},
        lambda document: list(document.numbers(selection)),
        lambda document, pages: _alone(transcribe(document, engine, selection_of(map(int, pages)))),
    )


def chart_work(
    engine: Engine, selection: PageSelection, settings: Mapping[str, Any], questions: Sequence[str] = ()
) -> Work:
    return Work(
        "chart",
        engine,
        {**settings, "pages": selection.ranges, "questions": list(questions)},
        lambda document: list(document.numbers(selection)),
        lambda document, pages: _by_page(read_charts(document, engine, selection_of(map(int, pages)), questions)),
    )


def ask_work(
    engine: Engine, selection: PageSelection, settings: Mapping[str, Any], questions: Sequence[str], top_pages: int
) -> Work:
    return Work(
        "ask",
        engine,
        {**settings, "pages": selection.ranges, "questions": list(questions), "top_pages": top_pages},
        lambda _: list(questions),
        lambda document, asked: _alone(answer_questions(document, engine, list(map(str, asked)), selection, top_pages)),
    )


def results_of(document: Document, work: Work, kept: KeptResults | None) -> Iterator[ItemResult]:
    """The results of all items in order: those that are kept as they are, the others made now."""
    source = describe_source(document)
    items = work.items(document)
    found = kept.items(source) if kept else set()
    missing = [item for item in items if str(item) not in found]
    made = work.records(document, missing) if missing else iter(())
    for item in items:
        if kept and str(item) in found:
            yield ItemResult(item, kept.find(source, item), kept=True)
        else:
            yield ItemResult(item, next(made))


def _alone(records: Iterator[AnyRecord]) -> Iterator[tuple[AnyRecord, ...]]:
    """Each handed on as it comes: nothing is to follow it, and the next may be asked for in the same words."""
    return ((record,) for record in records)


def _by_page(records: Iterator[ChartRecord]) -> Iterator[tuple[AnyRecord, ...]]:
    """The charts of a page together, once the next page has begun, which alone tells that there are no more."""
    return (tuple(charts) for _, charts in groupby(records, key=_page_number))


def _page_number(record: ChartRecord) -> int:
    assert record.page is not None
    return record.page.number
