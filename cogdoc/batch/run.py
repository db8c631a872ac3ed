"""Many sources through one task; one that fails stops no other.

A few documents are worked on at the same time, each by a thread that waits for the readers, so that the readers
have work even where every file has a single page. Results are handed over in the order of the sources, and
through short queues: a slow writer holds the readers back, and memory does not grow with pages or files.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from cogdoc.documents.document import Document
from cogdoc.documents.open_request import MAX_MEGAPIXELS, OpenRequest
from cogdoc.documents.page_selection import PageSelection
from cogdoc.documents.sources import Source, UnresolvedSource, local_copy
from cogdoc.documents.workers import Workers
from cogdoc.errors import CogdocError, ExitCode, TooLargeError
from cogdoc.results.records import SourceInfo
from cogdoc.tasks.describe import describe_source

T = TypeVar("T")
Task = Callable[[Document, PageSelection], Iterator[T]]
"""What is done with a document: its results, one by one."""

QUEUED_RECORDS = 4


@dataclass(frozen=True, slots=True)
class Opening:
    """How sources are opened, and what they may ask for before they are refused."""

    password: str | None = None
    max_megapixels: float = MAX_MEGAPIXELS
    max_pages: int | None = None
    selection: PageSelection = field(default_factory=PageSelection)


@dataclass(frozen=True, slots=True)
class _End:
    """The last thing that a document's thread says."""

    error: Exception | None


class RunningSource(Generic[T]):
    """One source being worked on: its facts, then its records, then how it ended."""

    def __init__(self, source: Source | UnresolvedSource, opening: Opening, task: Task[T], sandbox: Workers) -> None:
        self.source = source if isinstance(source, Source) else None
        self._opening = opening
        self._task = task
        self._sandbox = sandbox
        self._events: queue.Queue[SourceInfo | T | _End] = queue.Queue(QUEUED_RECORDS)
        self._abandoned = threading.Event()
        self.info = SourceInfo(path=source.name)
        self.error: CogdocError | None = None
        if isinstance(source, UnresolvedSource):
            self._events.put(_End(source.error))
        else:
            threading.Thread(target=self._work, args=(source,), name="cogdoc-document", daemon=True).start()

    def wait_until_open(self) -> SourceInfo:
        """The source's facts; where it cannot be opened, its name only, and `records` will be empty."""
        event = self._events.get()
        if isinstance(event, SourceInfo):
            self.info = event
        else:
            assert isinstance(event, _End)
            self._finish(event)
        return self.info

    def records(self) -> Iterator[T]:
        """The results in order; when they have ended, `error` says what cut them short, if anything."""
        if self.error is not None:
            return
        while not isinstance(event := self._events.get(), _End):
            assert not isinstance(event, SourceInfo)
            yield event
        self._finish(event)

    def abandon(self) -> None:
        """Let the thread end at its next record."""
        self._abandoned.set()

    def _finish(self, end: _End) -> None:
        if end.error is None or isinstance(end.error, CogdocError):
            self.error = end.error
            return
        self.error = CogdocError(
            f"a bug: {type(end.error).__name__}: {end.error}",
            "run again with -v for the traceback, and please report it",
        )
        self.error.__cause__ = end.error

    def _work(self, source: Source) -> None:
        try:
            with local_copy(source) as path:
                opening = self._opening
                request = OpenRequest(path.absolute(), opening.password, opening.max_megapixels, source.remote)
                document = Document(source, request, self._sandbox)
                _check_page_count(document, opening.selection, opening.max_pages)
                self._put(describe_source(document))
                for record in self._task(document, opening.selection):
                    self._put(record)
            self._put(_End(None))
        except _AbandonedError:
            pass
        except Exception as error:
            self._put_last(_End(error))

    def _put(self, event: SourceInfo | T | _End) -> None:
        while not self._abandoned.is_set():
            try:
                self._events.put(event, timeout=0.2)
            except queue.Full:
                continue
            return
        raise _AbandonedError

    def _put_last(self, event: _End) -> None:
        try:
            self._put(event)
        except _AbandonedError:
            return


class _AbandonedError(Exception):
    pass


@dataclass(slots=True)
class Tally:
    """How a run went, in counts."""

    succeeded: int = 0
    failures: list[ExitCode] = field(default_factory=list)

    @property
    def exit_code(self) -> ExitCode:
        """0 if nothing failed, 1 if something came out; else what all failures have in common, or 4."""
        if not self.failures:
            return ExitCode.OK if self.succeeded else ExitCode.NO_INPUT
        if self.succeeded:
            return ExitCode.PARTIAL
        codes = set(self.failures)
        return codes.pop() if len(codes) == 1 else ExitCode.NO_INPUT


def run_sources(
    sources: Iterable[Source | UnresolvedSource], opening: Opening, task: Task[T], sandbox: Workers
) -> Iterator[RunningSource[T]]:
    """Work on `sources`, and yield them in their order; each must be used up before the next is asked for."""
    running: deque[RunningSource[T]] = deque()
    try:
        for source in sources:
            running.append(RunningSource(source, opening, task, sandbox))
            if len(running) > sandbox.jobs:
                yield running[0]
                running.popleft()
        while running:
            yield running[0]
            running.popleft()
    finally:
        for item in running:
            item.abandon()


def _check_page_count(document: Document, selection: PageSelection, limit: int | None) -> None:
    count = sum(1 for _ in document.numbers(selection))
    if limit is not None and count > limit:
        raise TooLargeError(f"{count} pages are more than --max-pages {limit}", "choose some with --pages")
