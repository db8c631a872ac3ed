"""The Python API: a function for each task of the command line; the results are the records of its JSON output."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack, overload

from cogdoc.api_keywords import Keywords
from cogdoc.documents.any_source import DocumentSource, local_file, name_of
from cogdoc.documents.document import Document
from cogdoc.documents.open_request import OpenRequest
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
from cogdoc.errors import EncryptedError, InputError, TimeLimitError, UsageError
from cogdoc.fields.field import FieldList
from cogdoc.query.across_question import parse_across
from cogdoc.results.across import AcrossResult
from cogdoc.results.extraction import Extraction
from cogdoc.results.records import AnswerRecord, ChartRecord, PageRecord, SourceInfo, TableRecord
from cogdoc.tasks.across import AcrossCollector
from cogdoc.tasks.ask import TOP_PAGES, answer_questions
from cogdoc.tasks.chart import read_charts
from cogdoc.tasks.describe import describe_error
from cogdoc.tasks.extract_as import extract_as
from cogdoc.tasks.ocr import transcribe
from cogdoc.tasks.tables import collect_tables

if TYPE_CHECKING:
    from pydantic import BaseModel, JsonValue

    M = TypeVar("M", bound=BaseModel)

T = TypeVar("T")
JOBS = min(2, os.cpu_count() or 1)
"""How many pages are read at the same time."""


class OpenedDocument:
    """A document that stays open, so that several calls can share what was read. Close it, or use it in `with`."""

    def __init__(self, source: DocumentSource, password: str | None = None, **keywords: Unpack[Keywords]) -> None:
        """
        Args:
            source: a path, an address such as `https://...` or `s3://...`, bytes, a file that is open in binary mode,
                or a PIL image.
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
        self._engine = _generating(_engine_request(keywords), self._generation)
        with ExitStack() as stack:
            origin, path = stack.enter_context(local_file(source))
            request = OpenRequest(
                path, password, tesseract=tesseract, remote=origin.remote, hidden=keywords.get("hidden", False)
            )
            self._document = Document(origin, request, _workers(keywords.get("cache")))
            self._stack = stack.pop_all()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"{self.page_count} page{'' if self.page_count == 1 else 's'}"
        return f"<OpenedDocument {self.name!r}, {state}, engine {self._engine.info.name}>"

    @property
    def name(self) -> str:
        """What results call the document."""
        return self._document.source.name

    @property
    def page_count(self) -> int:
        return self._document.page_count

    def ask(
        self, question: str, pages: str | None = None, top_pages: int = TOP_PAGES, min_confidence: float = 0.0
    ) -> AnswerRecord:
        """Answer one question.

        Args:
            pages: such as "1,3-5,8-", to search only these pages.
            top_pages: how many of the most promising pages the engine searches.
            min_confidence: an answer that is right with a lower probability than this is withheld: the record has it
                as `answer.withheld`.
        """
        return self.ask_all([question], pages, top_pages, min_confidence)[0]

    def ask_all(
        self,
        questions: Sequence[str],
        pages: str | None = None,
        top_pages: int = TOP_PAGES,
        min_confidence: float = 0.0,
    ) -> list[AnswerRecord]:
        """Answer several questions, reading each page once; see `ask`."""
        if top_pages < 1:
            raise UsageError(f"top_pages: {top_pages} is not at least 1")
        _check_probability(min_confidence)
        self._generation.check_for("ask", has_questions=True)
        selection = _selection(pages)
        return _collect(answer_questions(self._opened(), self._engine, questions, selection, top_pages, min_confidence))

    def ocr(self, pages: str | None = None) -> list[PageRecord]:
        """The text of the pages."""
        self._generation.check_for("ocr", has_questions=False)
        return _collect(transcribe(self._opened(), self._engine, _selection(pages)))

    def chart(
        self, questions: Sequence[str] = (), pages: str | None = None, min_confidence: float = 0.0
    ) -> list[ChartRecord]:
        """The data of the charts as tables, one record per chart; see `ask` for `min_confidence`."""
        _check_probability(min_confidence)
        self._generation.check_for("chart", has_questions=bool(questions))
        selection = _selection(pages)
        return _collect(read_charts(self._opened(), self._engine, selection, questions, min_confidence=min_confidence))

    def tables(self, pages: str | None = None) -> list[TableRecord]:
        """The tables, one record each, with those that go on over pages joined; and one for each page without."""
        self._generation.check_for("tables", has_questions=False)
        selection = _selection(pages)
        found = collect_tables(transcribe(self._opened(), self._engine, selection))
        return _collect(record for _, records in found for record in records)

    @overload
    def extract(self, fields: type[M], pages: str | None = None, top_pages: int = TOP_PAGES) -> Extraction[M]: ...

    @overload
    def extract(
        self, fields: str | Mapping[str, Any] | FieldList, pages: str | None = None, top_pages: int = TOP_PAGES
    ) -> Extraction[dict[str, JsonValue]]: ...

    def extract(
        self,
        fields: type[BaseModel] | str | Mapping[str, Any] | FieldList,
        pages: str | None = None,
        top_pages: int = TOP_PAGES,
    ) -> Extraction[Any]:
        """The values of fields.

        Args:
            fields: a pydantic model, a list such as "invoice no, total:money", a JSON Schema, or
                `cogdoc.load_preset("auto")`.
            pages: such as "1,3-5,8-", to search only these pages.
            top_pages: how many of the most promising pages are searched for a field.

        Raises:
            CogdocError: the fields are none, or the document cannot be read.
        """
        if top_pages < 1:
            raise UsageError(f"top_pages: {top_pages} is not at least 1")
        self._generation.check_for("extract", has_questions=False)
        document, engine, selection = self._opened(), self._engine, _selection(pages)
        (extraction,) = _collect(extract_as(document, engine, one, selection, top_pages) for one in (fields,))
        return extraction

    def close(self) -> None:
        """Remove the copy of what was in memory or behind an address. The engine stays loaded for other documents."""
        self._closed = True
        self._stack.close()

    def _opened(self) -> Document:
        if self._closed:
            raise UsageError(f"{self.name} is closed")
        return self._document


