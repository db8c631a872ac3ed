"""Worker processes in which files are opened, rendered and read.

If native code crashes, hangs or exhausts memory there, only the current page fails, and the parent continues with a
new worker process. Two worker processes also read twice as fast as one; threads would not.

A worker process is a plain `python -m` process that communicates over its standard streams. Unlike `multiprocessing`,
this does not fork a process that has threads, and does not import the user's main module again, so that the Python API
works in a script without a main guard.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from cogdoc.documents.sandbox_limits import DEFAULT_MEMORY, Limits, describe_confinement
from cogdoc.documents.wire import ReplyError, receive_reply, send_request
from cogdoc.errors import CogdocError, DamagedError, ResourceError, TimeLimitError

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_TIMEOUT = 300.0
"""Seconds that a page may take. OCR of the densest page takes a tenth of it."""

CALLS_PER_PROCESS = 500
"""A worker process is replaced after this many calls, so that leaks in native code cannot add up."""


class Sandbox:
    """A pool of worker processes. One thread at a time communicates with each."""

    def __init__(
        self,
        jobs: int = 1,
        timeout: float | None = DEFAULT_TIMEOUT,
        memory: int = DEFAULT_MEMORY,
        threads: int | None = None,
    ) -> None:
        """
        Args:
            jobs: how many worker processes run at the same time.
            timeout: seconds that a call may take before its worker process is killed; None for no limit.
            memory: bytes that a worker process may allocate, where the system can limit it.
            threads: threads of each worker process; by default they share this machine's cores.
        """
        self.jobs = jobs
        self._timeout = timeout
        cores = os.cpu_count() or 1
        self._limits = Limits(memory, timeout and timeout * cores, threads or max(1, cores // jobs))
        self._workers: list[_WorkerProcess] = []
        self._idle: list[_WorkerProcess] = []
        self._lock = threading.Lock()
        self._closed = False
        self._pool = ThreadPoolExecutor(jobs, thread_name_prefix="cogdoc-sandbox")
        # Start the first worker before the first call. A thread of the pool has to start it: Linux kills a worker
        # process when the thread that started it ends.
        self._pool.submit(lambda: self._release(self._start()))

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a module-level function in a worker process; its result must have the type that it is annotated with.

        The future raises what the function raises, `ResourceError` if it needs too much memory, `TimeLimitError` if
        it takes too long, and `DamagedError` if the worker process dies otherwise.
        """
        return self._pool.submit(self._run, function, args, kwargs)

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`submit`, and wait for the result."""
        return self.submit(function, *args, **kwargs).result()

    def close(self) -> None:
        """End the worker processes at once; waiting calls are cancelled."""
        self._closed = True
        with self._lock:
            for worker in self._workers:
                worker.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        worker = self._acquire()
        try:
            return worker.call(function, args, kwargs, self._timeout)
        except CogdocError as error:
            if worker.usable or worker.calls == 1 or isinstance(error, TimeLimitError):
                raise
        finally:
            self._release(worker)
        # Leftovers of earlier calls may have caused the failure, so try once more in a new worker process.
        worker = self._start()
        try:
            return worker.call(function, args, kwargs, self._timeout)
        finally:
            self._release(worker)

    def _acquire(self) -> _WorkerProcess:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.usable:
                    return worker
                self._discard(worker)
        return self._start()

    def _release(self, worker: _WorkerProcess) -> None:
        with self._lock:
            if worker.usable:
                self._idle.append(worker)
            else:
                self._discard(worker)

    def _start(self) -> _WorkerProcess:
        with self._lock:
            if self._closed:
                raise DamagedError("the sandbox is closed")
            worker = _WorkerProcess(self._limits)
            self._workers.append(worker)
        return worker

    def _discard(self, worker: _WorkerProcess) -> None:
        worker.kill()
        self._workers.remove(worker)


class _WorkerProcess:
    """The parent's side of one worker process."""

    def __init__(self, limits: Limits) -> None:
        threads = str(limits.threads)
        environment = os.environ | {"OMP_NUM_THREADS": threads, "COGDOC_WORKER_THREADS": threads}
        # -P: a module in the user's current folder must never be imported instead of a library.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-W", "ignore", "-m", "cogdoc.documents.sandbox_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        self.calls = 0
        self._killed = False
        with contextlib.suppress(OSError):  # if the process is dead already, the first call reports it
            self._send(limits)

    @property
    def usable(self) -> bool:
        return not self._killed and self._process.poll() is None and self.calls < CALLS_PER_PROCESS

    def call(
        self, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any], timeout: float | None
    ) -> T:
        """Have the worker process call a function, and return its result.

        Raises:
            CogdocError: raised by the function, or describes how the worker process ended.
        """
        assert self._process.stdout is not None
        self.calls += 1
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            self._process.kill()

        timer = threading.Timer(timeout, expire) if timeout else None
        if timer:
            timer.daemon = True
            timer.start()
        try:
            self._send((function, args, kwargs))
            return receive_reply(self._process.stdout, function)  # type: ignore[no-any-return]
        except ResourceError:
            self.kill()  # it may still hold the memory that it allocated
            raise
        except ReplyError:
            self.kill()
            raise DamagedError("the worker process sent something other than a result") from None
        except (EOFError, OSError, ValueError):  # ValueError: `close` closed the streams meanwhile
            self.kill()
            if expired.is_set():
                raise TimeLimitError(f"took longer than {timeout:g} s", "raise --timeout") from None
            raise self._describe_end() from None
        finally:
            if timer:
                timer.cancel()

    def kill(self) -> None:
        self._killed = True
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _send(self, request: object) -> None:
        assert self._process.stdin is not None
        send_request(self._process.stdin, request)

    def _describe_end(self) -> CogdocError:
        code = self._process.returncode
        if sys.platform != "win32" and code == -signal.SIGXCPU:
            return TimeLimitError("took too much processor time", "raise --timeout")
        reason = f"signal {-code}" if code < 0 else f"exit code {code}"
        return DamagedError(f"the worker process crashed ({reason})")


def try_confinement() -> str:
    """The limits that work on this system, such as `memory limited to 1536 MB, network refused`."""
    with Sandbox() as sandbox:
        return sandbox.run(describe_confinement)
