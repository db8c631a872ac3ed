"""What it takes to be a place where files are opened: this machine's sandbox, or a cluster of machines."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Workers(Protocol):
    """Runs functions where a hostile file can do no harm. Safe to use from several threads."""

    jobs: int
    """How many calls run at the same time."""

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a module-level function; its result has to be of the type that it is annotated with.

        The future raises the `CogdocError` that the function raised, or that says what became of the call.
        """
        ...

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`submit`, and wait for the result."""
        ...

    def close(self) -> None:
        """End the work at once; calls that wait are cancelled."""
        ...
