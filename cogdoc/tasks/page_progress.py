"""Tells who listens in this thread which page is being read, and when it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

from cogdoc.parsing.page import Page

R = TypeVar("R")


class PageListener(Protocol):
    def page_begun(self, number: int) -> None: ...

    def page_done(self, number: int) -> None: ...


_listener: ContextVar[PageListener | None] = ContextVar("page_listener", default=None)


@contextmanager
def listening(listener: PageListener) -> Iterator[None]:
    """Let `listener` know of the pages that this thread, and those that it starts for them, work on."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def page_in_work(number: int) -> Iterator[None]:
    listener = _listener.get()
    if listener is not None:
        listener.page_begun(number)
    try:
        yield
    finally:
        if listener is not None:
            listener.page_done(number)


def watched(function: Callable[[Page], R]) -> Callable[[Page], R]:
    """`function`, which tells the listener of each page."""

    def work(page: Page) -> R:
        with page_in_work(page.number):
            return function(page)

    return work
