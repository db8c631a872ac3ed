"""The Python API: a function for each task of the command line; the results are the records of its JSON output."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TypedDict, TypeVar, Unpack

from cogdoc.documents.document import open_path
from cogdoc.documents.page_selection import PageSelection, parse_page_selection
from cogdoc.documents.reading_cache.cache_place import open_cache
from cogdoc.documents.reading_cache.caching_workers import CachingWorkers
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.tesseract import tesseract_for
from cogdoc.documents.workers import Workers
from cogdoc.engines.generation import GenerationRequest, refuse_options
from cogdoc.engines.protocol import Engine, InstructedEngine
from cogdoc.engines.registry import load_engine, select_engine
from cogdoc.engines.selection import AUTO, EngineRequest
from cogdoc.results.records import AnswerRecord, ChartRecord, PageRecord
from cogdoc.tasks.ask import answer_questions
from cogdoc.tasks.chart import read_charts
from cogdoc.tasks.ocr import transcribe

T = TypeVar("T")
PathLike = str | os.PathLike[str]

JOBS = min(2, os.cpu_count() or 1)
"""How many pages are read at the same time."""


class EngineKeywords(TypedDict, total=False):
    """The keywords that select an engine, for every function here. Each engine is loaded once per process."""

    engine: str
    """auto (the default), builtin, cogvlm2, or the URL of an OpenAI-compatible server."""
    model: str | None
    """The CogVLM2 checkpoint to use: chat, chinese, or a folder. With `auto`, it selects cogvlm2. With a URL, the
    name of the server's model."""
    allow_remote: bool
    """Whether a server may be outside of this machine and its private networks; False by default."""
    prompt: str | None
    """An instruction for CogVLM2 instead of cogdoc's own; for questions, it contains {question}."""
    template: str | None
    """base, chat or vqa, instead of the template that fits the task."""
    temperature: float | None
    """0 (the default) always takes the likeliest token."""
    top_p: float | None
    seed: int | None
    max_tokens: int | None
    """The most tokens of one answer."""
    raw: bool
    """Whether to return the model's words as they came; False by default."""


class Keywords(EngineKeywords, total=False):
    """The keywords of every function here: those that select an engine, what runs OCR, and what text is read."""

    ocr: str
    """rapidocr (the default) for Latin, Chinese and Japanese script, or tesseract, if it is installed."""
    language: str | None
    """The languages for tesseract, such as "deu+rus"; eng by default."""
    hidden: bool
    """Whether to read text too that the pages do not show; False by default."""
    cache: bool | None
    """Whether to keep what pages say for later runs; None (the default) does so unless there is a password."""


class OpenedDocument:
    """A document that stays open, so that several calls can share what was read."""

    def __init__(self, path: PathLike, password: str | None = None, **keywords: Unpack[Keywords]) -> None:
        """
        Args:
            keywords: see `Keywords`.

        Raises:
            CogdocError: the file or the model cannot be opened; the subclass says why.
        """
        tesseract = tesseract_for(keywords.get("ocr", "rapidocr"), keywords.get("language"))
        self._generation = GenerationRequest(
            keywords.get("prompt"),
            keywords.get("template"),
            keywords.get("temperature"),
            keywords.get("top_p"),
            keywords.get("seed"),
            keywords.get("max_tokens"),
            keywords.get("raw", False),
        )
        request = EngineRequest(
            keywords.get("engine", AUTO), keywords.get("model"), allow_remote=keywords.get("allow_remote", False)
        )
        self._engine = _generating(request, self._generation)
        self._document = open_path(
            path, _workers(keywords.get("cache")), password, tesseract, hidden=keywords.get("hidden", False)
        )

    @property
    def page_count(self) -> int:
        return self._document.page_count

    def ask(self, question: str, pages: str | None = None) -> AnswerRecord:
        """Answer one question; `pages` such as "1,3-5,8-" limits the search to those pages."""
        return self.ask_all([question], pages)[0]

    def ask_all(self, questions: Sequence[str], pages: str | None = None) -> list[AnswerRecord]:
        """Answer several questions, reading each page once."""
        self._generation.check_for("ask", has_questions=True)
        return _collect(answer_questions(self._document, self._engine, questions, _selection(pages)))

    def ocr(self, pages: str | None = None) -> list[PageRecord]:
        """The text of the pages."""
        self._generation.check_for("ocr", has_questions=False)
        return _collect(transcribe(self._document, self._engine, _selection(pages)))

    def chart(self, questions: Sequence[str] = (), pages: str | None = None) -> list[ChartRecord]:
        """The data of the charts as tables, one record per chart."""
        self._generation.check_for("chart", has_questions=bool(questions))
        return _collect(read_charts(self._document, self._engine, _selection(pages), questions))


