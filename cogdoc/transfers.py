"""Runs calls that wait for another machine, with limits on their time; the end of the run ends them as well."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from cogdoc.errors import TimeLimitError

T = TypeVar("T")

MIN_IDLE_SECONDS = 5.0
MAX_IDLE_SECONDS = 60.0
MIN_BYTES_PER_SECOND = 1024
"""A slower transfer counts as idle: a server that sends a byte every few seconds must not keep a run waiting."""

POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class TransferLimits:
    idle: float = MAX_IDLE_SECONDS
    """Seconds in which an answer must begin, and in which at least `MIN_BYTES_PER_SECOND` must arrive on average."""

    @property
    def total(self) -> float:
        """Seconds for a transfer as a whole: an hour by default."""
        return 60 * self.idle

    @property
    def listing(self) -> float:
        """Seconds for listing one folder of a store, which arrives in many answers."""
        return 5 * self.idle

    @staticmethod
    def for_page_limit(seconds: float) -> TransferLimits:
        """The limits that belong to a time limit for each page."""
        return TransferLimits(min(MAX_IDLE_SECONDS, max(MIN_IDLE_SECONDS, seconds)))


class TransferEnded(Exception):  # noqa: N818 - a signal to the thread of the transfer, not an error that users see
    """Nobody waits for this transfer anymore."""


class Transfer:
    """Counts the bytes of a running transfer."""

    def __init__(self, limits: TransferLimits, total: float) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._count = 0
        self._ended = False
        self._deadline = time.monotonic() + total
        self._window_end = time.monotonic() + min(limits.idle, total)
        self._window_count = 0

    @contextmanager
    def advance(self, count: int) -> Iterator[None]:
        """Count bytes that have arrived; what the body does with them happens only while the transfer goes on.

        Raises:
            TransferEnded: it was given up.
        """
        with self._lock:
            if self._ended:
                raise TransferEnded
            self._count += count
            yield

    def check(self) -> None:
        """
        Raises:
            TimeLimitError: the transfer takes too long.
        """
        now = time.monotonic()
        if now >= self._window_end:
            arrived = self._count - self._window_count
            if arrived < MIN_BYTES_PER_SECOND * self._limits.idle:
                what = f"sends only {arrived:,} bytes" if arrived else "does not answer"
                raise TimeLimitError(f"the server {what} within {self._limits.idle:g} s")
            self._window_end, self._window_count = now + self._limits.idle, self._count
        if now >= self._deadline:
            raise TimeLimitError("the transfer takes too long", "is the server slow? --timeout changes the limit")

    def end(self) -> None:
        with self._lock:
            self._ended = True


class _Outcome(Generic[T]):
    def __init__(self) -> None:
        self.done = threading.Event()
        self.result: T
        self.error: BaseException | None = None


_interruption: Callable[[], None] | None = None
"""Called again and again while the main thread waits; may raise."""


@contextmanager
def interrupted_by(check: Callable[[], None]) -> Iterator[None]:
    """Let `check` end transfers that the main thread waits for, by raising an exception."""
    global _interruption
    previous, _interruption = _interruption, check
    try:
        yield
    finally:
        _interruption = previous


def check_interruption() -> None:
    """Raise what ends the run, if anything does; for loops of the main thread that wait for a transfer."""
    if _interruption is not None and threading.current_thread() is threading.main_thread():
        _interruption()


def run_transfer(work: Callable[[Transfer], T], limits: TransferLimits, total: float | None = None) -> T:
    """Run `work` in a thread of its own and wait for it as long as the limits allow.

    The thread of a transfer that is given up ends at its next byte, or at a time limit of the library that it uses.
    It does not delay the end of the process.

    Args:
        work: receives the object that counts its bytes.
        total: seconds for all of it; by default `limits.total`. Up to `limits.idle` without any byte is allowed.

    Raises:
        TimeLimitError: it takes too long.
    """
    transfer = Transfer(limits, limits.total if total is None else total)
    outcome: _Outcome[T] = _Outcome()

    def run() -> None:
        try:
            outcome.result = work(transfer)
        except BaseException as error:
            outcome.error = error
        finally:
            outcome.done.set()

    threading.Thread(target=run, name="cogdoc-transfer", daemon=True).start()
    try:
        while not outcome.done.wait(POLL_SECONDS):
            check_interruption()
            transfer.check()
    finally:
        transfer.end()
    if outcome.error is not None:
        raise outcome.error
    return outcome.result


def run_call(work: Callable[[], T], limits: TransferLimits, total: float | None = None) -> T:
    """`run_transfer` for a call that cannot count bytes: it must return within `total`, by default `limits.idle`."""
    seconds = limits.idle if total is None else total
    return run_transfer(lambda _transfer: work(), TransferLimits(seconds), seconds)
