"""The built-in engine in the registry: always available, so `auto` falls back on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cogdoc.engines.entry import Actors, ClusterSize, Offer
from cogdoc.engines.generation import refuse_options
from cogdoc.engines.selection import EngineRequest, Progress
from cogdoc.errors import UsageError

if TYPE_CHECKING:
    from cogdoc.engines.protocol import Engine


@dataclass(frozen=True, slots=True)
class BuiltinSettings:
    """Implements `cogdoc.engines.selection.EngineSettings`; there is nothing to set."""

    advice: None = None
    notice: None = None

    def load(self, seconds: float, progress: Progress | None = None) -> Engine:  # noqa: ARG002  of the protocol
        from cogdoc.engines.builtin.engine import BuiltinEngine

        return BuiltinEngine()


class BuiltinEntry:
    """Implements `cogdoc.engines.entry.EngineEntry`."""

    name = argument = "builtin"

    def accepts(self, request: EngineRequest) -> bool:
        return request.engine == self.name

    def configure(self, request: EngineRequest) -> BuiltinSettings:
        if request.model is not None:
            raise UsageError("--model is for the engine cogvlm2; the built-in engine has no model")
        if request.adapter is not None:
            raise UsageError("--adapter is for the engine cogvlm2; the built-in engine has no model")
        refuse_options(request.generation, "the built-in engine has no model")
        return BuiltinSettings()

    def offer(self, request: EngineRequest) -> Offer | None:  # noqa: ARG002  of the protocol
        return None  # it is the registry's fallback

    def actors(self, cluster: ClusterSize) -> Actors | None:  # noqa: ARG002  of the protocol
        return None  # its work runs in the parsing workers
