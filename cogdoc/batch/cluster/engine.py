"""CogVLM2 on the machines of a cluster: one model and one GPU an actor."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from cogdoc.batch.cluster.fetching import FetchedFiles
from cogdoc.batch.cluster.pool import Pool, Report
from cogdoc.batch.cluster.refusal import Refusal, host, refuse, version_error
from cogdoc.documents.document import Document, OpenRequest
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.sources import Source
from cogdoc.engines.protocol import Engine, Transcription
from cogdoc.engines.registry import EngineSelection, load_engine
from cogdoc.errors import CogdocError
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import PageText
from cogdoc.results.records import Answer, Chart, EngineInfo

KEPT_PAGES = 8
"""How many pages an actor keeps, since several questions to one page follow each other."""


@dataclass(frozen=True, slots=True)
class Room:
    """What one engine takes of a machine."""

    cpus: float
    gpus: float


@dataclass(frozen=True, slots=True)
class PageDescription:
    """A page as it travels: where it is, and what it literally says, which a reader has found out."""

    source: Source
    request: OpenRequest
    number: int
    words: PageText

    @property
    def key(self) -> Hashable:
        return self.request, self.number


class ClusterEngine:
    """Implements `cogdoc.engines.protocol.Engine`."""

    def __init__(self, choice: EngineSelection, seconds: float, engines: int, room: Room, report: Report) -> None:
        """
        Args:
            seconds: how long one answer may take.
            engines: how many actors load the model.
            report: told of actors that are lost.

        Raises:
            MissingError, CheckpointError: the machines have not the model, or not this cogdoc.
            ResourceError: the cluster has no room for it.
        """
        import ray

        actor = ray.remote(EngineActor).options(num_cpus=room.cpus, num_gpus=room.gpus, scheduling_strategy="SPREAD")
        needs = f"engines of {room.gpus:g} GPU and {room.cpus:g} CPU each"
        self._pool = Pool(lambda: actor.remote(choice, seconds, version("cogdoc")), engines, what=needs, report=report)
        self.info: EngineInfo = self._pool.submit("info").result()

    def close(self) -> None:
        self._pool.close()

    def prepare(self, page: Page) -> None:
        page.request_text()

    def transcribe(self, page: Page) -> Transcription:
        return self._ask("transcribe", [page])  # type: ignore[no-any-return]

    def answer(self, question: str, pages: Sequence[Page], page_count: int) -> Answer:
        return self._ask("answer", pages, question, page_count)  # type: ignore[no-any-return]

    def read_charts(self, page: Page) -> tuple[Chart, ...]:
        return self._ask("read_charts", [page])  # type: ignore[no-any-return]

    def answer_from_charts(self, question: str, charts: Iterable[Chart], page: Page) -> Answer:
        return self._ask("answer_from_charts", [page], question, tuple(charts))  # type: ignore[no-any-return]

    def _ask(self, method: str, pages: Sequence[Page], *arguments: Any) -> Any:
        described = tuple(
            PageDescription(page.document.source, page.document.request, page.number, page.text()) for page in pages
        )
        return self._pool.submit(method, described, *arguments, near=tuple(page.key for page in described)).result()


class EngineActor:
    """An actor: a model, and a sandbox in which the pages that it looks at are drawn."""

    def __init__(self, choice: EngineSelection, seconds: float, version: str) -> None:
        self._choice = choice
        self._seconds = seconds
        self._version = version
        self._engine: Engine | None = None
        self._sandbox = Sandbox(jobs=1, timeout=seconds, threads=1)
        self._files = FetchedFiles()
        self._pages: OrderedDict[Hashable, Page] = OrderedDict()

    def greet(self) -> str | Refusal:
        error = version_error(self._version)
        return refuse(error) if error is not None else host()

    def prepare(self) -> Refusal | None:
        try:
            self._engine = load_engine(self._choice, self._seconds)
        except CogdocError as error:
            return refuse(error)
        return None

    def call(self, method: str, pages: tuple[PageDescription, ...] = (), *arguments: Any) -> Any:
        assert self._engine is not None
        try:
            opened = [self._page(page) for page in pages]
            match method:
                case "info":
                    return self._engine.info
                case "transcribe":
                    return self._engine.transcribe(opened[0])
                case "answer":
                    question, page_count = arguments
                    return self._engine.answer(question, opened, page_count)
                case "read_charts":
                    return self._engine.read_charts(opened[0])
                case "answer_from_charts":
                    question, charts = arguments
                    return self._engine.answer_from_charts(question, charts, opened[0])
                case _:
                    raise ValueError(method)
        except CogdocError as error:
            return refuse(error, (page.request for page in pages))

    def _page(self, described: PageDescription) -> Page:
        page = self._pages.pop(described.key, None)
        request = self._files.local_copy(described.request)
        if page is None or page.document.request != request:
            page = Page(Document(described.source, request, self._sandbox), described.number, described.words)
        self._pages[described.key] = page
        if len(self._pages) > KEPT_PAGES:
            self._pages.popitem(last=False)
        return page
