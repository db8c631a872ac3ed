"""Keeps worker processes and models busy: work on the next items starts while the current one is in use."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextvars import copy_context
from typing import TypeVar

from cogdoc.engines.abandonment import abandonable, abandonment

T = TypeVar("T")
R = TypeVar("R")


def look_ahead(items: Iterable[T], distance: int, begin: Callable[[T], None]) -> Iterator[T]:
    """Yield `items` in order; `begin` is called on each of them `distance` items ahead of time."""
    started: deque[T] = deque()
    for item in items:
        begin(item)
        started.append(item)
        if len(started) > distance:
            yield started.popleft()
    while started:
        yield started.popleft()


def map_side_by_side(function: Callable[[T], R], items: Iterable[T], at_a_time: int) -> Iterator[R]:
    """Yield the results of `function` in the order of the items, working on up to `at_a_time` of them in threads.

    Closing the iterator gives up those in work, see `abandonment`.
    """
    if at_a_time == 1:
        yield from map(function, items)
        return
    outer, closed = abandonment(), threading.Event()

    def work(item: T) -> R:
        with abandonable(outer), abandonable(closed.is_set):
            return function(item)

    started: deque[Future[R]] = deque()
    try:
        for item in items:
            started.append(_in_thread(work, item))
            if len(started) == at_a_time:
                yield started.popleft().result()
        while started:
            yield started.popleft().result()
    finally:
        closed.set()


def _in_thread(function: Callable[[T], R], item: T) -> Future[R]:
    future: Future[R] = Future()

    def run() -> None:
        try:
            future.set_result(function(item))
        except BaseException as error:
            future.set_exception(error)

    # Not of a pool, whose threads Python waits for: whoever stops early does not wait for pages that nobody needs.
    context = copy_context()  # with who listens to the model
    threading.Thread(target=context.run, args=(run,), name="cogdoc-item", daemon=True).start()
    return future
