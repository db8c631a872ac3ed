"""The error for memory that ran out although the plan fitted: other processes took it, or allocations fragmented it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cogdoc.cogvlm2.card_arithmetic import dtype_bytes
from cogdoc.cogvlm2.configuration import read_config
from cogdoc.cogvlm2.reading_memory import reading_plan, required_memory
from cogdoc.engines.cogvlm2.placement import Placement, describe_memory
from cogdoc.engines.cuda_devices import find_cards
from cogdoc.errors import ResourceError

if TYPE_CHECKING:
    from cogdoc.cogvlm2.tensor_memory import Device
    from cogdoc.engines.cogvlm2.settings import CogVLM2Settings

HINT = "free memory, or load less: --quantization nf4 --vision-precision quantized needs the least"


@dataclass(frozen=True, slots=True)
class Requirement:
    """The device or devices that a model runs on, and the plan's figures for it in words."""

    device: str
    figures: str = ""
    others: tuple[str, ...] = ()
    """Further cards that have layers of it."""

    def error(self, activity: str, wanted: str | None) -> ResourceError:
        """The error in one line: what was going on, the plan's figures, and the memory that is free now.

        Args:
            activity: what was going on, such as `loading the model`.
            wanted: the size of the allocation that failed, if that is known.
        """
        kind = "GPU" if self.device.startswith("cuda") else "main"
        tried = f" ({wanted} more were asked for)" if wanted else ""
        facts = "; ".join(filter(None, (self.figures, *map(_free_memory, (self.device, *self.others)))))
        return ResourceError(f"out of {kind} memory while {activity}{tried}: {facts}", HINT)


def requirement(settings: CogVLM2Settings) -> Requirement:
    """What the plan says that a model needs as `settings` load it."""
    kind: Device = "cuda" if settings.device.startswith("cuda") else "cpu"
    planned = reading_plan(
        read_config(settings.checkpoint),
        settings.quantization,
        kind,
        settings.vision,
        offload=settings.offload,
        dtype_bytes=dtype_bytes(settings.compute),
    )
    weights, needed = planned.weights / 1e9, required_memory(planned, kind) / 1e9
    return Requirement(
        settings.device,
        f"CogVLM2 needs {needed:.1f} GB by plan, {weights:.1f} of them weights ({settings.quantization})",
        tuple(device for device in dict.fromkeys(settings.layer_devices) if device != settings.device),
    )


def _free_memory(device: str) -> str:
    """The memory of a device that is free now, in words."""
    if not device.startswith("cuda"):
        import psutil

        return Placement("cpu", psutil.virtual_memory().available).memory_in_words
    return next((describe_memory(card) for card in find_cards().all if card.device == device), "")
