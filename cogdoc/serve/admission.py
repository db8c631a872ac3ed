"""Lets a few requests run at a time and the others wait in order; refuses those for which the queue has no place."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque

from cogdoc.errors import CogdocError, ExitCode

LONGEST_RETRY = 120
"""Seconds."""

_RECENT_SHARE = 0.2
"""The weight of the latest request in the mean duration."""


class BusyError(CogdocError):
    """The queue is full, or a key has used up what it may have."""

    exit_code = ExitCode.RESOURCES

    def __init__(self, message: str, hint: str | None = None, retry_after: int = 1) -> None:
        """
        Args:
            retry_after: seconds after which the client should try again.
        """
        super().__init__(message, hint)
        self.retry_after = retry_after


class Admission:
    """Of one event loop; only `Slot.release` may be called from other threads."""

    def __init__(self, running: int, waiting: int) -> None:
        self.most_running = running
        self.most_waiting = waiting
        self.running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._seconds = 1.0
        """The mean duration of recent requests."""

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def enter(self) -> Slot:
        """Wait for a turn.

        Raises:
            BusyError: too many wait already.
        """
        if self.running >= self.most_running or self._waiting:
            await self._wait()
        else:
            self.running += 1
        return Slot(self)

    async def _wait(self) -> None:
        if self.waiting >= self.most_waiting:
            raise BusyError(
                f"{self.waiting} requests are waiting already", "try again later", retry_after=self._retry_after()
            )
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(None)
            else:
                self._waiting.remove(turn)
            raise

    def leave(self, seconds: float | None) -> None:
        """Give the turn of a request to the next one.

        Args:
            seconds: how long it ran; None if it did not.
        """
        if seconds is not None:
            self._seconds += _RECENT_SHARE * (seconds - self._seconds)
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.running -= 1

    def _retry_after(self) -> int:
        return min(LONGEST_RETRY, max(1, math.ceil(self._seconds * self.waiting / self.most_running)))


class Slot:
    """The right to run; release it once, from any thread."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._loop = asyncio.get_running_loop()
        self._started = time.monotonic()

    def release(self) -> None:
        seconds = time.monotonic() - self._started
        self._loop.call_soon_threadsafe(self._admission.leave, seconds)
