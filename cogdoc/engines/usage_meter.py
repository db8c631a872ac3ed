"""Brings what a model's work takes from the engine that does it to the task that reports it, whatever is in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from cogdoc.results.usage import total_usage
from cogdoc.results.usage_counts import Usage


class UsageMeter:
    """Adds up the usage that is reported while it measures, by the thread that has it measure."""

    def __init__(self) -> None:
        self.total: Usage | None = None
        """None if no model reported anything."""

    @contextmanager
    def measure(self) -> Iterator[None]:
        token = _meter.set(self)
        try:
            yield
        finally:
            _meter.reset(token)


_meter: ContextVar[UsageMeter | None] = ContextVar("usage meter", default=None)


def add_usage(usage: Usage | None) -> None:
    """Report usage to the meter that measures now, if any."""
    meter = _meter.get()
    if meter is not None:
        meter.total = total_usage((meter.total, usage))
