"""Spreads the decoder layers over several cards, by the memory plan and the free memory of each. Imports no torch."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cogdoc.cogvlm2.configuration import ModelConfig
from cogdoc.cogvlm2.memory import RUNTIME_BYTES, MemoryPlan
from cogdoc.cogvlm2.tensor_memory import FLOAT32

RESERVE_STEP = 64 << 20
"""The free memory that all cards keep is a multiple of it, in bytes."""


@dataclass(frozen=True, slots=True)
class CardLoad:
    """What the layers need on each of several cards, in bytes.

    Args:
        first: on the first card beside layers: embeddings, vision tower and the activations of its passes.
        last: on the last card beside layers: norm, output head and activations.
        between: on the others: activations.
        layer: weights, cache and kept keys of a layer.
    """

    first: int
    last: int
    between: int
    layer: int

    def on(self, card: int, cards: int, layers: int) -> int:
        """The bytes that `card` of `cards` needs with so many layers."""
        fixed = self.first if card == 0 else self.last if card == cards - 1 else self.between
        return fixed + layers * self.layer


def card_load(config: ModelConfig, planned: Callable[[ModelConfig], MemoryPlan]) -> CardLoad:
    """Split a plan into what each layer needs and what the cards need besides.

    Args:
        planned: plans the model for a configuration, without offloading.
    """
    whole = planned(config)
    layer = whole.resident - planned(replace(config, num_layers=config.num_layers - 1)).resident
    activations = max(whole.prompt.size, whole.step.size)
    head = whole.parts.output_head + FLOAT32 * config.hidden_size  # with the norm before it
    first = whole.resident - config.num_layers * layer - whole.parts.output_head
    return CardLoad(
        first=first + max(whole.vision.size, activations) + RUNTIME_BYTES,
        last=head + activations + RUNTIME_BYTES,
        between=activations + RUNTIME_BYTES,
        layer=layer,
    )


def place_layers(load: CardLoad, layers: int, free: Sequence[int]) -> tuple[int, ...] | None:
    """The card of each layer, in order, so that the least free memory that is left on a card is as large as possible.

    Args:
        free: free bytes of each card, in the order in which they get layers.

    Returns:
        An index into `free` for each layer, never falling, and with the first and the last card; None if the cards do
        not have enough memory, or are more than the layers.
    """
    if len(free) > layers:
        return None

    def place(reserve: int) -> tuple[int, ...] | None:
        placed: list[int] = []
        for card, memory in enumerate(free):
            others = len(free) - 1 - card  # each card gets a layer at least
            room = (memory - reserve - load.on(card, len(free), 0)) // load.layer
            count = min(room, layers - len(placed) - others)
            if count < 1:
                return None
            placed += [card] * count
        return tuple(placed) if len(placed) == layers else None

    reserves = range(0, max(free) + 1, RESERVE_STEP)
    fitting = bisect_right(reserves, 0, key=lambda reserve: int(place(reserve) is None))
    return place(reserves[fitting - 1]) if fitting else None
