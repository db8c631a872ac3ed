"""The protocol of worker pools that open files: this machine's sandbox, or a cluster of machines."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class KeptResult(Future[T], Generic[T]):
    """A result that was kept from an earlier call."""

    def __init__(self, result: T) -> None:
        super().__init__()
        self.set_result(result)


class Workers(Protocol):
    """Runs functions in processes where a hostile file can do no harm. Thread-safe."""

    jobs: int
    """The number of calls that run at the same time."""

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a module-level function; its result must have the type that it is annotated with.

        The future raises the `CogdocError` that the function raises, or one that says why the call failed.
        """
        ...

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`submit`, and wait for the result."""
        ...

    def expect(self, calls: int) -> None:
        """Say how many calls of a short time each follow, so that as many processes start at once as are worth it."""
        ...

    @property
    def local(self) -> Workers:
        """Workers on this machine, for files that only it has."""
        ...

    def close(self) -> None:
        """End the worker processes at once; waiting calls are cancelled."""
        ...
