"""The protocol of an entry in the registry: how a request selects an engine, and what it reserves on a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cogdoc.engines.selection import EngineRequest, EngineSettings


@dataclass(frozen=True, slots=True)
class Offer:
    """An entry's reply to `auto`: settings for this machine and why it is suitable, or None and why it is not."""

    settings: EngineSettings | None
    reason: str
    announce: bool = False
    """See `EngineSelection.announce`."""


@dataclass(frozen=True, slots=True)
class ClusterSize:
    """The machines of a cluster that are alive, and all their CPUs and GPUs together."""

    machines: int
    cpus: int
    gpus: int


@dataclass(frozen=True, slots=True)
class Actors:
    """How many actors load the engine on a cluster, and the CPUs and GPUs that each of them reserves."""

    count: int
    cpus: int
    gpus: int


class EngineEntry(Protocol):
    """One engine in the registry. Must import nothing heavy before `EngineSettings.load`."""

    name: str
    """The name in results."""
    argument: str
    """What selects it as `--engine`, for help, completion and messages: its name, or a form such as `URL`."""

    def accepts(self, request: EngineRequest) -> bool:
        """Whether `request` asks for this engine: by its name, or by something only this engine has."""
        ...

    def configure(self, request: EngineRequest) -> EngineSettings:
        """Settings for a request that this entry accepts. Reads files where needed, but loads nothing.

        Raises:
            UsageError: the request contradicts itself.
            MissingError, CheckpointError: a model is missing, or is not one of this engine's.
            ResourceError: this machine does not have enough memory for it.
        """
        ...

    def offer(self, request: EngineRequest) -> Offer | None:
        """Whether `auto` should take this engine on this machine; None for engines that only run on request."""
        ...

    def actors(self, cluster: ClusterSize) -> Actors | None:
        """The actors that load this engine on a cluster; None if it is loaded in the driver's process only.

        An engine with actors is also configured on a machine of the cluster, because its model is stored there.
        """
        ...
