"""Works on several documents at the same time; one that fails does not stop the others.

Each document has a thread that waits for the worker processes, so that these stay busy even if every file has a
single page. Results come in the order of the sources. They pass through short queues: a slow writer slows the
workers down, and memory does not grow with the number of pages or files.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from cogdoc.documents.document import Document
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.page_selection import PageSelection
from cogdoc.documents.rendering import MAX_MEGAPIXELS
from cogdoc.documents.sources import Source, UnresolvedSource, local_copy
from cogdoc.documents.tesseract import Tesseract
from cogdoc.documents.workers import Workers
from cogdoc.engines.abandonment import abandonable
from cogdoc.errors import CogdocError, ResourceError, TooLargeError, as_cogdoc_error
from cogdoc.results.records import SourceInfo
from cogdoc.tasks.describe import describe_source
from cogdoc.transfers import TransferLimits, check_interruption

T = TypeVar("T")
Work = Callable[[Document], Iterator[T]]
"""What to do with an open document: yields its results one by one."""

QUEUED_MESSAGES = 4

POLL_SECONDS = 1.0
"""How often a run that waits for a document checks whether the document's thread still lives."""


@dataclass(frozen=True, slots=True)
class OpenOptions:
    """How documents are opened, and the limits above which they are refused."""

    password: str | None = None
    max_megapixels: float = MAX_MEGAPIXELS
    tesseract: Tesseract | None = None
    """Run OCR by Tesseract instead of RapidOCR."""
    hidden: bool = False
    """Read text too that the pages do not show."""
    max_pages: int | None = None
    """How many pages `selection` may have; None to read the first pages of a document with very many."""
    selection: PageSelection = field(default_factory=PageSelection)
    transfer_limits: TransferLimits = field(default_factory=TransferLimits)


@dataclass(frozen=True, slots=True)
class _Message(Generic[T]):
    """What a document's thread sends: a message without results once the document is open, then one for each result."""

    source: SourceInfo
    results: tuple[T, ...] = ()
    last: bool = False
    error: BaseException | None = None


class RunningSource(Generic[T]):
    """One source that a thread works on. Call `wait_until_open`, then use up `results`, then look at `error`."""

    def __init__(
        self, source: Source | UnresolvedSource, options: OpenOptions, work: Work[T], sandbox: Workers
    ) -> None:
        self.source = source if isinstance(source, Source) else None
        self.info = SourceInfo(path=source.name)
        self.error: CogdocError | None = None
        self._options = options
        self._work = work
        self._sandbox = sandbox
        self._messages: queue.Queue[_Message[T]] = queue.Queue(QUEUED_MESSAGES)
        self._ended = False
        self._abandoned = threading.Event()
        self._transferred = threading.Event()
        """Set as soon as the file is on this machine."""
        if isinstance(source, UnresolvedSource):
            self._messages.put(_Message(self.info, last=True, error=source.error))
            return
        self._thread = threading.Thread(target=self._run, args=(source,), name="cogdoc-document", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:
            refused = ResourceError(f"the system refuses to start a thread for it: {error}", "run fewer --jobs")
            self._messages.put(_Message(self.info, last=True, error=refused))

    def wait_until_open(self) -> SourceInfo:
        """The source's path, hash and page count; only its path if it cannot be opened."""
        self._receive()
        return self.info

    def results(self) -> Iterator[T]:
        """Yield the results in order; afterwards, `error` is what ended them early, if anything."""
        while not self._ended:
            yield from self._receive()

    def abandon(self) -> None:
        """Let the thread end at its next result, and give up what a model generates for it."""
        self._abandoned.set()

    def _receive(self) -> tuple[T, ...]:
        message = self._next_message()
        self.info = message.source
        if message.last:
            self._ended = True
            if isinstance(message.error, (KeyboardInterrupt, SystemExit)):
                raise message.error
            self.error = None if message.error is None else as_cogdoc_error(message.error)
        return message.results

    def _next_message(self) -> _Message[T]:
        while True:
            try:
                return self._messages.get(timeout=POLL_SECONDS)
            except queue.Empty:
                if not self._transferred.is_set():
                    check_interruption()
                if not self._thread.is_alive() and self._messages.empty():
                    # Memory may be too short even for the message that says so.
                    return _Message(self.info, last=True, error=ResourceError("its thread ended without a result"))

    def _run(self, source: Source) -> None:
        info = self.info
        failure: BaseException | None = None
        try:
            options = self._options
            with local_copy(source, options.transfer_limits) as path:
                self._transferred.set()
                request = OpenRequest(
                    path.absolute(),
                    options.password,
                    options.max_megapixels,
                    options.tesseract,
                    source.remote,
                    options.hidden,
                )
                document = Document(source, request, self._sandbox, options.max_pages)
                _check_page_count(document, options.selection, options.max_pages)
                info = describe_source(document)
                self._send(_Message(info))
                with abandonable(self._abandoned.is_set):
                    for result in self._work(document):
                        self._send(_Message(info, (result,)))
        except _AbandonedError:
            return
        except BaseException as error:
            # Without a last message the run would wait forever, so not even a panic of a Rust library may pass.
            failure = error
        with suppress(_AbandonedError):
            self._send(_Message(info, last=True, error=failure))

    def _send(self, message: _Message[T]) -> None:
        while not self._abandoned.is_set():
            try:
                self._messages.put(message, timeout=0.2)
            except queue.Full:
                continue
            return
        raise _AbandonedError


class _AbandonedError(Exception):
    """The document's results are no longer needed."""


def run_sources(
    sources: Iterable[Source | UnresolvedSource],
    options: OpenOptions,
    work: Work[T],
    sandbox: Workers,
    at_a_time: int = 1,
) -> Iterator[RunningSource[T]]:
    """Work on `sources` and yield them in order. Use up the results of each before you ask for the next.

    Args:
        at_a_time: how many documents to work on at the same time, if these are more than the worker processes.
    """
    running: deque[RunningSource[T]] = deque()
    try:
        for source in sources:
            running.append(RunningSource(source, options, work, sandbox))
            if len(running) > max(sandbox.jobs, at_a_time):
                yield running[0]
                running.popleft()
        while running:
            yield running[0]
            running.popleft()
    finally:
        for abandoned in running:
            abandoned.abandon()


def _check_page_count(document: Document, selection: PageSelection, limit: int | None) -> None:
    count = document.count_pages(selection)
    if limit is not None and count > limit:
        raise TooLargeError(f"{count} pages are more than --max-pages {limit}", "select fewer with --pages")
