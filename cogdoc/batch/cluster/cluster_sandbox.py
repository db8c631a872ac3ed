"""A sandbox whose worker processes run on the machines of a cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import cached_property
from importlib.metadata import version
from typing import Any, ParamSpec, TypeVar

from cogdoc.batch.cluster.fetching import FetchedFiles
from cogdoc.batch.cluster.pool import Pool, Report
from cogdoc.batch.cluster.refusal import Refusal, host, refuse, version_error
from cogdoc.documents.sandbox import Sandbox
from cogdoc.errors import CogdocError

P = ParamSpec("P")
T = TypeVar("T")


class ClusterSandbox:
    """Implements `cogdoc.documents.workers.Workers`. All machines see a file under the same path, or by its address."""

    def __init__(self, jobs: int, timeout: float | None, report: Report) -> None:
        """
        Args:
            jobs: how many actors of one CPU each.
            timeout: how many seconds a call may take.
            report: receives messages about actors that died.

        Raises:
            MissingError, ResourceError: see `Pool`.
        """
        import ray

        actor = ray.remote(ParsingActor).options(num_cpus=1, scheduling_strategy="SPREAD")
        self.jobs = jobs
        self._timeout = timeout
        self._lock = threading.Lock()
        self._local: Sandbox | None = None
        self._pool = Pool(
            lambda: actor.remote(timeout, version("cogdoc")), jobs, what="workers of one CPU each", report=report
        )

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a module-level function in a worker process of a free machine."""
        return self._pool.submit(function, args, kwargs)

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`submit`, and wait for the result."""
        return self.submit(function, *args, **kwargs).result()

    def expect(self, calls: int) -> None:
        """Do nothing: the actors are started already."""

    @property
    def local(self) -> Sandbox:
        """A sandbox of one worker process on the driver's machine, started when it is first needed."""
        with self._lock:
            if self._local is None:
                self._local = Sandbox(jobs=1, timeout=self._timeout)
            return self._local

    def close(self) -> None:
        """Kill the actors at once and cancel queued calls."""
        self._pool.close()
        with self._lock:
            if self._local is not None:
                self._local.close()


class ParsingActor:
    """Runs functions in a sandbox of its own, so that a hostile file crashes a child process and not the actor."""

    def __init__(self, timeout: float | None, version: str) -> None:
        self._timeout = timeout
        self._version = version
        self._files = FetchedFiles()

    def greet(self) -> str | Refusal:
        error = version_error(self._version)
        return refuse(error) if error is not None else host()

    def prepare(self) -> None:
        _ = self._sandbox

    def call(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            args = tuple(map(self._files.local_copy, args))
            return self._sandbox.run(function, *args, **kwargs)
        except CogdocError as error:
            return refuse(error, args)

    @cached_property
    def _sandbox(self) -> Sandbox:
        return Sandbox(jobs=1, timeout=self._timeout, threads=1)
