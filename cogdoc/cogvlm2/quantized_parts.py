"""Which layers are quantized, and the tensors by which a checkpoint stores them. Needs no bitsandbytes.

Embeddings, output head, convolutions and norms are not quantized; embeddings and head decide each token and are 5% of
the weights. The vision tower is quantized or not, see `precision.VisionPrecision`. transformers quantizes the same
layers, so that each loads the checkpoints of the other.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from cogdoc.cogvlm2.precision import VISION_TOWER, VisionPrecision

Quantization = Literal["none", "nf4", "int8", "fp4"]
"""How the weights of linear layers are stored in memory. `fp4` is that of the published 4-bit checkpoints: FP4 without
double quantization, which is loaded as it is, but never made."""

FP4_STATE = "weight.quant_state.bitsandbytes__fp4"

STORED_PARTS = (
    "weight.absmax",
    "weight.quant_map",
    "weight.nested_absmax",
    "weight.nested_quant_map",
    "weight.quant_state.bitsandbytes__nf4",
    FP4_STATE,
    "SCB",
    "weight_format",
)

# Larger activations are multiplied in 16 bits. It is the default of transformers.
INT8_OUTLIERS = 6.0


@runtime_checkable
class QuantizedLayer(Protocol):
    """A linear layer of `cogdoc.cogvlm2.quantization`."""

    waits_for_device: bool
    """Whether its product reads from the GPU which kernel runs next."""

    def quantize(self, weight: Tensor) -> None:
        """Quantize a weight (out_features, in_features) on its device."""
        ...

    def restore(self, parts: dict[str, Tensor], dtype: torch.dtype) -> None:
        """Set codes and scales from the tensors of a checkpoint, by name relative to the layer, to compute in `dtype`.

        Raises:
            CheckpointError: they are incomplete or damaged.
        """
        ...

    def parts(self) -> dict[str, Tensor]:
        """The tensors of the weight: codes and scales, but not the bias."""
        ...

    def replace_parts(self, parts: dict[str, Tensor]) -> None:
        """Replace the tensors of `parts()` by equal ones, for example on another device."""
        ...

    def pack(self) -> None:
        """Change irreversibly to the layout that decodes fastest on this CPU, if it has one for these sizes."""
        ...


def quantizable(model: nn.Module, vision: VisionPrecision = "quantized") -> Iterator[tuple[str, nn.Linear]]:
    """Iterate by name over the layers that are quantized: linear ones, but not the output head.

    Args:
        vision: `bf16` leaves out the vision tower.
    """
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear) and name != "lm_head" and not (vision == "bf16" and in_vision_tower(name)):
            yield name, module


def in_vision_tower(name: str) -> bool:
    """Whether a module or tensor belongs to the vision tower; the visual experts do not."""
    return name.startswith(f"{VISION_TOWER}.")


def stored_parts(layer: str, names: Container[str]) -> list[str]:
    """List the tensors of a quantized layer among `names`, except its weight, by name relative to the layer."""
    return [part for part in STORED_PARTS if f"{layer}.{part}" in names]


def required_parts(parts: Container[str]) -> list[str]:
    """List the parts that a 4-bit layer with `parts` requires; double quantization requires more."""
    nested = ["weight.nested_absmax", "weight.nested_quant_map"]
    return ["weight.absmax", "weight.quant_map", *(nested if any(part in parts for part in nested) else [])]
