"""Where CogVLM2 is loaded and how precisely, decided by the memory plan and the free memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cogdoc.cogvlm2.card_arithmetic import DeviceArithmetic, card_arithmetic, runs_on
from cogdoc.cogvlm2.configuration import ModelConfig
from cogdoc.cogvlm2.cpu_arithmetic import has_bf16_instructions
from cogdoc.cogvlm2.layer_placement import card_load, place_layers
from cogdoc.cogvlm2.reading_memory import (
    CPU_RESERVE,
    ROWS,
    ReadingRoom,
    default_vision_precision,
    reading_context,
    reading_plan,
    reading_room,
    required_memory,
    rows_plan,
)
from cogdoc.engines.cogvlm2.placement import Placement, place
from cogdoc.errors import ResourceError

if TYPE_CHECKING:
    from cogdoc.cogvlm2.memory import MemoryPlan
    from cogdoc.cogvlm2.precision import VisionPrecision
    from cogdoc.cogvlm2.quantized_parts import Quantization
    from cogdoc.engines.cuda_devices import Card, Cards

CPU_ARITHMETIC = DeviceArithmetic("bfloat16", fused_attention=True)
CPU_IN_FP32 = DeviceArithmetic("float32", fused_attention=True)


@dataclass(frozen=True, slots=True)
class Requested:
    """What is known before the memory is; `vision` is None where memory decides."""

    config: ModelConfig
    quantization: Quantization
    vision: VisionPrecision | None
    offload: bool
    extra: int
    """Bytes that the plan does not know."""

    def plan(self, placement: Placement, vision: VisionPrecision, *, offload: bool, dtype_bytes: int = 2) -> MemoryPlan:
        return reading_plan(
            self.config,
            self.quantization,
            placement.kind,
            vision,
            offload=offload,
            fused_attention=_arithmetic(placement).fused_attention,
            dtype_bytes=dtype_bytes,
        )


@dataclass(frozen=True, slots=True)
class Fit:
    """How a model fits this machine.

    Args:
        layer_devices: the device of each decoder layer where they are spread over several cards, otherwise empty.
        spread_rows: the answers side by side for which these cards have memory.
    """

    placement: Placement
    vision: VisionPrecision
    arithmetic: DeviceArithmetic
    layer_devices: tuple[str, ...] = ()
    spread_rows: int = 1


def fit(requested: Requested, cards: Cards, *, small: bool) -> Fit:
    """Fit a model to one device, or to several cards if no card has enough memory alone.

    Args:
        small: see `placement.place`.

    Raises:
        MissingError: there are cards, but torch cannot use them.
        ResourceError: neither one device nor all cards together have enough free memory.
    """
    placement = place(cards, requested.quantization, small=small)
    try:
        vision = _choose_vision(requested, placement)
        return Fit(placement, vision, _best_arithmetic(requested, placement, vision))
    except ResourceError:
        modern = tuple(card for card in cards.usable if runs_on(requested.quantization, card.capability))
        spread = None if requested.offload else _spread(requested, modern)
        if spread is None:
            raise
        return spread


def _spread(requested: Requested, cards: Sequence[Card]) -> Fit | None:
    """Spread the layers over as few cards as possible, and those with the most free memory; None if all are too few."""
    arithmetics = [card_arithmetic(card.capability) for card in cards]
    weakest = min(arithmetics, key=lambda each: each.fused_attention, default=CPU_ARITHMETIC)
    choices: tuple[VisionPrecision, ...] = ("bf16", "quantized") if requested.vision is None else (requested.vision,)
    for vision in choices:

        def planned(config: ModelConfig, vision: VisionPrecision = vision) -> MemoryPlan:
            quantization, fused = requested.quantization, weakest.fused_attention
            return reading_plan(config, quantization, "cuda", vision, fused_attention=fused)

        load = card_load(requested.config, planned)
        for count in range(2, len(cards) + 1):
            used = cards[:count]
            free = [card.free - requested.extra for card in used]
            placed = place_layers(load, requested.config.num_layers, free)
            if placed is not None:
                first = Placement(used[0].device, used[0].free, used[0])
                rows, placed = _more_rows(requested, vision, weakest, free) or (1, placed)
                return Fit(first, vision, weakest, tuple(used[card].device for card in placed), rows)
    return None


def _more_rows(
    requested: Requested, vision: VisionPrecision, arithmetic: DeviceArithmetic, free: Sequence[int]
) -> tuple[int, tuple[int, ...]] | None:
    """The most answers side by side for which the cards have memory, and the card of each layer then."""
    for rows in ROWS:

        def planned(config: ModelConfig, rows: int = rows) -> MemoryPlan:
            quantization, fused = requested.quantization, arithmetic.fused_attention
            return rows_plan(config, quantization, vision, rows, fused_attention=fused)

        placed = place_layers(card_load(requested.config, planned), requested.config.num_layers, free)
        if placed is not None:
            return rows, placed
    return None


def _choose_vision(requested: Requested, placement: Placement) -> VisionPrecision:
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
        fused_attention=_arithmetic(placement).fused_attention,
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


def room_for(requested: Requested, fitted: Fit, row_tokens: int) -> ReadingRoom:
    """How many answers the free memory has room for, each of `row_tokens` tokens with its image and question."""
    if fitted.layer_devices:
        # Longer rows than usual were not planned.
        is_usual = row_tokens <= reading_context(requested.config)
        return ReadingRoom(row_tokens, fitted.spread_rows if is_usual else 1)
    return reading_room(
        requested.config,
        requested.quantization,
        fitted.placement.kind,
        fitted.placement.available - requested.extra,
        row_tokens,
        vision=fitted.vision,
        offload=requested.offload,
        fused_attention=fitted.arithmetic.fused_attention,
        dtype_bytes=fitted.arithmetic.dtype_bytes,
    )


def _best_arithmetic(requested: Requested, placement: Placement, vision: VisionPrecision) -> DeviceArithmetic:
    """As `_arithmetic`, but fp32 on CPUs without bf16 instructions, which need several times as long for bf16.

    That takes more memory; without it, bf16 remains. int8 products compute in fp32 themselves.
    """
    usual = _arithmetic(placement)
    if placement.card is not None or requested.quantization == "int8" or has_bf16_instructions():
        return usual
    planned = requested.plan(placement, vision, offload=requested.offload, dtype_bytes=CPU_IN_FP32.dtype_bytes)
    needed = required_memory(planned, "cpu") + planned.host + requested.extra + CPU_RESERVE
    return CPU_IN_FP32 if needed <= placement.available else usual


def _arithmetic(placement: Placement) -> DeviceArithmetic:
    """The usual dtype and the kernels of the device."""
    return CPU_ARITHMETIC if placement.card is None else card_arithmetic(placement.card.capability)


def _check_main_memory(needed: int) -> None:
    import psutil

    available = psutil.virtual_memory().available
    if needed > available:
        raise ResourceError(
            f"--offload keeps {needed / 1e9:.1f} GB in main memory, and {available / 1e9:.1f} GB are free",
            "--vision-precision quantized needs less",
        )


def _precision_in_words(quantization: Quantization, vision: VisionPrecision) -> str:
    return f"{quantization}, the vision tower in bf16" if quantization != "none" and vision == "bf16" else quantization
