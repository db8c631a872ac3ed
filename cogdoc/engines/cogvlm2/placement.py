"""Where a model of CogVLM2 runs: the card with the most free memory, or the CPU."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cogdoc.cogvlm2.card_arithmetic import LEAST_CAPABILITY, runs_on
from cogdoc.engines import cuda_devices
from cogdoc.errors import MissingError, ResourceError, UsageError

if TYPE_CHECKING:
    from cogdoc.cogvlm2.quantized_parts import Quantization
    from cogdoc.cogvlm2.tensor_memory import Device
    from cogdoc.engines.cuda_devices import Card, Cards

NAMED_PROCESSES = 3

QUANTIZING_BYTES = 3 << 29
"""Free memory for quantizing: CUDA itself, and the largest weight in bf16 (117 MB) with its codes and temporaries."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A device for torch, and its memory in bytes."""

    device: str
    available: int
    card: Card | None = None

    @property
    def kind(self) -> Device:
        return "cpu" if self.card is None else "cuda"

    @property
    def memory_in_words(self) -> str:
        """Whose memory it is and how much is free, for messages."""
        if self.card is None:
            return f"this machine's free memory has {_gigabytes(self.available)}"
        return describe_memory(self.card)


def place(cards: Cards, quantization: Quantization, *, small: bool) -> Placement:
    """Where to load a model.

    Args:
        small: whether it runs on the CPU where torch cannot use the card.

    Raises:
        MissingError: there are cards, but torch cannot use them, or they are too old for the quantization.
        ResourceError: the driver does not start.
    """
    if cards.usable:
        card = next((card for card in cards.usable if runs_on(quantization, card.capability)), None)
        if card is not None:
            return Placement(card.device, card.free, card)
        names = ", ".join(f"{card.name} has {_dotted(card.capability)}" for card in cards.usable)
        raise MissingError(
            f"{quantization} needs a GPU of compute capability {_dotted(LEAST_CAPABILITY[quantization])}, and {names}",
            "cogdoc model show lists what runs on it",
        )
    if cards.problem is not None and not small:
        raise cards.problem
    import psutil

    return Placement("cpu", psutil.virtual_memory().available)


def quantizing_device(name: str) -> str:
    """The device for torch on which checkpoints are quantized weight by weight.

    Args:
        name: `auto` for a card if one can be used and has the memory, otherwise the CPU; `cpu`, `cuda` or `cuda:N`.

    Raises:
        UsageError: there is no such device.
        MissingError: torch cannot use the card.
        ResourceError: there is no card, or its driver does not start.
    """
    if name == "cpu":
        return name
    if name not in ("auto", "cuda") and re.fullmatch(r"cuda:\d+", name) is None:
        raise UsageError(f"--device: {name!r} is none of auto, cpu, cuda and cuda:N")
    cards = cuda_devices.check_with_torch(cuda_devices.find_cards())
    if name == "auto":
        fitting = (card.device for card in cards.usable if card.free >= QUANTIZING_BYTES)
        return next(fitting, "cpu")
    if cards.problem is not None:
        raise cards.problem
    device = next((card.device for card in cards.usable if name in ("cuda", card.device)), None)
    if device is None:
        raise ResourceError(f"--device {name}: {cards.absence or 'there is no such card that torch can use'}")
    return device


def describe_memory(card: Card) -> str:
    """A card's memory in words, with the processes that hold what is not free."""
    if not card.free_is_known or card.free == card.memory:
        return f"{card.name} has {_gigabytes(card.memory)}"
    text = f"{card.name} has {_gigabytes(card.free)} of {_gigabytes(card.memory)} free"
    if not card.processes:
        return text
    named = [
        f"{process.name} ({process.pid})" + (f" holds {_gigabytes(process.memory)}" if process.memory else "")
        for process in card.processes[:NAMED_PROCESSES]
    ]
    more = len(card.processes) - len(named)
    return f"{text}: {', '.join(named)}{f' and {more} more processes' if more else ''}"


def _dotted(capability: tuple[int, int]) -> str:
    return f"{capability[0]}.{capability[1]}"


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
