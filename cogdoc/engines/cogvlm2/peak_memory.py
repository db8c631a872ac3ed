"""The most memory that a loaded model has held so far."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from cogdoc.engines.peak_memory import process_peak
from cogdoc.results.usage import PROCESS


def peak_memory(devices: Iterable[str]) -> dict[str, int]:
    """By CUDA device, the most bytes of tensors that PyTorch allocated; where there is none, those of the process."""
    cards = sorted(device for device in devices if device.startswith("cuda"))
    if not cards:
        return {PROCESS: process_peak()}
    return {card: torch.cuda.max_memory_allocated(card) for card in cards}