def open(  # noqa: A001
    source: DocumentSource, password: str | None = None, **keywords: Unpack[Keywords]
) -> OpenedDocument:
    """Open a document for several calls; see `OpenedDocument`."""
    return OpenedDocument(source, password, **keywords)


def ask(
    source: DocumentSource,
    question: str,
    pages: str | None = None,
    password: str | None = None,
    top_pages: int = TOP_PAGES,
    min_confidence: float = 0.0,
    **keywords: Unpack[Keywords],
) -> AnswerRecord:
    """Answer one question from one document; see `OpenedDocument` for what can be one.

    Raises:
        CogdocError: the file cannot be opened; a later failure is the record's `error`.
    """
    with OpenedDocument(source, password, **keywords) as document:
        return document.ask(question, pages, top_pages, min_confidence)


def ask_all(
    source: DocumentSource,
    questions: Sequence[str],
    pages: str | None = None,
    password: str | None = None,
    top_pages: int = TOP_PAGES,
    min_confidence: float = 0.0,
    **keywords: Unpack[Keywords],
) -> list[AnswerRecord]:
    """Answer several questions from one document, reading each page once; see `ask`."""
    with OpenedDocument(source, password, **keywords) as document:
        return document.ask_all(questions, pages, top_pages, min_confidence)


def ask_across(
    sources: Iterable[DocumentSource],
    question: str,
    password: str | None = None,
    top_pages: int = TOP_PAGES,
    min_confidence: float = 0.0,
    **keywords: Unpack[Keywords],
) -> AcrossResult:
    """Answer one question about all documents together: "sum of all totals", "which receipt has the highest total?".

    A document that cannot be read is among the result's `missing`, with the reason.

    Raises:
        UsageError: the question does not say what to compute.
    """
    parsed = parse_across(question)
    collector = AcrossCollector(parsed)
    for source in sources:
        try:
            with OpenedDocument(source, password, **keywords) as document:
                records = document.ask_all(parsed.questions, None, top_pages, min_confidence)
            collector.begin("ask", records[0].source)
            for record in records:
                collector.write(record)
        except (InputError, EncryptedError, TimeLimitError) as error:
            collector.begin("ask", SourceInfo(path=name_of(source)))
            collector.end(describe_error(error))
    return collector.result()


def ocr(
    source: DocumentSource,
    pages: str | None = None,
    password: str | None = None,
    **keywords: Unpack[Keywords],
) -> list[PageRecord]:
    """Read the text of a document's pages; see `ask` for errors."""
    with OpenedDocument(source, password, **keywords) as document:
        return document.ocr(pages)


def chart(
    source: DocumentSource,
    questions: Sequence[str] = (),
    pages: str | None = None,
    password: str | None = None,
    min_confidence: float = 0.0,
    **keywords: Unpack[Keywords],
) -> list[ChartRecord]:
    """Read the charts of a document; see `ask` for errors."""
    with OpenedDocument(source, password, **keywords) as document:
        return document.chart(questions, pages, min_confidence)


def tables(
    source: DocumentSource,
    pages: str | None = None,
    password: str | None = None,
    **keywords: Unpack[Keywords],
) -> list[TableRecord]:
    """Collect the tables of a document; see `ask` for errors."""
    with OpenedDocument(source, password, **keywords) as document:
        return document.tables(pages)


@overload
def extract(
    source: DocumentSource,
    fields: type[M],
    pages: str | None = None,
    password: str | None = None,
    top_pages: int = TOP_PAGES,
    **keywords: Unpack[Keywords],
) -> Extraction[M]: ...


@overload
def extract(
    source: DocumentSource,
    fields: str | Mapping[str, Any] | FieldList,
    pages: str | None = None,
    password: str | None = None,
    top_pages: int = TOP_PAGES,
    **keywords: Unpack[Keywords],
) -> Extraction[dict[str, JsonValue]]: ...


def extract(
    source: DocumentSource,
    fields: type[BaseModel] | str | Mapping[str, Any] | FieldList,
    pages: str | None = None,
    password: str | None = None,
    top_pages: int = TOP_PAGES,
    **keywords: Unpack[Keywords],
) -> Extraction[Any]:
    """The values of fields; see `OpenedDocument.extract`."""
    with OpenedDocument(source, password, **keywords) as document:
        return document.extract(fields, pages, top_pages)


def _engine_request(keywords: Keywords) -> EngineRequest:
    return EngineRequest(
        keywords.get("engine", AUTO),
        keywords.get("model"),
        keywords.get("quantization"),
        keywords.get("vision_precision"),
        keywords.get("adapter"),
        offload=keywords.get("offload", False),
        allow_remote=keywords.get("allow_remote", False),
    )


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


def _check_probability(min_confidence: float) -> None:
    if not 0 <= min_confidence <= 1:
        raise UsageError(f"min_confidence: {min_confidence} is not between 0 and 1")


def _selection(pages: str | None) -> PageSelection:
    return parse_page_selection(pages) if pages else PageSelection()
