"""An engine on the machines of a cluster: each actor loads it once and answers for the pages it is sent."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from cogdoc.batch.cluster.fetching import FetchedFiles
from cogdoc.batch.cluster.pool import Pool, Report
from cogdoc.batch.cluster.refusal import Refusal, host, refuse, refuse_panic, version_error
from cogdoc.documents.document import Document
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.sources import Source
from cogdoc.engines.entry import Actors
from cogdoc.engines.protocol import Engine, FieldCandidate, Transcription
from cogdoc.engines.registry import load_engine
from cogdoc.engines.selection import EngineSelection
from cogdoc.engines.usage_meter import UsageMeter, add_usage
from cogdoc.errors import CogdocError
from cogdoc.fields.field import Field
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import PageText
from cogdoc.results.records import Answer, Chart, EngineInfo
from cogdoc.results.usage_counts import Usage

CACHED_PAGES = 32
"""How many pages an actor keeps open, since several questions about one page follow each other."""

MOST_CALLS = 16
"""How many calls an actor can run at a time; how many it runs, its engine says."""

MOST_AT_A_TIME = 16
"""How many pages or questions of a document are worked on at a time; there are as many documents, each with threads."""


@dataclass(frozen=True, slots=True)
class PageDescription:
    """A page as it is sent to an actor: where its file is, and its text, which the driver has read already."""

    source: Source
    request: OpenRequest
    number: int
    text: PageText

    @property
    def key(self) -> Hashable:
        return self.request, self.number


@dataclass(frozen=True, slots=True)
class Reply:
    """What an actor's engine gave, and what that took."""

    result: Any
    usage: Usage | None


class ClusterEngine:
    """Implements `cogdoc.engines.protocol.Engine` by asking actors."""

    def __init__(self, selection: EngineSelection, seconds: float, actors: Actors, report: Report) -> None:
        """
        Args:
            seconds: how long one answer may take.
            report: receives messages about actors that died.

        Raises:
            MissingError, CheckpointError: the model, or this version of cogdoc, is not on the machines.
            ResourceError: the cluster does not have enough CPUs, GPUs or memory for it.
        """
        import ray

        actor = ray.remote(EngineActor).options(
            num_cpus=actors.cpus, num_gpus=actors.gpus, scheduling_strategy="SPREAD", max_concurrency=MOST_CALLS + 1
        )
        self._pool = Pool(
            lambda: actor.remote(selection, seconds, version("cogdoc")),
            actors.count,
            what=f"engines of {actors.gpus:g} GPU and {actors.cpus:g} CPU each",
            report=report,
        )
        self.info: EngineInfo = self._pool.submit("info").result().result
        self.at_a_time = min(self._pool.calls_at_a_time, MOST_AT_A_TIME)

    def close(self) -> None:
        self._pool.close()

    def prepare(self, page: Page) -> None:
        page.request_text()

    def transcribe(self, page: Page) -> Transcription:
        return self._call("transcribe", [page])  # type: ignore[no-any-return]

    def answer(self, question: str, pages: Sequence[Page], page_count: int) -> Answer:
        return self._call("answer", pages, question, page_count)  # type: ignore[no-any-return]

    def find_field(self, field: Field, pages: Sequence[Page], page_count: int) -> tuple[FieldCandidate, ...]:
        return self._call("find_field", pages, field, page_count)  # type: ignore[no-any-return]

    def read_charts(self, page: Page) -> tuple[Chart, ...]:
        return self._call("read_charts", [page])  # type: ignore[no-any-return]

    def answer_from_charts(self, question: str, charts: Iterable[Chart], page: Page) -> Answer:
        return self._call("answer_from_charts", [page], question, tuple(charts))  # type: ignore[no-any-return]

    def _call(self, method: str, pages: Sequence[Page], *arguments: Any) -> Any:
        descriptions = tuple(
            PageDescription(page.document.source, page.document.request, page.number, page.text()) for page in pages
        )
        keys = tuple(description.key for description in descriptions)
        reply: Reply = self._pool.submit(method, descriptions, *arguments, affinity=keys).result()
        add_usage(reply.usage)
        return reply.result


class EngineActor:
    """A Ray actor with a loaded engine, and a sandbox that renders the pages which the engine reads."""

    def __init__(self, selection: EngineSelection, seconds: float, version: str) -> None:
        self._selection = selection
        self._seconds = seconds
        self._version = version
        self._engine: Engine | None = None
        self._sandbox = Sandbox(jobs=1, timeout=seconds, threads=1)
        self._files = FetchedFiles()
        self._lock = threading.Lock()
        self._pages: OrderedDict[Hashable, Page] = OrderedDict()

    def greet(self) -> str | Refusal:
        error = version_error(self._version)
        return refuse(error) if error is not None else host()

    def prepare(self) -> int | Refusal:
        """Load the engine. Returns how many calls keep it busy."""
        try:
            self._engine = load_engine(self._selection, self._seconds)
        except CogdocError as error:
            return refuse(error)
        except BaseException as error:
            return refuse_panic(error)
        return min(self._engine.at_a_time, MOST_CALLS)

    def call(self, method: str, pages: tuple[PageDescription, ...] = (), *arguments: Any) -> Reply | Refusal:
        meter = UsageMeter()
        try:
            with meter.measure():
                result = self._call(method, [self._page(page) for page in pages], *arguments)
            return Reply(result, meter.total)
        except CogdocError as error:
            return refuse(error, (page.request for page in pages))
        except BaseException as error:
            return refuse_panic(error)

    def _call(self, method: str, pages: Sequence[Page], *arguments: Any) -> Any:
        engine = self._engine
        assert engine is not None
        match method:
            case "info":
                return engine.info
            case "transcribe":
                return engine.transcribe(pages[0])
            case "answer":
                question, page_count = arguments
                return engine.answer(question, pages, page_count)
            case "find_field":
                field, page_count = arguments
                return engine.find_field(field, pages, page_count)
            case "read_charts":
                return engine.read_charts(pages[0])
            case "answer_from_charts":
                question, charts = arguments
                return engine.answer_from_charts(question, charts, pages[0])
            case _:
                raise ValueError(method)

    def _page(self, description: PageDescription) -> Page:
        with self._lock:
            page = self._pages.pop(description.key, None)
            request = self._files.local_copy(description.request)
            if page is None or page.document.request != request:
                page = Page(Document(description.source, request, self._sandbox), description.number, description.text)
            self._pages[description.key] = page
            if len(self._pages) > CACHED_PAGES:
                self._pages.popitem(last=False)
            return page
