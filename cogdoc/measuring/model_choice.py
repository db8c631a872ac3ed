"""Decides which model `cogdoc bench` measures: the checkpoint that is here, random weights, or some of their layers.

Speed does not depend on the values of weights, only on their sizes and precision. Imports no torch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import psutil

from cogdoc.cogvlm2.card_arithmetic import card_arithmetic
from cogdoc.cogvlm2.configuration import ModelConfig, parse_config
from cogdoc.cogvlm2.cpu_arithmetic import has_bf16_instructions
from cogdoc.cogvlm2.memory import plan
from cogdoc.cogvlm2.published import CONFIG_JSON, PUBLISHED
from cogdoc.cogvlm2.reading_memory import CPU_RESERVE, ReadingRoom, reading_context
from cogdoc.engines import cuda_devices
from cogdoc.engines.cogvlm2.fitting import Requested, fit, room_for
from cogdoc.engines.cogvlm2.settings import SMALL_WEIGHTS, CogVLM2Settings, settings_for
from cogdoc.engines.selection import EngineRequest
from cogdoc.errors import ResourceError
from cogdoc.models.checkpoint_folders import checkpoint_folder, find_checkpoint
from cogdoc.models.published_models import MODELS

if TYPE_CHECKING:
    from cogdoc.cogvlm2.card_arithmetic import ComputeDtype
    from cogdoc.cogvlm2.precision import VisionPrecision
    from cogdoc.cogvlm2.quantized_parts import Quantization

Size = Literal["auto", "published", "small"]

SMALL_JSON = CONFIG_JSON | {
    "hidden_size": 512,
    "intermediate_size": 1536,
    "num_hidden_layers": 8,
    "num_attention_heads": 8,
    "num_multi_query_heads": 2,
    "max_position_embeddings": 1024,
    "vocab_size": 32768,
    "bos_token_id": 31990,
    "eos_token_id": [31991],
    "pad_token_id": 31992,
    "vision_config": CONFIG_JSON["vision_config"]
    | {
        "hidden_size": 384,
        "intermediate_size": 1536,
        "num_hidden_layers": 8,
        "num_heads": 6,
        "image_size": 448,
        "num_positions": 1025,
    },
}
SMALL = parse_config(SMALL_JSON)
"""The published architecture at 448 pixels, with 80 million parameters."""

SAMPLED_LAYERS = 2
SAMPLED_PIXELS = 448
"""On a CPU, where a picture takes the published model ten minutes, so many layers of each kind run, on a picture of
so many pixels a side."""

CPU_ROWS = 4


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """What is measured, and where."""

    config: ModelConfig
    """The sizes that the figures are about."""
    quantization: Quantization
    vision: VisionPrecision
    device: str
    room: ReadingRoom
    what: str
    """In words."""
    dtype: ComputeDtype
    settings: CogVLM2Settings | None = None
    """Of the checkpoint that is loaded; None for random weights."""
    sampled: bool = False
    """Whether only some layers run, on a small picture."""
    note: str | None = None

    @property
    def measured(self) -> ModelConfig:
        return sampled(self.config) if self.sampled else self.config


def sampled(config: ModelConfig) -> ModelConfig:
    """The same widths, with fewer layers and pixels."""
    vision = config.vision
    pixels = min(vision.image_size, SAMPLED_PIXELS // (2 * vision.patch_size) * 2 * vision.patch_size)
    return replace(
        config,
        num_layers=min(config.num_layers, SAMPLED_LAYERS),
        vision=replace(
            vision,
            num_layers=min(vision.num_layers, SAMPLED_LAYERS),
            image_size=pixels,
            num_positions=(pixels // vision.patch_size) ** 2 + 1,
        ),
    )


def choose_model(size: Size, model: str | None, quantization: str | None) -> ModelChoice:
    """Choose by what is on this machine and what its memory allows.

    Raises:
        CogdocError: what was asked for by name cannot be had, or does not fit.
    """
    if size == "small":
        return _small(None)
    request = EngineRequest("cogvlm2", model, quantization)
    checkpoint = checkpoint_folder(model) if model else next(filter(None, map(find_checkpoint, MODELS)), None)
    try:
        if checkpoint is not None and (choice := _whole_checkpoint(checkpoint, request)) is not None:
            return choice
        return _published(checkpoint, quantization)
    except ResourceError as error:
        if size == "published" or model is not None:
            raise
        return _small(f"{error.message}; so a small model of the same form is measured")


def _whole_checkpoint(checkpoint: Path, request: EngineRequest) -> ModelChoice | None:
    """A checkpoint on a card, or a small one on the CPU; None if a page would take minutes."""
    from cogdoc.cogvlm2.configuration import read_config

    config = read_config(checkpoint)
    settings = settings_for(checkpoint, request)
    if settings.device == "cpu" and plan(config, "none").weights >= SMALL_WEIGHTS:
        return None
    what = f"the checkpoint {checkpoint.resolve().name}, {_precision(settings.quantization, settings.vision)}"
    return ModelChoice(
        config,
        settings.quantization,
        settings.vision,
        settings.device,
        settings.room,
        what,
        settings.compute,
        settings=settings,
    )


def _published(checkpoint: Path | None, quantization: str | None) -> ModelChoice:
    """Random weights of the published sizes, on a card or some layers on the CPU."""
    chosen: Quantization = "nf4" if quantization is None else quantization  # type: ignore[assignment]
    requested = Requested(PUBLISHED, chosen, None, offload=False, extra=0)
    cards = cuda_devices.check_with_torch(cuda_devices.find_cards())
    if cards.usable:
        fitted = fit(requested, cards, small=False)
        if fitted.layer_devices:
            raise ResourceError("CogVLM2 fits no card alone, and random weights are not spread over several")
        room = room_for(requested, fitted, reading_context(PUBLISHED))
        what = f"random weights of the published sizes, {_precision(chosen, fitted.vision)}"
        device, dtype = fitted.placement.device, fitted.arithmetic.dtype
        return ModelChoice(PUBLISHED, chosen, fitted.vision, device, room, what, dtype)
    dtype = "bfloat16" if has_bf16_instructions() else "float32"
    layers = sampled(PUBLISHED)
    room = ReadingRoom(reading_context(layers), CPU_ROWS)
    planned = plan(
        layers,
        chosen,
        length=room.row_tokens,
        batch=CPU_ROWS,
        dtype_bytes=2 if dtype == "bfloat16" else 4,
        device="cpu",
        vision="bf16",
    )
    available = psutil.virtual_memory().available
    if planned.peak + CPU_RESERVE > available:
        raise ResourceError(
            f"some layers of the published sizes need {planned.peak / 1e9:.1f} GB and a reserve, "
            f"and {available / 1e9:.1f} GB are free",
        )
    whose = "the published sizes" if checkpoint is None else f"{checkpoint.resolve().name} (random weights)"
    what = f"{SAMPLED_LAYERS} layers of each kind of {whose}"
    return ModelChoice(
        PUBLISHED,
        chosen,
        "bf16",
        "cpu",
        room,
        f"{what}, {_precision(chosen, 'bf16')}",
        dtype,
        sampled=True,
        note=f"On a CPU only {SAMPLED_LAYERS} vision layers and {SAMPLED_LAYERS} decoder layers of CogVLM2 run, on a "
        f"picture of {SAMPLED_PIXELS} pixels a side. The figures for all layers and {PUBLISHED.vision.image_size} "
        "pixels are computed: seconds of a picture from the operations a second, those of a step from each layer's.",
    )


def _small(note: str | None) -> ModelChoice:
    cards = cuda_devices.check_with_torch(cuda_devices.find_cards())
    card = cards.usable[0] if cards.usable else None
    device = card.device if card is not None else "cpu"
    dtype = card_arithmetic(card.capability).dtype if card is not None else "float32"
    what = f"a small model of the same form, random weights, {dtype}"
    return ModelChoice(SMALL, "none", "bf16", device, ReadingRoom(SMALL.max_positions, 8), what, dtype, note=note)


def _precision(quantization: str, vision: str) -> str:
    if quantization == "none":
        return "not quantized"
    return f"{quantization}, vision tower {'in 16 bits' if vision == 'bf16' else 'quantized'}"
