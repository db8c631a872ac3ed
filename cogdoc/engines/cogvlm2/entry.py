"""CogVLM2 in the registry: which checkpoint it loads, and whether this machine has the memory for it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cogdoc.cogvlm2.configuration import ModelConfig, parse_config, read_raw_config
from cogdoc.cogvlm2.memory import RUNTIME_BYTES, plan
from cogdoc.engines.cuda_devices import cuda_cards
from cogdoc.engines.entry import Actors, ClusterSize, Offer
from cogdoc.engines.selection import AUTO, EngineRequest, Progress
from cogdoc.errors import ResourceError
from cogdoc.models.checkpoint_folders import checkpoint_folder, find_checkpoint
from cogdoc.models.description import stored_quantization
from cogdoc.models.published_models import MODELS

if TYPE_CHECKING:
    from cogdoc.cogvlm2.quantized_parts import Quantization
    from cogdoc.engines.protocol import Engine

DEFAULT_MODEL = "chat"

SMALL_WEIGHTS = 2 << 30
"""Bytes in 16 bits below which quantizing a checkpoint gains nothing, nor does storing its image features on disk."""


@dataclass(frozen=True, slots=True)
class CogVLM2Settings:
    """A checkpoint, and how it runs. Implements `cogdoc.engines.selection.EngineSettings`."""

    checkpoint: Path
    quantization: Quantization
    device: str
    stores_features: bool
    """Whether image features are stored on disk for later runs."""

    def load(self, seconds: float, progress: Progress | None = None) -> Engine:
        from cogdoc.engines.cogvlm2.cogvlm2_model import load_model
        from cogdoc.engines.vision.engine import VisionEngine
        from cogdoc.results.records import EngineInfo

        info = EngineInfo(
            name=CogVLM2Entry.name,
            version=version("cogdoc"),
            checkpoint=self.checkpoint.resolve().name,
            quantization=self.quantization,
        )
        return VisionEngine(load_model(self, progress), info, time_limit=seconds)


class CogVLM2Entry:
    """Implements `cogdoc.engines.entry.EngineEntry`."""

    name = "cogvlm2"

    def accepts(self, request: EngineRequest) -> bool:
        """By its name, or by a model alone, since no other engine has one. Without a GPU it runs on the CPU then."""
        return request.engine == self.name or (request.engine == AUTO and request.model is not None)

    def configure(self, request: EngineRequest) -> CogVLM2Settings:
        return _settings(checkpoint_folder(request.model or DEFAULT_MODEL), request.quantization)

    def offer(self, request: EngineRequest) -> Offer:
        """Where the weights of a published model are on this machine, and a GPU has the memory for them."""
        checkpoint = next(filter(None, map(find_checkpoint, MODELS)), None)
        if checkpoint is None:
            return Offer(None, "no weights of CogVLM2 are here (cogdoc model pull gets them)")
        cards = cuda_cards()
        if not cards:
            return Offer(
                None, f"{checkpoint.name} is here, but no GPU (--engine cogvlm2 runs it on the CPU)", announce=True
            )
        try:
            settings = _settings(checkpoint, request.quantization)
        except ResourceError as error:
            return Offer(None, error.message, announce=True)
        return Offer(settings, f"{checkpoint.name} and {cards[0].name} are here", announce=True)

    def actors(self, cluster: ClusterSize) -> Actors:
        """One a GPU, with a CPU to draw its pages; without GPUs one a machine, on half its CPUs."""
        if cluster.gpus:
            return Actors(cluster.gpus, cpus=1, gpus=1)
        return Actors(cluster.machines, cpus=max(1, cluster.cpus // cluster.machines // 2), gpus=0)


def _settings(checkpoint: Path, quantization_name: str | None) -> CogVLM2Settings:
    raw = read_raw_config(checkpoint)
    config = parse_config(raw)
    small = plan(config, "none").weights < SMALL_WEIGHTS
    default: Quantization = "none" if small else "nf4"
    quantization = cast("Quantization", quantization_name) if quantization_name else stored_quantization(raw) or default
    device = "cuda" if cuda_cards() else "cpu"
    _check_memory(config, quantization, device)
    return CogVLM2Settings(checkpoint, quantization, device, stores_features=device == "cpu" and not small)


def _check_memory(config: ModelConfig, quantization: Quantization, device: str) -> None:
    """Raise ResourceError where the device has less memory than the model needs at its peak."""
    if device == "cuda":
        planned = plan(config, quantization, device="cuda")
        needed, card = planned.peak + RUNTIME_BYTES, cuda_cards()[0]
        owner, available = card.name, card.memory
    else:
        import psutil

        planned = plan(config, quantization, device="cpu")
        needed, owner, available = planned.peak, "this machine's free memory", psutil.virtual_memory().available
    if needed > available:
        raise ResourceError(
            f"CogVLM2 takes {needed / 1e9:.1f} GB ({planned.weights / 1e9:.1f} of them weights, {quantization}), "
            f"and {owner} has {available / 1e9:.1f}",
            "cogdoc model show tells what fits; --quantization nf4 takes least",
        )
