"""Child processes in which files are opened, drawn and literally read.

A crash, a hang or a memory blow-up of native code there is an error of the page that was being read; the
parent goes on with a fresh child. Two children are also twice as fast as one, where threads bring nothing.

The children are plain `python -m` processes that are spoken to over their standard streams: unlike
`multiprocessing`, this neither forks a process that has threads nor imports the user's main module again, so
that the Python API works in a script without a main guard.
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
from cogdoc.documents.wire import AnswerError, receive_answer, send_request
from cogdoc.errors import CogdocError, DamagedError, ResourceError, TimeLimitError

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_TIMEOUT = 300.0
"""Seconds after which a page is given up: OCR of the densest page takes a tenth of it."""

PAGES_PER_CHILD = 500
"""A child is replaced after as many calls, so that a leak in native code cannot add up."""


class Sandbox:
    """A pool of children, each spoken to by one thread at a time."""

    def __init__(
        self,
        jobs: int = 1,
        timeout: float | None = DEFAULT_TIMEOUT,
        memory: int = DEFAULT_MEMORY,
        threads: int | None = None,
    ) -> None:
        """
        Args:
            jobs: how many children work at the same time.
            timeout: seconds a call may take before its child is killed; None for no limit.
            memory: bytes that a child may allocate, where the system can limit it.
            threads: of each child; by default, the children share this machine's processors.
        """
        self.jobs = jobs
        self._timeout = timeout
        cores = os.cpu_count() or 1
        self._limits = Limits(memory, timeout and timeout * cores, threads or max(1, cores // jobs))
        self._children: list[_Child] = []
        self._idle: list[_Child] = []
        self._lock = threading.Lock()
        self._closed = False
        self._pool = ThreadPoolExecutor(jobs, thread_name_prefix="cogdoc-sandbox")
        # Ahead of the first call. By a thread of the pool: a child ends with the thread that has started it.
        self._pool.submit(lambda: self._give_back(self._start()))

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a module-level function in a child; its result has to be of the type that it is annotated with.

        The future raises what the function raised, `ResourceError` where it needed too much memory,
        `TimeLimitError` where it took too long, and `DamagedError` where the child died otherwise.
        """
        return self._pool.submit(self._run, function, args, kwargs)

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`submit`, and wait for the result."""
        return self.submit(function, *args, **kwargs).result()

    def close(self) -> None:
        """End the children at once; calls that wait are cancelled."""
        self._closed = True
        with self._lock:
            for child in self._children:
                child.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        child = self._take()
        try:
            return child.call(function, args, kwargs, self._timeout)
        except CogdocError as error:
            if child.usable or child.calls == 1 or isinstance(error, TimeLimitError):
                raise
        finally:
            self._give_back(child)
        # What earlier calls left behind in the child may be to blame, so a fresh one has the last word.
        child = self._start()
        try:
            return child.call(function, args, kwargs, self._timeout)
        finally:
            self._give_back(child)

    def _take(self) -> _Child:
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.usable:
                    return child
                self._end(child)
        return self._start()

    def _give_back(self, child: _Child) -> None:
        with self._lock:
            if child.usable:
                self._idle.append(child)
            else:
                self._end(child)

    def _start(self) -> _Child:
        with self._lock:
            if self._closed:
                raise DamagedError("the sandbox is closed")
            child = _Child(self._limits)
            self._children.append(child)
        return child

    def _end(self, child: _Child) -> None:
        child.kill()
        self._children.remove(child)


class _Child:
    """One worker process."""

    def __init__(self, limits: Limits) -> None:
        threads = str(limits.threads)
        environment = os.environ | {"OMP_NUM_THREADS": threads, "COGDOC_WORKER_THREADS": threads}
        # -P: a module of the user's current folder must never be imported in place of a library.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-W", "ignore", "-m", "cogdoc.documents.sandbox_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        self.calls = 0
        self._memory = limits.memory
        self._killed = False
        with contextlib.suppress(OSError):  # a child that is dead already shows at the first call
            self._send(limits)

    @property
    def usable(self) -> bool:
        return not self._killed and self._process.poll() is None and self.calls < PAGES_PER_CHILD

    def call(
        self, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any], timeout: float | None
    ) -> T:
        """Have a function called, and wait for what it gives.

        Raises:
            CogdocError: what the function raised, or what became of the child.
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
            return receive_answer(self._process.stdout, function)  # type: ignore[no-any-return]
        except ResourceError:
            self.kill()  # it may have kept what it had allocated
            raise
        except AnswerError:
            self.kill()
            raise DamagedError("the reader gave back something else than what was read") from None
        except (EOFError, OSError, ValueError):  # ValueError: `close` has closed the streams meanwhile
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
        return DamagedError(f"the reader crashed ({f'signal {-code}' if code < 0 else f'exit code {code}'})")


def try_confinement() -> str:
    """What children are denied on this system, in words: `memory limited to 1536 MB, network refused`."""
    with Sandbox() as sandbox:
        return sandbox.run(describe_confinement)
