"""Ctrl-C and SIGTERM in the middle of a run: the first ends it after the page in hand, the second at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class StoppedRun(BaseException):
    """A run was asked to stop and did; `signal` says by what."""

    def __init__(self, number: int, *, goes_on: bool) -> None:
        """`goes_on`: the same command would go on where this one stopped."""
        super().__init__(number, goes_on)
        self.signal = number
        self.goes_on = goes_on


class StopRequest:
    """Whether somebody asked the run to stop, and by which signal."""

    def __init__(self) -> None:
        self.signal: int | None = None


@contextmanager
def stop_on_signals(asked: Callable[[], None]) -> Iterator[StopRequest]:
    """While the context lasts, the first signal only sets the request and calls `asked`; the next act as before it."""
    request = StopRequest()
    previous: dict[int, Any] = {}

    def restore() -> None:
        for number, handler in previous.items():
            signal.signal(number, handler)

    def note(number: int, _frame: FrameType | None) -> None:
        restore()
        request.signal = number
        asked()

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if (number := getattr(signal, name, None)) is not None and signal.getsignal(number) is not signal.SIG_IGN:
            previous[number] = signal.signal(number, note)
    try:
        yield request
    finally:
        restore()
