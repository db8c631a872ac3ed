"""Ctrl-C and SIGTERM during a run: the first signal ends it after the current page, the second at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class StoppedRun(BaseException):
    """A run ended early because of a signal."""

    def __init__(self, signum: int, *, resumable: bool) -> None:
        """
        Args:
            signum: the signal that ended it.
            resumable: whether the same command continues where this run stopped.
        """
        super().__init__(signum, resumable)
        self.signal = signum
        self.resumable = resumable


class StopRequest:
    """The signal that asks the run to stop, or None."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self._end: Callable[[], None] | None = None

    @contextmanager
    def immediate(self, end: Callable[[], None]) -> Iterator[None]:
        """Let a signal call `end` at once inside the context: what waits there may never come.

        Args:
            end: raises the exception that ends the run.
        """
        self._end = end
        try:
            if self.signal is not None:
                end()
            yield
        finally:
            self._end = None

    def arrived(self, signum: int) -> None:
        self.signal = signum
        if self._end is not None:
            self._end()


@contextmanager
def stop_on_signals(on_request: Callable[[], None]) -> Iterator[StopRequest]:
    """Let the first signal only set the request and call `on_request`; restore the signal handlers after it.

    Signals that are ignored stay ignored.
    """
    request = StopRequest()
    previous: dict[int, Any] = {}

    def restore() -> None:
        for signum, handler in previous.items():
            signal.signal(signum, handler)

    def handle(signum: int, _frame: FrameType | None) -> None:
        restore()
        request.arrived(signum)
        on_request()

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if (signum := getattr(signal, name, None)) is not None and signal.getsignal(signum) is not signal.SIG_IGN:
            previous[signum] = signal.signal(signum, handle)
    try:
        yield request
    finally:
        restore()
