"""The memory for reading pages one by one, and the precision that fits it. Imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cogdoc.cogvlm2.configuration import ModelConfig
from cogdoc.cogvlm2.memory import RUNTIME_BYTES, MemoryPlan, plan
from cogdoc.cogvlm2.tensor_memory import Device

if TYPE_CHECKING:
    from cogdoc.cogvlm2.precision import VisionPrecision
    from cogdoc.cogvlm2.quantized_parts import Quantization

ANSWER_TOKENS = 2048
"""The longest answer that reading asks for: the text of a dense page."""
QUESTION_TOKENS = 512

CPU_RESERVE = 2 << 30
"""Main memory that the choice of a precision leaves to other programs, in bytes."""


def reading_context(config: ModelConfig) -> int:
    """The tokens that reading a page takes at most: the image, a question and its answer."""
    return min(config.image_tokens + QUESTION_TOKENS + ANSWER_TOKENS, config.max_positions)


def reading_plan(
    config: ModelConfig,
    quantization: Quantization,
    device: Device,
    vision: VisionPrecision = "quantized",
    *,
    offload: bool = False,
    fused_attention: bool = True,
) -> MemoryPlan:
    """Plan reading one page at a time, with the image of the last page kept for further questions."""
    return plan(
        config,
        quantization,
        length=reading_context(config),
        device=device,
        fused_attention=fused_attention,
        vision=vision,
        offload=offload,
        kept_images=1,
    )


def required_memory(planned: MemoryPlan, device: Device) -> int:
    """The bytes that must be free before loading."""
    return planned.peak + (RUNTIME_BYTES if device == "cuda" else 0)


def default_vision_precision(
    config: ModelConfig,
    quantization: Quantization,
    device: Device,
    available: int,
    *,
    offload: bool = False,
    fused_attention: bool = True,
) -> VisionPrecision:
    """The most precise vision tower for which `available` bytes suffice.

    On CPUs with bf16 instructions the speed is the same: expanding a 4-bit weight takes 35 ms, the product with the
    9,217 tokens of an image seconds.
    """
    planned = reading_plan(config, quantization, device, "bf16", offload=offload, fused_attention=fused_attention)
    reserve = CPU_RESERVE if device == "cpu" else 0
    return "bf16" if quantization == "none" or required_memory(planned, device) + reserve <= available else "quantized"
