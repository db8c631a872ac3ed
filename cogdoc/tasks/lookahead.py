"""Keeps the worker processes busy: work on the next few items starts while the current one is in use."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


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
