"""How precisely CogVLM2 is loaded on a device, decided by the memory plan and the free memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cogdoc.cogvlm2.card_arithmetic import CardArithmetic, card_arithmetic
from cogdoc.cogvlm2.configuration import ModelConfig
from cogdoc.cogvlm2.reading_memory import default_vision_precision, reading_plan, required_memory
from cogdoc.engines.cogvlm2.placement import Placement
from cogdoc.errors import ResourceError

if TYPE_CHECKING:
    from cogdoc.cogvlm2.memory import MemoryPlan
    from cogdoc.cogvlm2.precision import VisionPrecision
    from cogdoc.cogvlm2.quantized_parts import Quantization

CPU_ARITHMETIC = CardArithmetic("bfloat16", fused_attention=True)


@dataclass(frozen=True, slots=True)
class Requested:
    """What is known before the memory is; `vision` is None where memory decides."""

    config: ModelConfig
    quantization: Quantization
    vision: VisionPrecision | None
    offload: bool
    extra: int
    """Bytes that the plan does not know."""

    def plan(self, placement: Placement, vision: VisionPrecision, *, offload: bool) -> MemoryPlan:
        fused = arithmetic(placement).fused_attention
        return reading_plan(
            self.config, self.quantization, placement.kind, vision, offload=offload, fused_attention=fused
        )


def choose_vision(requested: Requested, placement: Placement) -> VisionPrecision:
    """The precision of the vision tower: as requested, or the best one that fits.

    Raises:
        ResourceError: the device or, with offloading, main memory has less free than the model needs at its peak.
    """
    vision = requested.vision or default_vision_precision(
        requested.config,
        requested.quantization,
        placement.kind,
        placement.available - requested.extra,
        offload=requested.offload,
        fused_attention=arithmetic(placement).fused_attention,
    )
    planned = requested.plan(placement, vision, offload=requested.offload)
    needed = required_memory(planned, placement.kind) + requested.extra
    if needed > placement.available:
        hint = "cogdoc model show lists what fits; --quantization nf4 --vision-precision quantized needs the least"
        offloaded = requested.plan(placement, vision, offload=True)
        needed_then = required_memory(offloaded, placement.kind) + requested.extra
        if placement.kind == "cuda" and needed_then <= placement.available:
            hint = f"--offload keeps weights in main memory and needs {needed_then / 1e9:.1f} GB on the GPU"
        raise ResourceError(
            f"CogVLM2 needs {needed / 1e9:.1f} GB ({planned.weights / 1e9:.1f} of them weights, "
            f"{_precision_in_words(requested.quantization, vision)}), and {placement.memory_in_words}",
            hint,
        )
    if planned.host:
        _check_main_memory(planned.host + (needed if placement.kind == "cpu" else 0))
    return vision


def arithmetic(placement: Placement) -> CardArithmetic:
    """The dtype and the kernels of the device."""
    return CPU_ARITHMETIC if placement.card is None else card_arithmetic(placement.card.capability)


def _check_main_memory(needed: int) -> None:
    import psutil

    available = psutil.virtual_memory().available
    if needed > available:
        raise ResourceError(
            f"--offload keeps {needed / 1e9:.1f} GB in main memory, of which {available / 1e9:.1f} GB are free",
            "--vision-precision quantized needs less",
        )


def _precision_in_words(quantization: Quantization, vision: VisionPrecision) -> str:
    return f"{quantization}, the vision tower in bf16" if quantization != "none" and vision == "bf16" else quantization
