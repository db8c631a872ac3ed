"""Data types of engine selection: the user's request and the registry's decision. A cluster's actors get them too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cogdoc.engines.generation import AS_USUAL, GenerationRequest

if TYPE_CHECKING:
    from cogdoc.engines.protocol import Engine

AUTO = "auto"
"""As `EngineRequest.engine`: take the best engine that this machine can run."""

Progress = Callable[[int, int], None]
"""Called while an engine loads, with the number of parts that are loaded and the number of all parts."""


@dataclass(frozen=True, slots=True)
class EngineRequest:
    """The engine options as the user gave them; None for options that were not given."""

    engine: str = AUTO
    model: str | None = None
    quantization: str | None = None
    vision_precision: str | None = None
    adapter: str | None = None
    generation: GenerationRequest = AS_USUAL
    offload: bool = False
    allow_remote: bool = False
    """Whether pages may be sent to a server outside of this machine and its private networks."""
    conversation: bool = False
    """Whether prompts hold a conversation, which may fill the model's context."""
    at_a_time: int | None = None
    """How many requests a server gets at a time."""


class EngineSettings(Protocol):
    """An engine's settings with every choice made. Picklable, since a cluster's actors load the engine from them."""

    @property
    def advice(self) -> str | None:
        """How the user makes later loads faster, if that is possible; shown on a terminal."""
        ...

    @property
    def notice(self) -> str | None:
        """What the user must know before any page is read: that pages leave this machine. Shown always."""
        ...

    def load(self, seconds: float, progress: Progress | None = None) -> Engine:
        """Load the engine in this process.

        Args:
            seconds: how long one answer may take.

        Raises:
            CogdocError: it cannot be loaded; the subclass says why.
        """
        ...


@dataclass(frozen=True, slots=True)
class EngineSelection:
    """The selected engine, why it was selected, and the settings to load it with."""

    name: str
    reason: str
    settings: EngineSettings
    announce: bool = False
    """Whether to tell the user even without --verbose: `auto` selected an engine that takes time, or could not use one
    whose weights are on this machine."""
