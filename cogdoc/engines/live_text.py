"""Brings an answer's text, while a model writes it, to whoever wants to show it, whatever is in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LivePiece:
    """The next piece of what a model answers to a question from one page. The answer may come from another page."""

    question: str
    page: int
    text: str


@contextmanager
def listen(listener: Callable[[LivePiece], None]) -> Iterator[None]:
    """Call `listener` with each piece, in the threads that wait for the model; what it raises ends the answer."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def live_text(question: str, page: int) -> Callable[[str], None] | None:
    """What to call with the pieces of an answer; None if nobody listens."""
    listener = _listener.get()
    if listener is None:
        return None
    return lambda text: listener(LivePiece(question, page, text))


_listener: ContextVar[Callable[[LivePiece], None] | None] = ContextVar("listener to live text", default=None)
