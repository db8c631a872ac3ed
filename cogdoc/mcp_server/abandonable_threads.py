"""Runs work that blocks, for an event loop, in threads that end with the process: no client waits for them then."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")

AT_A_TIME = 8
"""Calls that run side by side; others wait."""


class AbandonableThreads:
    """Gives each call a thread. If the one who awaits it is cancelled, its result is dropped."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(AT_A_TIME)

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work`, or its error."""
        async with self._slots:
            loop = asyncio.get_running_loop()
            future: asyncio.Future[T] = loop.create_future()

            def settle(result: T | None, error: BaseException | None) -> None:
                if future.done():
                    return
                if error is not None:
                    future.set_exception(error)
                else:
                    future.set_result(result)  # type: ignore[arg-type]  # `work` may return None itself

            def call() -> None:
                result, failure = None, None
                try:
                    result = work()
                except BaseException as error:  # panics of Rust libraries are no `Exception`
                    failure = error
                with suppress(RuntimeError):  # the loop is closed: nobody waits
                    loop.call_soon_threadsafe(settle, result, failure)

            threading.Thread(target=call, name="cogdoc-tool", daemon=True).start()
            return await future
