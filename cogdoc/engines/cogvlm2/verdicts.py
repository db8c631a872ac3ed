"""What CogVLM2 can do on a card, in words for `cogdoc doctor` and `cogdoc model show`."""

from __future__ import annotations

from cogdoc.cogvlm2.card_arithmetic import LEAST_CAPABILITY, card_arithmetic, runs_on
from cogdoc.engines.cuda_devices import Card


def card_verdict(card: Card) -> str:
    """How a card computes, and what it has no kernels for."""
    if card.problem is not None:
        return f"cannot be used: {card.problem}"
    arithmetic = card_arithmetic(card.capability)
    if arithmetic.fused_attention:
        return f"computes in {_short(arithmetic.dtype)}"
    missing = [
        f"{quantization} (from {LEAST_CAPABILITY[quantization][0]}.{LEAST_CAPABILITY[quantization][1]})"
        for quantization in ("nf4", "int8")
        if not runs_on(quantization, card.capability)
    ]
    without = f", has no kernels for {' and '.join(missing)}" if missing else ""
    return f"computes in {_short(arithmetic.dtype)}, attention in chunks{without}"


def _short(dtype: str) -> str:
    return {"bfloat16": "bf16", "float16": "fp16"}[dtype]
