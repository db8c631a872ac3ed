"""The settings of a remote engine: a server's address and a model's name. The key stays in the environment."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from cogdoc.engines.generation import AS_USUAL, GenerationRequest
from cogdoc.engines.remote.address import ServerAddress
from cogdoc.engines.remote.api_key import api_key
from cogdoc.engines.selection import Progress
from cogdoc.errors import UsageError

if TYPE_CHECKING:
    from cogdoc.engines.protocol import Engine

AT_A_TIME = 4
"""Requests at a time unless `--jobs` says otherwise: servers with few slots, as llama.cpp and Ollama have, answer them
within the time limit, and those that batch are kept busy."""

LISTING_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """Implements `cogdoc.engines.selection.EngineSettings`."""

    address: ServerAddress
    model: str | None
    """None for the only model that the server has."""
    notice: str | None
    """See `EngineSettings.notice`."""
    generation: GenerationRequest = AS_USUAL
    at_a_time: int | None = None
    advice: None = None

    def load(self, seconds: float, progress: Progress | None = None) -> Engine:  # noqa: ARG002  of the protocol
        from cogdoc.engines.remote.remote_model import RemoteModel
        from cogdoc.engines.remote.server import Server
        from cogdoc.engines.vision.engine import VisionEngine
        from cogdoc.results.records import EngineInfo

        at_a_time = self.at_a_time or AT_A_TIME
        server = Server(self.address, api_key(), at_a_time)
        try:
            card = server.find_model(self.model, min(seconds, LISTING_SECONDS))
            if self.generation.template is not None and card.cogvlm2 is None:
                raise UsageError("--template: the templates are CogVLM2's; a server applies that of its model")
        except BaseException:
            server.close()
            raise
        info = EngineInfo(
            name="remote",
            version=version("cogdoc"),
            checkpoint=card.name,
            server=self.address.url,
        )
        return VisionEngine(RemoteModel(server, card, at_a_time), info, seconds, self.generation)
