"""Worker processes in which files are opened, rendered and read.

If native code crashes, hangs or exhausts memory there, only the current page fails, and the parent continues with a
new worker process. Two worker processes also read twice as fast as one; threads would not. A file that takes a worker
process over reaches nothing beyond the documents that this process reads; docs/security.md says what that means.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from cogdoc.documents.bytecode import compile_worker_modules
from cogdoc.documents.confinement.confine import Part, try_confinement
from cogdoc.documents.confinement.limits import DEFAULT_MEMORY, Limits
from cogdoc.documents.confinement.privileges import hide_memory
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.worker_process import WorkerProcess
from cogdoc.errors import CogdocError, DamagedError, MissingError, TimeLimitError

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_TIMEOUT = 300.0
"""Seconds that a page may take. OCR of the densest page takes a tenth of it."""

START_SECONDS = 0.7
"""Seconds that calls wait, taken together, before another worker process starts. That takes about as long until it has
imported its libraries, so the pages of a short document with a text layer are read by one."""

MANY_CALLS = 100
"""Short calls from which all worker processes start at once. Reading so many pages with text layers takes twice as long
as to start a worker process."""

CHECK_SECONDS = 0.1
"""How often a waiting call looks how long it has waited."""

IDLE_SHARE = 0.1
"""The share of time that counts as waiting while the worker processes compute nothing, but wait for a disk or for other
programs. Their processor time counts in full."""


class Sandbox:
    """A pool of worker processes. One thread at a time communicates with each."""

    def __init__(
        self,
        jobs: int = 1,
        timeout: float | None = DEFAULT_TIMEOUT,
        memory: int = DEFAULT_MEMORY,
        threads: int | None = None,
        *,
        strict: bool = False,
    ) -> None:
        """
        Args:
            jobs: how many worker processes run at the same time.
            timeout: seconds that a call may take before its worker process is killed; None for no limit.
            memory: bytes that a worker process may allocate, where the system can limit it.
            threads: threads of each worker process; by default they share this machine's cores.
            strict: insist on every part of the confinement, and give each document a worker process of its own, so
                that a hostile one cannot read or falsify the next.

        Raises:
            MissingError: `strict`, and this system lacks a part of the confinement.
        """
        hide_memory()  # a worker process that was taken over must not find the parent's secrets
        compile_worker_modules()
        self.jobs = jobs
        self._timeout = timeout
        cores = os.cpu_count() or 1
        self._limits = Limits(memory, timeout and timeout * cores, threads or max(1, cores // jobs))
        self._workers: list[WorkerProcess] = []
        self._idle: list[WorkerProcess] = []
        self._lock = threading.Lock()
        self._released = threading.Condition(self._lock)
        self._waited = 0.0
        """Seconds that calls waited for a worker process since the last one started."""
        self._many = False
        """Whether so many calls follow that none waits for a worker process to become free before another starts."""
        self._closed = False
        self._pool = ThreadPoolExecutor(jobs, thread_name_prefix="cogdoc-sandbox")
        # Start the first worker before the first call. A thread of the pool has to start it: Linux kills a worker
        # process when the thread that started it ends.
        self._strict = strict
        self._pool.submit(self._start_first)
        if strict:
            self._require_confinement()

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a module-level function in a worker process; its result must have the type that it is annotated with.

        The future raises what the function raises, `ResourceError` if it needs too much memory, `TimeLimitError` if
        it takes too long, and `DamagedError` if the worker process dies otherwise.
        """
        return self._pool.submit(self._run, function, args, kwargs)

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`submit`, and wait for the result."""
        return self.submit(function, *args, **kwargs).result()

    def expect(self, calls: int) -> None:
        """Say how many short calls follow: from `MANY_CALLS` on, all worker processes start at once."""
        with self._released:
            self._many = calls >= MANY_CALLS
            self._released.notify_all()

    @property
    def local(self) -> Sandbox:
        return self

    def close(self) -> None:
        """End the worker processes at once; waiting calls are cancelled."""
        self._closed = True
        with self._released:
            self._released.notify_all()
            for worker in self._workers:
                worker.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        document = next((argument for argument in (*args, *kwargs.values()) if isinstance(argument, OpenRequest)), None)
        worker = self._acquire(document)
        try:
            return worker.call(function, args, kwargs, self._timeout)
        except CogdocError as error:
            if worker.usable or worker.calls == 1 or isinstance(error, TimeLimitError):
                raise
        finally:
            self._release(worker)
        # Leftovers of earlier calls may have caused the failure, so try once more in a new worker process.
        worker = self._start()
        worker.document = document
        try:
            return worker.call(function, args, kwargs, self._timeout)
        finally:
            self._release(worker)

    def _acquire(self, document: OpenRequest | None) -> WorkerProcess:
        with self._released:
            while (worker := self._take_idle(document)) is None and self._may_wait():
                started, computed = time.monotonic(), self._processor_seconds()
                self._released.wait(CHECK_SECONDS)
                idle = IDLE_SHARE * (time.monotonic() - started)
                self._waited += max(self._processor_seconds() - computed, idle)
        worker = worker or self._start()
        worker.document = document
        return worker

    def _may_wait(self) -> bool:
        # With `strict`, the worker processes of other documents are of no use.
        worth_waiting = not self._many and self._waited < START_SECONDS
        return bool(self._workers) and not self._closed and not self._strict and worth_waiting

    def _processor_seconds(self) -> float:
        return sum(worker.processor_seconds() for worker in self._workers)

    def _take_idle(self, document: OpenRequest | None) -> WorkerProcess | None:
        # Prefer a worker process that has the document open.
        self._idle.sort(key=lambda worker: worker.document == document)
        while self._idle:
            worker = self._idle.pop()
            if worker.usable and not (self._strict and worker.document not in (None, document)):
                return worker
            self._discard(worker)
        return None

    def _release(self, worker: WorkerProcess) -> None:
        with self._lock:
            if worker.usable:
                self._idle.append(worker)
            else:
                self._discard(worker)
            self._released.notify()

    def _start_first(self) -> None:
        with self._released:
            if not self._workers:  # a call may have been faster
                self._idle.append(self._new_worker())
                self._released.notify()

    def _start(self) -> WorkerProcess:
        with self._lock:
            return self._new_worker()

    def _new_worker(self) -> WorkerProcess:
        if self._closed:
            raise DamagedError("the sandbox is closed")
        worker = WorkerProcess(self._limits)
        self._workers.append(worker)
        self._waited = 0.0
        return worker

    def _require_confinement(self) -> None:
        missing = [part for part in self.run(try_confinement) if not part.holds]
        if missing:
            self.close()
            raise MissingError(
                f"the sandbox does not hold here: no limits on {', '.join(part.name for part in missing)}",
                f"needed: {'; '.join(dict.fromkeys(part.needs for part in missing))}; or leave out --sandbox strict",
            )

    def _discard(self, worker: WorkerProcess) -> None:
        worker.kill()
        self._workers.remove(worker)


def try_sandbox() -> tuple[Part, ...]:
    """The parts of the confinement of worker processes, and whether each holds on this system."""
    with Sandbox() as sandbox:
        return sandbox.run(try_confinement)
