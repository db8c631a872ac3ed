"""What CogVLM2 can do on a card, in words for `cogdoc doctor` and `cogdoc model show`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cogdoc.cogvlm2.card_arithmetic import LEAST_CAPABILITY, card_arithmetic, runs_on
from cogdoc.engines.cogvlm2.fitting import Requested, fit
from cogdoc.engines.cuda_devices import Card, Cards
from cogdoc.errors import CogdocError

if TYPE_CHECKING:
    from cogdoc.cogvlm2.configuration import ModelConfig
    from cogdoc.models.description import Precision


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


def fitting_together(config: ModelConfig, choices: Iterable[Precision], cards: Cards) -> list[str]:
    """The ways to load a model that fit several cards together, but none alone, by name."""
    fitting = []
    for choice in choices:
        requested = Requested(config, choice.quantization, choice.vision, offload=False, extra=0)
        try:
            together = bool(cards.usable) and bool(fit(requested, cards, small=False).layer_devices)
        except CogdocError:
            together = False
        if together and not choice.offload:
            fitting.append(choice.name)
    return fitting


def _short(dtype: str) -> str:
    return {"bfloat16": "bf16", "float16": "fp16"}[dtype]
