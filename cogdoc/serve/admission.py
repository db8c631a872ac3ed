"""Lets a few requests run at a time, and the others wait in the order in which they came."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from contextlib import suppress

from cogdoc.errors import CogdocError, ExitCode

LONGEST_RETRY = 120
"""Seconds."""

_RECENT_SHARE = 0.2
"""The weight of the latest request in the mean duration."""


class BusyError(CogdocError):
    """There is no place for one more request, or a key has used up what it may have."""

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

    def __init__(self, running: int) -> None:
        self.most_running = running
        self.running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._seconds = 1.0
        """The mean duration of recent requests."""

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def enter(self) -> Slot:
        """Wait for a turn."""
        if self.running >= self.most_running or self._waiting:
            await self._wait()
        else:
            self.running += 1
        return Slot(self)

    def retry_after(self) -> int:
        """Seconds after which those that wait now have probably run."""
        return min(LONGEST_RETRY, max(1, math.ceil(self._seconds * self.waiting / self.most_running)))

    async def _wait(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(None)
            elif turn in self._waiting:
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


class Slot:
    """The right to run; release it once, from any thread."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._loop = asyncio.get_running_loop()
        self._started = time.monotonic()

    def release(self) -> None:
        seconds = time.monotonic() - self._started
        with suppress(RuntimeError):  # the loop is closed: the server has ended
            self._loop.call_soon_threadsafe(self._admission.leave, seconds)
