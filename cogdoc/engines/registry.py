"""Which engine reads: what was asked for by name, or the best that this machine can run. Decided without loading it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cogdoc.cogvlm2.configuration import ModelConfig, parse_config, read_raw_config
from cogdoc.cogvlm2.memory import RUNTIME_BYTES, plan
from cogdoc.engines.cuda_devices import cuda_cards
from cogdoc.engines.protocol import Engine
from cogdoc.errors import ResourceError, UsageError
from cogdoc.models.description import stored_quantization
from cogdoc.models.names import MODELS, checkpoint_folder, find_checkpoint

if TYPE_CHECKING:
    from cogdoc.cogvlm2.quantization import Quantization

ENGINES = ("auto", "builtin", "cogvlm2")
QUANTIZATIONS = ("nf4", "int8", "none")
DEFAULT_MODEL = "chat"

SMALL_WEIGHTS = 2 << 30
"""Bytes in 16 bits below which a checkpoint is not worth quantizing, nor its image features worth keeping on disk."""


@dataclass(frozen=True, slots=True)
class EngineRequest:
    """What the user asked for, as far as they did."""

    engine: str = "auto"
    model: str | None = None
    quantization: str | None = None


@dataclass(frozen=True, slots=True)
class CogVLM2Settings:
    """A checkpoint, and how it will be run."""

    checkpoint: Path
    quantization: Quantization
    device: str
    keeps_features: bool


@dataclass(frozen=True, slots=True)
class EngineSelection:
    """An engine's name, and why it was taken; `deep` where it is CogVLM2."""

    name: str
    reason: str
    deep: CogVLM2Settings | None = None
    chosen_for_the_user: bool = False
    """Whether the user should hear of it: nobody asked for CogVLM2, or its weights are here and yet it is not taken."""


def select_engine(wish: EngineRequest | None = None) -> EngineSelection:
    """Decide without loading anything: `auto` takes CogVLM2 where its weights are here and a GPU has room.

    A model that is named is meant to be used, on the CPU if need be.

    Raises:
        UsageError: there is no engine or quantization of that name, or a model for an engine that has none.
        MissingError, CheckpointError: the model is not here, or no CogVLM2.
        ResourceError: the model was asked for, and does not fit this machine's memory.
    """
    wish = wish or EngineRequest()
    if wish.engine not in ENGINES:
        raise UsageError(f"--engine: there is no engine named {wish.engine!r}", f"engines: {', '.join(ENGINES)}")
    if wish.quantization not in (None, *QUANTIZATIONS):
        raise UsageError(f"--quantization: {wish.quantization!r} is none of {', '.join(QUANTIZATIONS)}")
    if wish.engine == "builtin":
        if wish.model is not None:
            raise UsageError("--model is for the engine cogvlm2; the built-in one has no model")
        return EngineSelection("builtin", "asked for")
    if wish.engine == "cogvlm2" or wish.model is not None:
        checkpoint = checkpoint_folder(wish.model or DEFAULT_MODEL)
        return EngineSelection("cogvlm2", "asked for", _fitting(checkpoint, wish.quantization))
    return _automatic(wish)


def load_engine(
    choice: EngineSelection, seconds: float = 300.0, progress: Callable[[int, int], None] | None = None
) -> Engine:
    """Make the chosen engine ready to read.

    Args:
        seconds: how long one answer of CogVLM2 may take.
        progress: called with how many of the checkpoint's tensors are loaded, and of how many.
    """
    if choice.deep is not None:
        from cogdoc.engines.cogvlm2.loading import start_engine

        deep = choice.deep
        return start_engine(deep.checkpoint, deep.quantization, deep.device, deep.keeps_features, seconds, progress)
    from cogdoc.engines.builtin.engine import BuiltinEngine

    return BuiltinEngine()


def _automatic(wish: EngineRequest) -> EngineSelection:
    checkpoint = next(filter(None, map(find_checkpoint, MODELS)), None)
    if checkpoint is None:
        return EngineSelection("builtin", "no weights of CogVLM2 are here (cogdoc model pull gets them)")
    cards = cuda_cards()
    if not cards:
        return EngineSelection(
            "builtin", f"{checkpoint.name} is here, but no GPU (--engine cogvlm2 runs it on the CPU)", None, True
        )
    try:
        deep = _fitting(checkpoint, wish.quantization)
    except ResourceError as error:
        return EngineSelection("builtin", error.message, None, True)
    return EngineSelection("cogvlm2", f"{checkpoint.name} and {cards[0].name} are here", deep, True)


def _fitting(checkpoint: Path, wanted: str | None) -> CogVLM2Settings:
    raw = read_raw_config(checkpoint)
    config = parse_config(raw)
    small = plan(config, "none").weights < SMALL_WEIGHTS
    stored = stored_quantization(raw)
    default: Quantization = "none" if small else "nf4"
    quantization = cast("Quantization", wanted) if wanted else stored or default
    device = "cuda" if cuda_cards() else "cpu"
    _require_room(config, quantization, device)
    return CogVLM2Settings(checkpoint, quantization, device, keeps_features=device == "cpu" and not small)


def _require_room(config: ModelConfig, quantization: Quantization, device: str) -> None:
    if device == "cuda":
        planned = plan(config, quantization, device="cuda")
        needed, card = planned.peak + RUNTIME_BYTES, cuda_cards()[0]
        where, available = card.name, card.memory
    else:
        import psutil

        planned = plan(config, quantization, device="cpu")
        needed, where, available = planned.peak, "this machine's free memory", psutil.virtual_memory().available
    if needed > available:
        raise ResourceError(
            f"CogVLM2 takes {needed / 1e9:.1f} GB ({planned.weights / 1e9:.1f} of them weights, {quantization}), "
            f"and {where} has {available / 1e9:.1f}",
            "cogdoc model show tells what fits; --quantization nf4 takes least",
        )
