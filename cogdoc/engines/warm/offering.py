"""Offers the engine of a server to other commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cogdoc.engines.cogvlm2.settings import CogVLM2Settings
from cogdoc.engines.vision.engine import VisionEngine
from cogdoc.engines.warm.description import LentModel
from cogdoc.engines.warm.identity import ModelIdentity, identity_of
from cogdoc.engines.warm.lender import Lender

if TYPE_CHECKING:
    from cogdoc.engines.protocol import Engine
    from cogdoc.engines.selection import EngineRequest, EngineSelection


@dataclass(frozen=True, slots=True)
class EngineOffer:
    """An engine that is going to be loaded. Made before, so that files which change meanwhile are noticed."""

    identity: ModelIdentity | None
    vision: str

    @classmethod
    def of(cls, selection: EngineSelection, request: EngineRequest) -> EngineOffer:
        """
        Args:
            request: what led to the selection.

        Raises:
            CheckpointError, ConfigurationError: the checkpoint or the adapter cannot be used.
        """
        settings = selection.settings
        if not isinstance(settings, CogVLM2Settings):
            return cls(None, "")
        return cls(identity_of(settings.checkpoint, request), settings.vision)

    def lend(self, engine: Engine, *, address: str | None = None, keep_alive: float | None = None) -> Lender:
        """Let commands find the loaded engine, and use its model if it has one that can be lent.

        Raises:
            OutputError: there is no private place for the socket.
        """
        name = engine.info.checkpoint or engine.info.name
        if self.identity is None or not isinstance(engine, VisionEngine):
            return Lender(name, None, None, address=address, keep_alive=keep_alive)
        info = engine.info.model_copy(update={"generation": None})
        lent = LentModel(self.identity, self.vision, info, engine.model.limits)
        return Lender(name, engine.model, lent, address=address, keep_alive=keep_alive)
