"""The parent's side of one worker process: starts it, sends calls, receives replies, and kills it.

A worker process is a plain Python process that receives calls on a socket and replies on a pipe. Unlike
`multiprocessing`, this does not fork a process that has threads, and does not import the user's main module again, so
that the Python API works in a script without a main guard.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from cogdoc.documents.confinement.limits import Limits, check_status, open_status
from cogdoc.documents.confinement.program_files import program_files
from cogdoc.documents.open_request import OpenRequest, open_regular_file
from cogdoc.documents.worker_replies import ReplyError, receive_reply
from cogdoc.documents.worker_requests import Channel, send_request
from cogdoc.errors import CogdocError, DamagedError, ResourceError, TimeLimitError

T = TypeVar("T")

CALLS_PER_PROCESS = 500
"""A worker process is replaced after this many calls, so that leaks in native code cannot add up."""

MAIN_PROGRAM = Path(__file__).with_name("sandbox_worker.py")

WATCH_SECONDS = 0.25
"""How often the memory of a worker process is measured during a call."""

CLOCK_TICKS = os.sysconf("SC_CLK_TCK") if sys.platform != "win32" else 1
"""Units of a second in which Linux counts processor time."""

PASSED_VARIABLES = ("LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "SYSTEMROOT")
"""Environment variables that a worker process may see. Others hold secrets of the user."""


KEPT_BLOCK, KEPT_MEMORY = 64 << 20, 256 << 20
"""Bytes of a freed block, and of all of them, that the C library (glibc) keeps for the next allocation. Otherwise the
networks wait for the kernel to give them the same memory again for each step of each page, a fifth longer in all. The
price is memory: gaps between kept blocks add up in steps of 62 MB, by chance. Laying out the same 30 pages took 500 to
620 MB in different runs; with blocks of 32 MB it took 420 MB."""


class WorkerProcess:
    """One worker process. One thread at a time communicates with it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        # Windows cannot send descriptors: requests go through a pipe there, and worker processes open files themselves.
        own, others = (None, None) if sys.platform == "win32" else socket.socketpair()
        # -I and -S: neither the environment nor site-packages add code; -B: nothing is written.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", "-W", "ignore", str(MAIN_PROGRAM)],
            stdin=subprocess.PIPE if others is None else others.fileno(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(limits.threads),
            cwd=MAIN_PROGRAM.parent,
        )
        if others:
            others.close()
        self._channel: Channel = own or self._process.stdin  # type: ignore[assignment]
        self._started = time.monotonic()
        self.calls = 0
        self.document: OpenRequest | None = None
        """The document that it read last."""
        self._killed = False
        self._status = open_status(self._process.pid)
        with contextlib.suppress(OSError):  # if the process is dead already, the first call reports it
            send_request(self._channel, (limits, program_files()))

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
        with _open_files(args, kwargs) as (sent_args, sent_kwargs, descriptors), self._watch(timeout) as exceeded:
            try:
                self._pause(False)
                call_id = send_request(self._channel, (function, sent_args, sent_kwargs), descriptors)
                return receive_reply(self._process.stdout, call_id, function)  # type: ignore[no-any-return]
            except ResourceError:
                self.kill()  # it may still hold the memory that it allocated
                raise
            except ReplyError:
                self.kill()
                raise DamagedError("the worker process sent something other than a result") from None
            except (EOFError, OSError, ValueError):  # ValueError: `close` closed the streams meanwhile
                self.kill()
                if exceeded:
                    raise exceeded[0] from None
                raise self._describe_end() from None
            finally:
                self._pause(True)

    def processor_seconds(self) -> float:
        """The processor time that it has taken so far; on other systems than Linux the time since it was started."""
        try:
            times = Path(f"/proc/{self._process.pid}/stat").read_bytes().rpartition(b")")[2].split()[11:13]
        except OSError:
            return time.monotonic() - self._started
        return sum(map(int, times)) / CLOCK_TICKS

    def kill(self) -> None:
        self._killed = True
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()
        for stream in (self._channel, self._process.stdout, self._status):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _pause(self, paused: bool) -> None:
        """Stop the process between calls, when nobody watches what threads that a document left behind do.

        Only on Linux, where a stopped process also ends with its parent.
        """
        if sys.platform == "linux" and not self._killed:
            self._process.send_signal(signal.SIGSTOP if paused else signal.SIGCONT)

    @contextmanager
    def _watch(self, timeout: float | None) -> Iterator[list[CogdocError]]:
        """Kill the worker process once the call takes too long, too much memory or too many threads.

        The list then tells which.
        """
        exceeded: list[CogdocError] = []
        ended = threading.Event()
        deadline = time.monotonic() + timeout if timeout else None

        def watch() -> None:
            while not ended.wait(WATCH_SECONDS):
                try:
                    if deadline and time.monotonic() > deadline:
                        raise TimeLimitError(f"took longer than {timeout:g} s", "raise --timeout")
                    if self._status:
                        check_status(self._status, self._limits)
                except CogdocError as error:
                    exceeded.append(error)
                except (OSError, ValueError):  # it has ended, or `kill` closed the file
                    pass
                else:
                    continue
                self._process.kill()
                return

        watcher = threading.Thread(target=watch, name="cogdoc-watch", daemon=True)
        watcher.start()
        try:
            yield exceeded
        finally:
            ended.set()
            watcher.join()

    def _describe_end(self) -> CogdocError:
        code = self._process.returncode
        if sys.platform != "win32" and code == -signal.SIGXCPU:
            return TimeLimitError("took too much processor time", "raise --timeout")
        reason = f"signal {-code}" if code < 0 else f"exit code {code}"
        return DamagedError(f"the worker process crashed ({reason})")


def _environment(threads: int) -> dict[str, str]:
    passed = {name: value for name in PASSED_VARIABLES if (value := os.environ.get(name)) is not None}
    # pydantic would search all packages for plugins.
    own = {
        "OMP_NUM_THREADS": str(threads),
        "COGDOC_WORKER_THREADS": str(threads),
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
        "MALLOC_MMAP_THRESHOLD_": str(KEPT_BLOCK),
        "MALLOC_TRIM_THRESHOLD_": str(KEPT_MEMORY),
    }
    return passed | own


@contextmanager
def _open_files(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Iterator[tuple[tuple[Any, ...], dict[str, Any], list[int]]]:
    """Open the files of all requests among the arguments, and replace each by the index of its descriptor."""
    if sys.platform == "win32":
        yield args, kwargs, []
        return
    descriptors: list[int] = []

    def opened(argument: object) -> object:
        if not isinstance(argument, OpenRequest):
            return argument
        descriptors.append(open_regular_file(argument.path))
        return argument.with_descriptor(len(descriptors) - 1)

    try:
        sent_args = tuple(map(opened, args))
        yield sent_args, {name: opened(value) for name, value in kwargs.items()}, descriptors
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
