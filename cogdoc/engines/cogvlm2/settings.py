"""The settings of CogVLM2: which checkpoint it loads and how, and whether this machine has the memory for it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from cogdoc.cogvlm2.adapters import Adapter, read_adapter
from cogdoc.cogvlm2.configuration import ModelConfig, parse_config, read_raw_config
from cogdoc.cogvlm2.memory import plan
from cogdoc.cogvlm2.precision import stored_vision_precision
from cogdoc.cogvlm2.reading_memory import ANSWER_TOKENS, ReadingRoom, reading_context
from cogdoc.engines import cuda_devices
from cogdoc.engines.cogvlm2.fitting import Requested, fit, room_for
from cogdoc.engines.generation import AS_USUAL, GenerationRequest
from cogdoc.engines.selection import EngineRequest, Progress
from cogdoc.engines.torch_build import require_torch
from cogdoc.models.description import single_scale_bytes, stored_quantization
from cogdoc.models.tokenizer_trial import TokenizerTrial

if TYPE_CHECKING:
    from cogdoc.cogvlm2.card_arithmetic import ComputeDtype
    from cogdoc.cogvlm2.precision import VisionPrecision
    from cogdoc.cogvlm2.quantized_parts import Quantization
    from cogdoc.engines.protocol import Engine

SMALL_WEIGHTS = 2 << 30
"""Bytes in 16 bits; below, neither quantizing a checkpoint nor storing its image features on disk saves anything."""


@dataclass(frozen=True, slots=True)
class CogVLM2Settings:
    """A checkpoint, and how it runs. Implements `cogdoc.engines.selection.EngineSettings`."""

    checkpoint: Path
    quantization: Quantization
    vision: VisionPrecision
    device: str
    stores_features: bool
    """Whether image features are stored on disk for later runs."""
    room: ReadingRoom
    adapter: Adapter | None = None
    generation: GenerationRequest = AS_USUAL
    offload: bool = False
    """Whether what only images need is kept in main memory."""
    compute: ComputeDtype = "bfloat16"
    """What the device computes in where the checkpoint has bf16."""
    layer_devices: tuple[str, ...] = ()
    """The device of each decoder layer where they are spread over several cards; `device` is the first of these."""

    advice: str | None = field(default=None, compare=False)
    """See `EngineSettings.advice`."""
    notice: None = None

    def load(self, seconds: float, progress: Progress | None = None) -> Engine:
        with TokenizerTrial(self.checkpoint) as trial:
            # Importing PyTorch takes longer than the trial.
            from cogdoc.engines.cogvlm2.cogvlm2_model import load_model
            from cogdoc.engines.vision.engine import VisionEngine
            from cogdoc.models.checkpoint_origin import origin_of
            from cogdoc.results.records import EngineInfo

            model = load_model(self, trial.tokenizer(), progress)
        origin = origin_of(self.checkpoint.resolve())
        info = EngineInfo(
            name="cogvlm2",
            version=version("cogdoc"),
            checkpoint=self.checkpoint.resolve().name,
            checkpoint_repository=origin.repository,
            checkpoint_revision=origin.revision,
            checkpoint_sha256=origin.sha256,
            quantization=self.quantization,
            dtype=model.dtype,
            vision_precision=self.vision if self.quantization != "none" else None,
            adapter=str(self.adapter) if self.adapter is not None else None,
        )
        return VisionEngine(model, info, seconds, self.generation)


def settings_for(checkpoint: Path, request: EngineRequest) -> CogVLM2Settings:
    """Decide how this machine loads a checkpoint; what `request` leaves open is chosen by the free memory.

    Raises:
        CheckpointError: it is not a checkpoint of CogVLM2, or the adapter is incomplete.
        ConfigurationError: the adapter is of another kind.
        MissingError: PyTorch is not installed, or cannot use the GPU.
        ResourceError: this machine does not have enough memory for it.
    """
    raw = read_raw_config(checkpoint)
    config = parse_config(raw)
    require_torch()
    small = _is_small(config)
    stored = stored_quantization(raw)
    quantization, vision = precision_for(raw, config, request)
    adapter = read_adapter(Path(request.adapter)) if request.adapter is not None else None
    extra = (adapter.size if adapter is not None else 0) + single_scale_bytes(raw, config)
    requested = Requested(config, quantization, vision, request.offload, extra)
    cards = cuda_devices.find_cards()
    fit(requested, cards, small=small)
    # Only now, since it imports torch.
    fitted = fit(requested, cuda_devices.check_with_torch(cards), small=small)
    generation = request.generation
    return CogVLM2Settings(
        checkpoint,
        quantization,
        fitted.vision,
        fitted.placement.device,
        stores_features=not small,
        adapter=adapter,
        room=room_for(requested, fitted, tokens_for(config, request)),
        generation=generation,
        offload=request.offload,
        compute=fitted.arithmetic.dtype,
        layer_devices=fitted.layer_devices,
        advice=None if small or stored else _advice(checkpoint, config, quantization, fitted.vision),
    )


class Precision(NamedTuple):
    """The precision of a model's weights, and that of its vision tower; None if the free memory decides it."""

    quantization: Quantization
    vision: VisionPrecision | None


def precision_for(raw: dict[str, Any], config: ModelConfig, request: EngineRequest) -> Precision:
    """What is requested, else what the checkpoint has, else the default."""
    stored = stored_quantization(raw)
    default: Quantization = "none" if _is_small(config) else "nf4"
    quantization = cast("Quantization | None", request.quantization) or stored or default
    if (quantization, stored) == ("nf4", "fp4"):
        quantization = "fp4"  # as `load_model` does
    vision = cast("VisionPrecision | None", request.vision_precision) or stored_vision_precision(raw)
    return Precision(quantization, vision)


def tokens_for(config: ModelConfig, request: EngineRequest) -> int:
    """The tokens of image, question and answer that each answer needs room for."""
    generation = request.generation
    has_short_prompts = generation.prompt is None and not request.conversation
    is_usual = has_short_prompts and (generation.max_tokens or 0) <= ANSWER_TOKENS
    return reading_context(config) if is_usual else config.max_positions


def _is_small(config: ModelConfig) -> bool:
    return plan(config, "none").weights < SMALL_WEIGHTS


def _advice(checkpoint: Path, config: ModelConfig, quantization: Quantization, vision: VisionPrecision) -> str | None:
    """The command that keeps the weights which each start would quantize; None if it quantizes nothing."""
    if quantization == "none":
        return None
    read = plan(config, "none").weights / 1e9
    copy = shlex.quote(f"{checkpoint.resolve().name}-{quantization}")
    options = f" --quantization {quantization}" if quantization != "nf4" else ""
    options += f" --vision-precision {vision}" if vision != "quantized" else ""
    return (
        f"each start reads {read:.0f} GB and quantizes them; to keep a quantized copy: cogdoc model quantize "
        f"{shlex.quote(str(checkpoint))} --to {copy}{options}, and then --model ./{copy}"
    )
