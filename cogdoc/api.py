"""The Python API: the same jobs as on the command line, the same results as in its JSON."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

from cogdoc.documents.document import Document, OpenRequest
from cogdoc.documents.page_selection import PageSelection, parse_page_selection
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.sources import Source
from cogdoc.engines.protocol import Engine
from cogdoc.engines.registry import EngineRequest, load_engine, select_engine
from cogdoc.results.printable import well_formed
from cogdoc.results.records import AnswerRecord, ChartRecord, PageRecord
from cogdoc.tasks.ask import answer_questions
from cogdoc.tasks.chart import read_charts
from cogdoc.tasks.ocr import transcribe

T = TypeVar("T")
PathLike = str | os.PathLike[str]


class OpenedDocument:
    """A document that stays open for several jobs."""

    def __init__(
        self, path: PathLike, password: str | None = None, engine: str = "auto", model: str | None = None
    ) -> None:
        """
        Args:
            engine: auto, builtin or cogvlm2.
            model: chat, chinese or the folder of a checkpoint, which CogVLM2 then reads with; loaded once a process.

        Raises:
            CogdocError: the file or the model cannot be opened; its subclass says why.
        """
        self._engine = _engine(EngineRequest(engine, model))
        source = Source(Path(path), well_formed(os.fspath(path)), Path(Path(path).name))
        self._document = Document(source, OpenRequest(source.path.absolute(), password), _sandbox())

    @property
    def page_count(self) -> int:
        return self._document.page_count

    def ask(self, question: str, pages: str | None = None) -> AnswerRecord:
        """Answer one question; `pages` such as "1,3-5,8-" limits where it is looked for."""
        return self.ask_all([question], pages)[0]

    def ask_all(self, questions: Sequence[str], pages: str | None = None) -> list[AnswerRecord]:
        """Answer several questions with one reading."""
        return _collect(answer_questions(self._document, self._engine, questions, _selection(pages)))

    def ocr(self, pages: str | None = None) -> list[PageRecord]:
        """The text of the pages."""
        return _collect(transcribe(self._document, self._engine, _selection(pages)))

    def chart(self, questions: Sequence[str] = (), pages: str | None = None) -> list[ChartRecord]:
        """The tables behind the charts, one record a chart."""
        return _collect(read_charts(self._document, self._engine, _selection(pages), questions))


def open(  # noqa: A001
    path: PathLike, password: str | None = None, *, engine: str = "auto", model: str | None = None
) -> OpenedDocument:
    """Open a document for several jobs; see `OpenedDocument`."""
    return OpenedDocument(path, password, engine, model)


def ask(
    path: PathLike,
    question: str,
    pages: str | None = None,
    password: str | None = None,
    *,
    engine: str = "auto",
    model: str | None = None,
) -> AnswerRecord:
    """Answer one question from one document.

    Raises:
        CogdocError: the file cannot be opened; what goes wrong later stands in the record's `error`.
    """
    return OpenedDocument(path, password, engine, model).ask(question, pages)


def ask_all(
    path: PathLike,
    questions: Sequence[str],
    pages: str | None = None,
    password: str | None = None,
    *,
    engine: str = "auto",
    model: str | None = None,
) -> list[AnswerRecord]:
    """Answer several questions from one document with one reading; see `ask`."""
    return OpenedDocument(path, password, engine, model).ask_all(questions, pages)


def ocr(
    path: PathLike,
    pages: str | None = None,
    password: str | None = None,
    *,
    engine: str = "auto",
    model: str | None = None,
) -> list[PageRecord]:
    """Read the text of a document's pages; see `ask` for errors."""
    return OpenedDocument(path, password, engine, model).ocr(pages)


def chart(
    path: PathLike,
    questions: Sequence[str] = (),
    pages: str | None = None,
    password: str | None = None,
    *,
    engine: str = "auto",
    model: str | None = None,
) -> list[ChartRecord]:
    """Read the charts of a document; see `ask` for errors."""
    return OpenedDocument(path, password, engine, model).chart(questions, pages)


def _collect(records: Iterator[T]) -> list[T]:
    """All records; an interrupt ends the readers at once instead of waiting for the page in hand at exit."""
    try:
        return list(records)
    except KeyboardInterrupt:
        _sandbox().close()
        _sandbox.cache_clear()
        raise


@cache
def _sandbox() -> Sandbox:
    sandbox = Sandbox(jobs=min(2, os.cpu_count() or 1))
    atexit.register(sandbox.close)
    return sandbox


@cache
def _engine(wish: EngineRequest) -> Engine:
    return load_engine(select_engine(wish))


def _selection(pages: str | None) -> PageSelection:
    return parse_page_selection(pages) if pages else PageSelection()
