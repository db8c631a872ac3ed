"""How a device computes: a CUDA card by its compute capability. Imports no torch.

bf16 and PyTorch's flash attention need compute capability 8.0 (Ampere). Older cards compute in fp16, as the published
demos do; there, grouped key heads have no fused attention kernel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cogdoc.cogvlm2.quantized_parts import Quantization

Capability = tuple[int, int]
"""Major and minor version of the instructions that a card has: (8, 6) for an RTX 3090."""

ComputeDtype = Literal["bfloat16", "float16", "float32"]

AMPERE: Capability = (8, 0)

LEAST_CAPABILITY: dict[Quantization, Capability] = {"none": (5, 0), "nf4": (6, 0), "fp4": (6, 0), "int8": (7, 5)}
"""The oldest cards that have kernels: those of PyTorch for 16 bits, of bitsandbytes for 4 bits and LLM.int8()."""


@dataclass(frozen=True, slots=True)
class DeviceArithmetic:
    """The dtype of activations, and whether PyTorch has an attention kernel that does not materialize the scores."""

    dtype: ComputeDtype
    fused_attention: bool

    @property
    def dtype_bytes(self) -> int:
        return dtype_bytes(self.dtype)


def dtype_bytes(dtype: ComputeDtype) -> int:
    """Bytes of a number."""
    return 4 if dtype == "float32" else 2


def card_arithmetic(capability: Capability) -> DeviceArithmetic:
    """How a card of this compute capability computes."""
    modern = capability >= AMPERE
    return DeviceArithmetic("bfloat16" if modern else "float16", fused_attention=modern)


def runs_on(quantization: Quantization, capability: Capability) -> bool:
    """Whether there are kernels for weights in this form."""
    return capability >= LEAST_CAPABILITY[quantization]
