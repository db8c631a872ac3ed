"""The way into a cluster: `connect`, and what can be had there."""

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

from cogdoc.batch.cluster.refusal import Refusal, refuse
from cogdoc.engines.protocol import Engine
from cogdoc.engines.registry import EngineRequest, EngineSelection, load_engine, select_engine
from cogdoc.errors import CogdocError, MissingError, ResourceError, UsageError

if TYPE_CHECKING:
    from cogdoc.batch.cluster.readers import ClusterSandbox

AUTO = "auto"
"""The cluster that this machine belongs to."""

REACH_SECONDS = 5.0
CONNECT_SECONDS = 30.0
CHOICE_SECONDS = 60.0

_ATTEMPT = "import sys, ray; ray.init(sys.argv[1], log_to_driver=False, logging_level='CRITICAL')"


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a cluster has, as it was when it was connected to."""

    machines: int
    cpus: int
    gpus: int
    report: Callable[[str], None]

    def select_engine(self, wish: EngineRequest) -> EngineSelection:
        """`cogdoc.engines.registry.select_engine`, as one of the machines with a GPU sees it.

        Raises:
            UsageError, MissingError, CheckpointError, ResourceError: as there.
        """
        if wish.engine == "builtin":
            return select_engine(wish)
        if wish.engine == "auto" and wish.model is None and not self.gpus:
            return EngineSelection("builtin", "the cluster has no GPU")
        if wish.model is not None and Path(wish.model).is_dir():
            wish = replace(wish, model=str(Path(wish.model).absolute()))
        return _choose_remotely(wish, gpus=1 if self.gpus else 0)

    def load_engine(self, choice: EngineSelection, seconds: float = 300.0) -> Engine:
        """`cogdoc.engines.registry.load_engine`, on every GPU; without any, on half the processors of every machine.

        Raises:
            MissingError, CheckpointError: the machines have not the model, or not this cogdoc.
            ResourceError: the cluster has no room for it.
        """
        if choice.deep is None:
            return load_engine(choice)  # its work is done by the readers
        from cogdoc.batch.cluster.engine import ClusterEngine, Room

        room = Room(cpus=self._engine_cpus, gpus=1 if self.gpus else 0)
        return ClusterEngine(choice, seconds, self._engines, room, self.report)

    def sandbox(self, engine: EngineSelection, jobs: int | None = None, timeout: float | None = None) -> ClusterSandbox:
        """Readers on all CPUs that the engine leaves over, or as many as `jobs` says.

        Raises:
            MissingError: cogdoc is missing on the machines, or another version of it is there.
            ResourceError: the cluster has no room.
        """
        from cogdoc.batch.cluster.readers import ClusterSandbox

        taken = self._engines * self._engine_cpus if engine.deep is not None else 0
        return ClusterSandbox(jobs or max(1, self.cpus - taken), timeout, self.report)

    @property
    def _engines(self) -> int:
        return self.gpus or self.machines

    @property
    def _engine_cpus(self) -> int:
        """Of each engine: with a GPU, for the child that draws its pages."""
        return 1 if self.gpus else max(1, self.cpus // self.machines // 2)


@contextmanager
def connect(address: str, report: Callable[[str], None]) -> Iterator[Cluster]:
    """A connection to the Ray cluster at `address` (`host:port`, or `auto`), for as long as it is needed.

    Args:
        report: told, in a line each, of what happens on the cluster and costs time: workers that are lost.

    Raises:
        MissingError: Ray is not installed.
        UsageError: that is no address.
        ResourceError: no cluster answers there.
    """
    # No telemetry; and Ray's own messages on standard output would stand among the results.
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
            signal.signal(number, handler)  # Ray has put its own in their place
    _silence()
    try:
        alive = [node for node in ray.nodes() if node["Alive"]]
        resources: dict[str, float] = ray.cluster_resources()
        yield Cluster(len(alive), int(resources.get("CPU", 0)) or 1, int(resources.get("GPU", 0)), report)
    finally:
        context.disconnect()


def _try_connecting(address: str) -> None:
    """Find out in a process of its own: Ray tries for minutes, says so at length, and may end the process."""
    host, _, port = address.rpartition(":")
    if address != AUTO:
        if not (host and port.isdecimal()):
            raise UsageError(f"--cluster: {address!r} is no address", "write host:port, or auto")
        try:
            socket.create_connection((host, int(port)), REACH_SECONDS).close()
        except OSError as error:
            raise _unreachable(address, error.strerror or str(error)) from None
    try:
        command = [sys.executable, "-P", "-W", "ignore", "-c", _ATTEMPT, address]
        tried = subprocess.run(command, capture_output=True, text=True, timeout=CONNECT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise _unreachable(address, f"no answer within {CONNECT_SECONDS:g} s") from None
    if tried.returncode:
        raise _unreachable(address, tried.stderr.strip().rpartition("\n")[2])


def _unreachable(address: str, reason: str) -> CogdocError:
    hint = "ray start starts one; ray status tells its address"
    if address == AUTO and "any running Ray" in reason:
        return ResourceError("--cluster: this machine belongs to no running Ray cluster", hint)
    return ResourceError(f"--cluster: no Ray cluster at {address}: {' '.join(reason.split())[:200]}", hint)


def _choose_remotely(wish: EngineRequest, gpus: int) -> EngineSelection:
    import ray

    chosen = ray.remote(_choose).options(num_cpus=0, num_gpus=gpus, max_retries=3).remote(wish)
    try:
        choice = ray.get(chosen, timeout=CHOICE_SECONDS)
    except ray.exceptions.GetTimeoutError:
        raise ResourceError("no machine of the cluster has a GPU free", "see: ray status") from None
    except ray.exceptions.RayError as error:
        raise MissingError(
            f"the cluster's workers do not start: {str(error).strip().splitlines()[-1].strip()}",
            'every machine of the cluster needs the same cogdoc: pip install "cogdoc[ray]"',
        ) from None
    if isinstance(choice, Refusal):
        refused = choice.as_error()
        raise type(refused)(f"{choice.host}, a machine of the cluster: {refused.message}", refused.hint)
    assert isinstance(choice, EngineSelection)
    return choice


def _choose(wish: EngineRequest) -> EngineSelection | Refusal:
    try:
        return select_engine(wish)
    except CogdocError as error:
        return refuse(error)


def _signal_handlers() -> dict[int, Any]:
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}


def _silence() -> None:
    """Keep what Ray's processes have to say of their failures off standard output; it has no setting for that."""
    import ray._private.worker

    ray._private.worker.print_to_stdstream = lambda *_, **__: None
