"""Connects to a Ray cluster, and selects and starts engines and sandboxes on it."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cogdoc.batch.cluster.refusal import Refusal, refuse, refuse_panic
from cogdoc.engines.entry import Actors, ClusterSize
from cogdoc.engines.protocol import Engine
from cogdoc.engines.registry import DEFAULT_SECONDS, ENTRIES, find_entry, load_engine, select_engine, select_fallback
from cogdoc.engines.selection import AUTO as AUTO_ENGINE
from cogdoc.engines.selection import EngineRequest, EngineSelection
from cogdoc.errors import CogdocError, MissingError, ResourceError, UsageError

if TYPE_CHECKING:
    from cogdoc.batch.cluster.cluster_sandbox import ClusterSandbox

AUTO = "auto"
"""The address of the cluster that this machine belongs to."""

REACH_SECONDS = 5.0
CONNECT_SECONDS = 30.0
SELECTION_SECONDS = 60.0

_ATTEMPT = "import sys, ray; ray.init(sys.argv[1], log_to_driver=False, logging_level='CRITICAL')"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster, with the resources that it had when it was connected."""

    machines: int
    cpus: int
    gpus: int
    report: Callable[[str], None]

    def select_engine(self, request: EngineRequest) -> EngineSelection:
        """Select an engine as `cogdoc.engines.registry.select_engine` does, but on a machine of the cluster with a GPU.

        Raises:
            UsageError, MissingError, CheckpointError, ResourceError: as there.
        """
        entry = find_entry(request)
        if entry is not None and entry.actors(self._size) is None:
            return select_engine(request)
        if entry is None and request.engine == AUTO_ENGINE and not self.gpus:
            return select_fallback("the cluster has no GPU", request=request)
        if request.model is not None and Path(request.model).is_dir():
            request = replace(request, model=str(Path(request.model).absolute()))
        if request.adapter is not None:
            request = replace(request, adapter=str(Path(request.adapter).absolute()))
        return _select_remotely(request, gpus=1 if self.gpus else 0)

    def load_engine(self, selection: EngineSelection, seconds: float = DEFAULT_SECONDS) -> Engine:
        """Load the engine on the actors that its entry asks for, or in this process if it needs none.

        Raises:
            MissingError, CheckpointError: the machines lack the model or this version of cogdoc.
            ResourceError: the cluster has no room for the engine.
        """
        actors = self._actors(selection)
        if actors is None:
            return load_engine(selection, seconds)
        from cogdoc.batch.cluster.cluster_engine import ClusterEngine

        return ClusterEngine(selection, seconds, actors, self.report)

    def sandbox(self, engine: EngineSelection, jobs: int | None = None, timeout: float | None = None) -> ClusterSandbox:
        """Start a sandbox with `jobs` actors, or one for each CPU that the engine does not use.

        Raises:
            MissingError: the machines lack cogdoc or have another version of it.
            ResourceError: the cluster has no room.
        """
        from cogdoc.batch.cluster.cluster_sandbox import ClusterSandbox

        actors = self._actors(engine)
        reserved = actors.count * actors.cpus if actors is not None else 0
        return ClusterSandbox(jobs or max(1, self.cpus - reserved), timeout, self.report)

    def _actors(self, selection: EngineSelection) -> Actors | None:
        return ENTRIES[selection.name].actors(self._size)

    @property
    def _size(self) -> ClusterSize:
        return ClusterSize(self.machines, self.cpus, self.gpus)


@contextmanager
def connect(address: str, report: Callable[[str], None]) -> Iterator[Cluster]:
    """Connect to the Ray cluster at `address` (`host:port` or `auto`), and disconnect afterwards.

    Args:
        report: receives messages about events that cost time, such as actors that died.

    Raises:
        MissingError: Ray is not installed.
        UsageError: `address` is not an address.
        ResourceError: no cluster answers at `address`.
    """
    # No telemetry, and no messages of Ray among the results on standard output.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError:
        raise MissingError("--cluster needs Ray, which is not installed", 'pip install "cogdoc[ray]"') from None
    _try_connecting(address)
    handlers = _signal_handlers()
    try:
        context = ray.init(address, log_to_driver=False, logging_level=logging.CRITICAL)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise _unreachable(address, str(error)) from None
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)  # Ray replaces them
    _silence()
    try:
        alive = [node for node in ray.nodes() if node["Alive"]]
        resources: dict[str, float] = ray.cluster_resources()
        yield Cluster(len(alive), int(resources.get("CPU", 0)) or 1, int(resources.get("GPU", 0)), report)
    finally:
        context.disconnect()


def _try_connecting(address: str) -> None:
    """Try in a child process first: Ray retries for minutes, prints long messages, and may exit the process."""
    host, _, port = address.rpartition(":")
    if address != AUTO:
        if not (host and port.isdecimal()):
            raise UsageError(f"--cluster: {address!r} is not an address", "write host:port, or auto")
        try:
            socket.create_connection((host, int(port)), REACH_SECONDS).close()
        except OSError as error:
            raise _unreachable(address, error.strerror or str(error)) from None
    try:
        command = [sys.executable, "-P", "-W", "ignore", "-c", _ATTEMPT, address]
        attempt = subprocess.run(command, capture_output=True, text=True, timeout=CONNECT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise _unreachable(address, f"no answer within {CONNECT_SECONDS:g} s") from None
    if attempt.returncode:
        raise _unreachable(address, attempt.stderr.strip().rpartition("\n")[2])


def _unreachable(address: str, reason: str) -> CogdocError:
    hint = "start one with ray start; ray status shows its address"
    if address == AUTO and "any running Ray" in reason:
        return ResourceError("--cluster: this machine belongs to no running Ray cluster", hint)
    return ResourceError(f"--cluster: no Ray cluster at {address}: {' '.join(reason.split())[:200]}", hint)


def _select_remotely(request: EngineRequest, gpus: int) -> EngineSelection:
    import ray

    reference = ray.remote(_select).options(num_cpus=0, num_gpus=gpus, max_retries=3).remote(request)
    try:
        selection = ray.get(reference, timeout=SELECTION_SECONDS)
    except ray.exceptions.GetTimeoutError:
        raise ResourceError("no machine of the cluster has a GPU free", "see: ray status") from None
    except ray.exceptions.RayError as error:
        raise MissingError(
            f"the cluster's workers do not start: {str(error).strip().splitlines()[-1].strip()}",
            'every machine of the cluster needs the same cogdoc: pip install "cogdoc[ray]"',
        ) from None
    if isinstance(selection, Refusal):
        refused = selection.as_error()
        raise type(refused)(f"{selection.host}, a machine of the cluster: {refused.message}", refused.hint)
    assert isinstance(selection, EngineSelection)
    return selection


def _select(request: EngineRequest) -> EngineSelection | Refusal:
    try:
        return select_engine(request)
    except CogdocError as error:
        return refuse(error)
    except BaseException as error:
        return refuse_panic(error)


def _signal_handlers() -> dict[int, Any]:
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}


def _silence() -> None:
    """Keep error messages of Ray's processes off standard output. Ray has no setting for it."""
    import ray._private.worker

    ray._private.worker.print_to_stdstream = lambda *_, **__: None
