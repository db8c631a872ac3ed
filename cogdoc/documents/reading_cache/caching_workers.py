"""Worker processes whose results are kept: a call whose result is known starts no worker process."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import ParamSpec, TypeVar

from cogdoc.documents.file_hash import file_hash
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.reading_cache.cache_database import CacheDatabase
from cogdoc.documents.reading_cache.cacheable import part_of_call
from cogdoc.documents.reading_cache.reader_version import reader_version
from cogdoc.documents.worker_replies import ReplyError, from_json, to_json
from cogdoc.documents.workers import KeptResult, Workers
from cogdoc.errors import DamagedError, InputError

P = ParamSpec("P")
T = TypeVar("T")


class CachingWorkers:
    """Looks results up in a cache, and has workers compute and keep the others. Implements `Workers`."""

    def __init__(
        self, start: Callable[[], Workers], jobs: int, cache: CacheDatabase, *, strict: bool, with_passwords: bool
    ) -> None:
        """
        Args:
            start: starts the workers; called when a result is missing first.
            jobs: the number of calls that they run at the same time.
            strict: whether each document has a process of its own. Results are kept apart from others, which a
                document that was read before in the same process may have falsified.
            with_passwords: keep what files say that were opened with a password.
        """
        self.jobs = jobs
        self._start = start
        self._workers: Workers | None = None
        self._expected = 0
        self._closed = False
        self._lock = threading.Lock()
        self._cache = cache
        self._strict = strict
        self._with_passwords = with_passwords

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Return the kept result, or run the function in a worker process and keep what it returns."""
        part = None if kwargs else part_of_call(function, args)
        request = args[0] if args else None
        if part is None or not isinstance(request, OpenRequest) or not self._may_keep(request):
            return self._started().submit(function, *args, **kwargs)
        try:
            document = file_hash(request.path)
        except InputError:  # which the worker process says
            return self._started().submit(function, *args, **kwargs)
        key = self._key(function, request, document, part)
        if (body := self._cache.get(key)) is not None:
            try:
                return KeptResult(from_json(function, body))
            except ReplyError:
                self._cache.remove(key)
        future: Future[T] = Future()

        def keep(read: Future[T]) -> None:
            # Before the result is passed on, so that what a run has shown is kept, however it ends.
            try:
                result = read.result()
                self._keep(function, request, document, key, result)
            except CancelledError:
                future.cancel()
                future.set_running_or_notify_cancel()
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        self._started().submit(function, *args, **kwargs).add_done_callback(keep)
        return future

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`submit`, and wait for the result."""
        return self.submit(function, *args, **kwargs).result()

    def expect(self, calls: int) -> None:
        """Pass it on once a result is missing."""
        with self._lock:
            self._expected = calls
            if self._workers is not None:
                self._workers.expect(calls)

    @property
    def local(self) -> Workers:
        return self._started().local

    def close(self) -> None:
        """End the worker processes at once; waiting calls are cancelled."""
        with self._lock:
            self._closed = True
        if self._workers is not None:
            self._workers.close()
        self._cache.close()

    def _started(self) -> Workers:
        with self._lock:
            if self._closed:
                raise DamagedError("the worker processes have ended")
            if self._workers is None:
                self._workers = self._start()
                self._workers.expect(self._expected)
            return self._workers

    def _may_keep(self, request: OpenRequest) -> bool:
        return request.password is None or self._with_passwords

    def _key(self, function: Callable[..., object], request: OpenRequest, document: bytes, part: int) -> bytes:
        # With the password, since who lacks it must not get what was read with it.
        settings = (request.max_megapixels, request.hidden, request.password, self._strict)
        ocr = None if request.tesseract is None else (request.tesseract, request.tesseract.data_state())
        call = (function.__module__, function.__qualname__, part, settings, ocr)
        return hashlib.sha256(document + reader_version() + repr(call).encode()).digest()

    def _keep(self, function: Callable[..., T], request: OpenRequest, document: bytes, key: bytes, result: T) -> None:
        try:
            unchanged = file_hash(request.path) == document
        except InputError:
            return
        if unchanged:
            self._cache.put(key, document, to_json(function, result))
