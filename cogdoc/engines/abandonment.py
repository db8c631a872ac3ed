"""Tells the work on a result whether anybody still wants it, as when a loop over results was left early."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_checks: ContextVar[tuple[Callable[[], bool], ...]] = ContextVar("abandonment checks", default=())


@contextmanager
def abandonable(is_abandoned: Callable[[], bool]) -> Iterator[None]:
    """Let the work that this thread does meanwhile be given up as soon as `is_abandoned` returns true."""
    token = _checks.set((*_checks.get(), is_abandoned))
    try:
        yield
    finally:
        _checks.reset(token)


def abandonment() -> Callable[[], bool]:
    """Whether the work that this thread does now is given up: a function for any thread."""
    checks = _checks.get()
    return lambda: any(check() for check in checks)
