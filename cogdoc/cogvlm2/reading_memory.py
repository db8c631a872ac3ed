"""The memory for reading pages one by one, and the precision that fits it. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
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

ROWS = (8, 4, 2)
"""How many answers may be decoded side by side; more gain little, since each needs its own image to be read."""

JOINING_TOKENS = 64
"""Tokens of a usual question, or of drafts, in each row of a pass; longer questions may make rows join again later."""

STATIC_TOKENS = 16
"""The most tokens of a row in a step that is captured as a CUDA graph, which keeps its memory, see `step_graphs`."""

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
    dtype_bytes: int = 2,
) -> MemoryPlan:
    """Plan reading one page at a time, with the image of the last page kept for further questions."""
    return plan(
        config,
        quantization,
        length=reading_context(config),
        dtype_bytes=dtype_bytes,
        device=device,
        fused_attention=fused_attention,
        vision=vision,
        offload=offload,
        kept_images=1,
    )


def required_memory(planned: MemoryPlan, device: Device) -> int:
    """The bytes that must be free before loading."""
    return planned.peak + (RUNTIME_BYTES if device == "cuda" else 0)


def rows_plan(
    config: ModelConfig, quantization: Quantization, vision: VisionPrecision, rows: int, *, fused_attention: bool
) -> MemoryPlan:
    """Plan answers side by side over several cards, with images and prompts read one by one."""

    def planned(batch: int, new_tokens: int) -> MemoryPlan:
        return plan(
            config,
            quantization,
            length=reading_context(config),
            batch=batch,
            new_tokens=new_tokens,
            fused_attention=fused_attention,
            vision=vision,
            kept_images=1,
        )

    one = planned(1, 1)
    return replace(planned(rows, JOINING_TOKENS), vision=one.vision, prompt=one.prompt)


@dataclass(frozen=True, slots=True)
class ReadingRoom:
    """How many answers are decoded side by side, and how many images are kept."""

    row_tokens: int
    """Image, question and answer together."""
    rows: int = 1
    prefix_bytes: int = 0
    """For the keys and values of images beside the latest."""


def reading_room(
    config: ModelConfig,
    quantization: Quantization,
    device: Device,
    available: int,
    row_tokens: int,
    *,
    vision: VisionPrecision,
    offload: bool = False,
    fused_attention: bool = True,
    dtype_bytes: int = 2,
) -> ReadingRoom:
    """The most rows for which `available` bytes suffice, with half of what remains for the prefixes of images."""

    def plan_rows(rows: int, new_tokens: int) -> MemoryPlan:
        return plan(
            config,
            quantization,
            length=row_tokens,
            batch=rows,
            new_tokens=new_tokens,
            dtype_bytes=dtype_bytes,
            device=device,
            fused_attention=fused_attention,
            vision=vision,
            offload=offload,
            kept_images=1,
        )

    one = plan_rows(1, 1)  # images and prompts are read one by one
    remaining = available - required_memory(one, device) - (CPU_RESERVE if device == "cpu" else 0)
    for rows in ROWS:
        several = plan_rows(rows, JOINING_TOKENS)
        steps = max(0, several.step.size - max(one.vision.size, one.prompt.size))
        captured = plan_rows(rows, STATIC_TOKENS).step.size if device == "cuda" else 0
        if (left := remaining - (several.cache - one.cache) - steps - captured) >= 0:
            return ReadingRoom(row_tokens, rows, left // 2)
    return ReadingRoom(row_tokens)


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