def open(path: PathLike, password: str | None = None, **keywords: Unpack[Keywords]) -> OpenedDocument:  # noqa: A001
    """Open a document for several calls; see `OpenedDocument`."""
    return OpenedDocument(path, password, **keywords)


def ask(
    path: PathLike,
    question: str,
    pages: str | None = None,
    password: str | None = None,
    **keywords: Unpack[Keywords],
) -> AnswerRecord:
    """Answer one question from one document.

    Raises:
        CogdocError: the file cannot be opened; a later failure is the record's `error`.
    """
    return OpenedDocument(path, password, **keywords).ask(question, pages)


def ask_all(
    path: PathLike,
    questions: Sequence[str],
    pages: str | None = None,
    password: str | None = None,
    **keywords: Unpack[Keywords],
) -> list[AnswerRecord]:
    """Answer several questions from one document, reading each page once; see `ask`."""
    return OpenedDocument(path, password, **keywords).ask_all(questions, pages)


def ocr(
    path: PathLike,
    pages: str | None = None,
    password: str | None = None,
    **keywords: Unpack[Keywords],
) -> list[PageRecord]:
    """Read the text of a document's pages; see `ask` for errors."""
    return OpenedDocument(path, password, **keywords).ocr(pages)


def chart(
    path: PathLike,
    questions: Sequence[str] = (),
    pages: str | None = None,
    password: str | None = None,
    **keywords: Unpack[Keywords],
) -> list[ChartRecord]:
    """Read the charts of a document; see `ask` for errors."""
    return OpenedDocument(path, password, **keywords).chart(questions, pages)


def _collect(records: Iterator[T]) -> list[T]:
    """All records. On Ctrl-C, end the worker processes at once; otherwise the exit would wait for the current page."""
    try:
        return list(records)
    except KeyboardInterrupt:
        _sandbox().close()
        _sandbox.cache_clear()
        _workers.cache_clear()
        raise


@cache
def _sandbox() -> Sandbox:
    sandbox = Sandbox(jobs=JOBS)
    atexit.register(sandbox.close)
    return sandbox


@cache
def _workers(keep: bool | None) -> Workers:
    """The worker processes, behind the reading cache unless `keep` is False."""
    database = None if keep is False else open_cache()
    if database is None:
        return _sandbox()
    return CachingWorkers(_sandbox, JOBS, database, strict=False, with_passwords=keep is True)


@cache
def _engine(request: EngineRequest) -> Engine:
    engine = load_engine(select_engine(request))
    atexit.register(engine.close)  # the process must not end while a model computes
    return engine


def _generating(request: EngineRequest, generation: GenerationRequest) -> Engine:
    """The engine with these options of generation; the model is loaded once for all of them.

    Raises:
        UsageError: there are options, and the engine has no model.
    """
    engine = _engine(request)
    if isinstance(engine, InstructedEngine):
        return engine.with_generation(generation)
    refuse_options(generation, "the built-in engine has no model")
    return engine


def _selection(pages: str | None) -> PageSelection:
    return parse_page_selection(pages) if pages else PageSelection()
