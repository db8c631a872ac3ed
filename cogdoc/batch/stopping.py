"""Ctrl-C and SIGTERM during a run: the first signal ends it after the current page, the second at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class StoppedRun(BaseException):
    """A run ended early because of a signal."""

    def __init__(self, number: int, *, resumable: bool) -> None:
        """
        Args:
            number: the signal.
            resumable: whether the same command continues where this run stopped.
        """
        super().__init__(number, resumable)
        self.signal = number
        self.resumable = resumable


class StopRequest:
    """The signal that asks the run to stop, or None."""

    def __init__(self) -> None:
        self.signal: int | None = None


@contextmanager
def stop_on_signals(on_request: Callable[[], None]) -> Iterator[StopRequest]:
    """Let the first signal only set the request and call `on_request`; restore the signal handlers after it."""
    request = StopRequest()
    previous: dict[int, Any] = {}

    def restore() -> None:
        for number, handler in previous.items():
            signal.signal(number, handler)

    def handle(number: int, _frame: FrameType | None) -> None:
        restore()
        request.signal = number
        on_request()

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if (number := getattr(signal, name, None)) is not None and signal.getsignal(number) is not signal.SIG_IGN:
            previous[number] = signal.signal(number, handle)
    try:
        yield request
    finally:
        restore()
