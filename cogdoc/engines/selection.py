"""What a user asks of the registry, and what it decides: plain data, which also travels to a cluster's machines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cogdoc.engines.protocol import Engine

AUTO = "auto"
"""As `EngineRequest.engine`: take the best engine that this machine can run."""

Progress = Callable[[int, int], None]
"""Called while an engine loads, with the number of parts that are loaded and the number of all parts."""


@dataclass(frozen=True, slots=True)
class EngineRequest:
    """The engine that the user asks for, as far as they say."""

    engine: str = AUTO
    model: str | None = None
    quantization: str | None = None


class EngineSettings(Protocol):
    """One engine with everything decided. Frozen and picklable: it travels to the machines of a cluster."""

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
    """The engine that was selected, why, and what it takes to load it."""

    name: str
    reason: str
    settings: EngineSettings
    announce: bool = False
    """Whether the user is told without asking: `auto` took an engine that costs time, or passed over one whose weights
    are on this machine."""
