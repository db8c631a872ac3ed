"""Runs blocking work in a thread, and passes its events to the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from cogdoc.errors import ResourceError

T = TypeVar("T")

QUEUED_EVENTS = 64
"""A thread waits while its reader is this many events behind."""


class AbandonedError(Exception):
    """Nobody needs the rest of a thread's events."""


@dataclass(frozen=True, slots=True)
class _End:
    """Comes after the last event."""

    error: BaseException | None


class Events(Generic[T]):
    """The events of a thread, in order."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[T | _End] = asyncio.Queue()
        self._free = threading.Semaphore(QUEUED_EVENTS)
        self._abandoned = threading.Event()

    @property
    def abandoned(self) -> bool:
        return self._abandoned.is_set()

    def emit(self, event: T) -> None:
        """Pass an event on; of the thread.

        Raises:
            AbandonedError: nobody needs it.
        """
        self._free.acquire()
        if self.abandoned:
            raise AbandonedError
        self._put(event)

    def end(self, error: BaseException | None) -> None:
        """Say that no more events come; of the thread."""
        self._put(_End(error))

    def abandon(self) -> None:
        self._abandoned.set()
        self._free.release(QUEUED_EVENTS)

    async def __aiter__(self) -> AsyncIterator[T]:
        try:
            while not isinstance(event := await self._queue.get(), _End):
                self._free.release()
                yield event
            if event.error is not None:
                raise event.error
        finally:
            self.abandon()

    async def first(self) -> T:
        """The first event, of a thread that has only one."""
        async for event in self:
            return event
        raise AbandonedError

    def _put(self, event: T | _End) -> None:
        with suppress(RuntimeError):  # the loop is closed: the server has ended
            self._loop.call_soon_threadsafe(self._queue.put_nowait, event)


def start_thread(work: Callable[[Events[T]], None], release: Callable[[], None]) -> Events[T]:
    """Run `work` in a thread; iterate over the result for its events, and what it raises.

    Args:
        release: called once the thread has ended, also if nobody reads the events; frees what the work has taken.

    Raises:
        ResourceError: the system refuses to start a thread.
    """
    events: Events[T] = Events()

    def run() -> None:
        failure: BaseException | None = None
        try:
            work(events)
        except AbandonedError:
            pass
        except BaseException as error:  # panics of Rust libraries are no `Exception`
            failure = error
        finally:
            release()
            events.end(failure)

    try:
        threading.Thread(target=run, name="cogdoc-request", daemon=True).start()
    except RuntimeError as error:
        release()
        raise ResourceError(f"the system refuses to start a thread: {error}") from None
    return events
