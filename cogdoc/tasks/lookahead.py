"""Keep the readers busy: begin the next few things while the current one is being used."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def look_ahead(items: Iterable[T], distance: int, begin: Callable[[T], None]) -> Iterator[T]:
    """Yield `items` in order, having called `begin` on the next `distance` of them; no more are held."""
    waiting: deque[T] = deque()
    for item in items:
        begin(item)
        waiting.append(item)
        if len(waiting) > distance:
            yield waiting.popleft()
    while waiting:
        yield waiting.popleft()
