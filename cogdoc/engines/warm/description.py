"""What a server says of itself: to `cogdoc ps`, and to commands that look for a model."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from pydantic import TypeAdapter

from cogdoc.engines.vision.vision_model import VisionModelLimits
from cogdoc.engines.warm.identity import ModelIdentity
from cogdoc.results.records import EngineInfo


@dataclass(frozen=True, slots=True)
class LentModel:
    """A model that commands may use."""

    identity: ModelIdentity
    vision: str
    """The vision tower's precision, as decided."""
    info: EngineInfo
    limits: VisionModelLimits


@dataclass(frozen=True, slots=True)
class Activity:
    """What a server's model does for commands."""

    commands: int
    """Commands that use it now."""
    running: int
    """Requests that it works on now."""
    requests: int
    """Requests since it started."""


@dataclass(frozen=True, slots=True)
class ServerDescription:
    """A server, its model, and what it does now."""

    pid: int
    version: str
    model: str
    """What results call it: its checkpoint's name, or its engine's."""
    since: int
    """Seconds since 1970."""
    address: str | None
    """Where it answers over HTTP; None if it serves commands only."""
    keep_alive: float | None
    """Seconds without use after which it ends; None if it stays."""
    activity: Activity
    memory: dict[str, int]
    """Bytes that are held now: by the "process", and on each "cuda" device."""
    lent: LentModel | None
    """None if its engine has no model that could be lent."""


DESCRIPTION: TypeAdapter[ServerDescription] = TypeAdapter(ServerDescription)


def held_memory() -> dict[str, int]:
    """The bytes that this process holds, also those of PyTorch on the cards that it uses."""
    import psutil

    held = {"process": int(psutil.Process(os.getpid()).memory_info().rss)}
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        for index in range(torch.cuda.device_count()):
            if reserved := torch.cuda.memory_reserved(index):
                held[f"cuda:{index}"] = int(reserved)
    return held
