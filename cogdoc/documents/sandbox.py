"""Child processes in which files are opened, drawn and literally read.

A crash, a hang or a memory blow-up of native code there is an error of the page that was being read; the
parent goes on with a fresh child. Two children are also twice as fast as one, where threads bring nothing.

The children are plain `python -m` processes that speak length-prefixed pickles over their standard streams:
unlike `multiprocessing`, this neither forks a process that has threads nor imports the user's main module
again, so that the Python API works in a script without a main guard.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, BinaryIO, ParamSpec, TypeVar

from cogdoc.errors import DamagedError, TimeLimitError

P = ParamSpec("P")
T = TypeVar("T")

HEADER = struct.Struct("<Q")
DEFAULT_TIMEOUT = 300.0
"""Seconds after which a page is given up: OCR of the densest page takes a tenth of it."""

PAGES_PER_CHILD = 500
"""A child is replaced after as many calls, so that a leak in native code cannot add up."""


class Sandbox:
    """A pool of children; each of its threads speaks to one of them."""

    def __init__(self, jobs: int = 1, timeout: float | None = DEFAULT_TIMEOUT) -> None:
        """
        Args:
            jobs: how many children work at the same time.
            timeout: seconds a call may take before its child is killed; None for no limit.
        """
        self.jobs = jobs
        self._timeout = timeout
        self._children: list[_Child] = []
        self._local = threading.local()
        self._lock = threading.Lock()
        self._closed = False
        self._pool = ThreadPoolExecutor(jobs, thread_name_prefix="cogdoc-sandbox")

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a module-level function in a child.

        The future raises what the function raised, `DamagedError` where the child died, and
        `TimeLimitError` where it took too long.
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
        child: _Child | None = getattr(self._local, "child", None)
        if child is None or not child.usable:
            child = self._replace(child)
        outcome, value = child.call((function, args, kwargs), self._timeout)
        if outcome == "raised":
            raise value
        return value  # type: ignore[no-any-return]

    def _replace(self, old: _Child | None) -> _Child:
        with self._lock:
            if self._closed:
                raise DamagedError("the sandbox is closed")
            if old is not None:
                old.kill()
                self._children.remove(old)
            child = _Child(threads=max(1, (os.cpu_count() or 1) // self.jobs))
            self._children.append(child)
        self._local.child = child
        return child


class _Child:
    """One worker process."""

    def __init__(self, threads: int) -> None:
        environment = os.environ | {"OMP_NUM_THREADS": str(threads), "COGDOC_WORKER_THREADS": str(threads)}
        # -P: a module of the user's current folder must never be imported in place of a library.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-W", "ignore", "-m", "cogdoc.documents.sandbox_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        self._calls = 0

    @property
    def usable(self) -> bool:
        return self._process.poll() is None and self._calls < PAGES_PER_CHILD

    def call(self, request: object, timeout: float | None) -> tuple[str, Any]:
        """Send one request and wait for its answer: `("returned", value)` or `("raised", error)`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._calls += 1
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            self._process.kill()

        timer = threading.Timer(timeout, expire) if timeout else None
        if timer:
            timer.daemon = True
            timer.start()
        try:
            send(self._process.stdin, request)
            return receive(self._process.stdout)  # type: ignore[no-any-return]
        except (EOFError, OSError, ValueError):  # ValueError: `close` has closed the streams meanwhile
            self.kill()
            if expired.is_set():
                raise TimeLimitError(f"took longer than {timeout:g} s", "raise --timeout") from None
            raise DamagedError(f"the reader crashed ({_describe_end(self._process.returncode)})") from None
        finally:
            if timer:
                timer.cancel()

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def send(stream: BinaryIO | Any, message: object) -> None:
    """Write one message: its length in eight bytes, then its pickle."""
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    stream.write(HEADER.pack(len(body)))
    stream.write(body)
    stream.flush()


def receive(stream: BinaryIO | Any) -> Any:
    """Read one message.

    Raises:
        EOFError: the other side is gone.
    """
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        raise EOFError
    (length,) = HEADER.unpack(header)
    body = stream.read(length)
    if len(body) < length:
        raise EOFError
    return pickle.loads(body)


def _describe_end(code: int | None) -> str:
    if code is None:
        return "for an unknown reason"
    if code < 0:
        return f"signal {-code}"
    return f"exit code {code}"
