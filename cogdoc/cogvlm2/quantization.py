"""Linear layers in 4 and 8 bits, by bitsandbytes' kernels on CUDA and on the CPU.

What stays as it is: embeddings and the output head, which decide each token and are 5% of the weights, convolutions
and norms. transformers draws the same line, so that checkpoints written here load there, and the other way round.
"""

from __future__ import annotations

import logging
from collections.abc import Container, Iterator
from typing import Literal

import torch
from torch import Tensor, nn

# At import it warns that an optional download is not installed, and at each int8 product that inputs become fp16.
logging.getLogger("bitsandbytes").setLevel(logging.ERROR)

import bitsandbytes  # noqa: E402
from bitsandbytes.functional import (  # noqa: E402
    QuantState,
    _convert_weight_packed_for_cpu,
    has_avx512bf16,
    quantize_4bit,
    quantize_blockwise,
)
from bitsandbytes.nn import Int8Params, Linear8bitLt  # noqa: E402

from cogdoc.errors import CheckpointError  # noqa: E402

Quantization = Literal["none", "nf4", "int8"]

BLOCK = 64
"""Weights that share a scale."""
SCALE_BLOCK = 256
"""Scales that share a scale of their own (double quantization)."""

# The quantizer makes several fp32 copies: in pieces that stay in the processor's cache it is 1.6 times faster.
PIECE = 1 << 20

STORED_PARTS = (
    "weight.absmax",
    "weight.quant_map",
    "weight.nested_absmax",
    "weight.nested_quant_map",
    "weight.quant_state.bitsandbytes__nf4",
    "weight.quant_state.bitsandbytes__fp4",
    "SCB",
    "weight_format",
)

# Activations beyond it are multiplied in 16 bits; transformers' default.
INT8_OUTLIERS = 6.0


class Linear4bit(nn.Module):
    """A linear layer with its weight in 4-bit codes (NF4: Dettmers et al., 2023, arXiv:2305.14314; or FP4).

    On a CPU with bf16 instructions there are two kernels. One expands the weight to bf16 first, the other multiplies
    codes that were packed for it. The second is faster below 256 tokens (one token of a 4096 x 14336 weight: 0.9 ms
    against 43; 512 tokens: 209 against 172), so layers that decode are packed, and those that see pictures are not.

    Codes and scales are not parameters: place the layer by loading it, not by `to`.
    """

    bias: nn.Parameter | None

    def __init__(self, in_features: int, out_features: int, bias: bool) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.bias = nn.Parameter(torch.empty(out_features, device="meta")) if bias else None
        self.codes: Tensor
        self.register_buffer("codes", None)

    def quantize(self, weight: Tensor) -> None:
        """Take a weight (out_features, in_features) and keep its codes, on the weight's device."""
        self.codes, self.state = quantize_nf4(weight)

    def restore(self, parts: dict[str, Tensor]) -> None:
        """Take codes and scales as a checkpoint stores them, by the names of `nf4_parts` or those of FP4.

        Raises:
            CheckpointError: some are missing or damaged, or those of a weight of another shape.
        """
        codes = parts.pop("weight")
        try:
            state = QuantState.from_dict(parts, codes.device)
            shape = tuple(state.shape)
            blocks = -(-codes.numel() * 2 // state.blocksize)
            scales = state.absmax.numel()
            nested = -(-blocks // state.state2.blocksize) if state.nested else 0
            nested_scales = state.state2.absmax.numel() if state.nested else 0
        # bitsandbytes asserts, looks up and parses, all without a word of its own.
        except (AssertionError, AttributeError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            raise CheckpointError(f"its quantization state is incomplete or damaged: {error!r}") from None
        if shape != (self.out_features, self.in_features):
            raise CheckpointError(f"quantized from the shape {list(shape)}")
        if (scales, nested_scales) != (blocks, nested):
            raise CheckpointError(f"{scales} and {nested_scales} scales instead of {blocks} and {nested}")
        self.codes, self.state = codes.view(-1, 1), state

    def forward(self, hidden: Tensor) -> Tensor:
        # The packed kernel takes every row for contiguous, whatever its strides say.
        return bitsandbytes.matmul_4bit(hidden.contiguous(), self.codes, bias=self.bias, quant_state=self.state)

    @property
    def can_be_packed(self) -> bool:
        """Whether this CPU and these sizes have the kernel for few tokens; it computes in bf16."""
        fits = self.out_features % 32 == 0 and self.in_features % self.state.blocksize == 0
        return fits and bool(has_avx512bf16())

    def pack(self) -> None:
        """Change to the CPU's layout for few tokens, for good; scales are rounded to bf16."""
        self.codes, self.state = _convert_weight_packed_for_cpu(self.codes, self.state)


class Linear8bit(Linear8bitLt):  # type: ignore[misc]  # bitsandbytes is not typed
    """A linear layer by LLM.int8() (Dettmers et al., 2022, arXiv:2208.07339)."""

    def __init__(self, in_features: int, out_features: int, bias: bool) -> None:
        super().__init__(
            in_features, out_features, bias=bias, has_fp16_weights=False, threshold=INT8_OUTLIERS, device="meta"
        )

    def quantize(self, weight: Tensor) -> None:
        """Take a weight (out_features, in_features) and keep its rows in int8, on the weight's device."""
        self._set(*quantize_int8(weight))

    def restore(self, parts: dict[str, Tensor]) -> None:
        """Take rows and scales by the names of `int8_parts`.

        Raises:
            CheckpointError: there is not one scale for each row.
        """
        if parts["SCB"].numel() != self.out_features:
            raise CheckpointError(f"{parts['SCB'].numel()} scales for {self.out_features} rows")
        self._set(parts["weight"], parts["SCB"].float())

    def _set(self, rows: Tensor, scales: Tensor) -> None:
        self.weight = Int8Params(rows, requires_grad=False, has_fp16_weights=False, CB=rows, SCB=scales)


def quantize_nf4(weight: Tensor) -> tuple[Tensor, QuantState]:
    """Codes and doubly quantized scales, equal to those of `bitsandbytes.functional.quantize_4bit`.

    Args:
        weight: (out_features, in_features), bf16, fp16 or fp32.
    """
    pieces = [quantize_4bit(piece, blocksize=BLOCK, quant_type="nf4") for piece in torch.split(weight.view(-1), PIECE)]
    scales = torch.cat([state.absmax for _, state in pieces])
    offset = scales.mean()
    nested_scales, nested = quantize_blockwise(scales - offset, blocksize=SCALE_BLOCK)
    state = QuantState(
        absmax=nested_scales,
        shape=weight.shape,
        dtype=weight.dtype,
        blocksize=BLOCK,
        code=pieces[0][1].code,
        quant_type="nf4",
        offset=offset,
        state2=nested,
    )
    return torch.cat([codes for codes, _ in pieces]), state


def quantize_int8(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Rows (out_features, in_features) as int8, and each row's largest absolute value (out_features) in fp32."""
    rows, scales, _ = bitsandbytes.functional.int8_vectorwise_quant(weight.to(torch.float16))
    return rows, scales


def nf4_parts(weight: Tensor) -> dict[str, Tensor]:
    """The tensors that stand for a weight in an NF4 checkpoint, by their names after the layer's."""
    codes, state = quantize_nf4(weight)
    return {"weight": codes} | {f"weight.{part}": value for part, value in state.as_dict(packed=True).items()}


def int8_parts(weight: Tensor) -> dict[str, Tensor]:
    """The tensors that stand for a weight in an int8 checkpoint, by their names after the layer's."""
    rows, scales = quantize_int8(weight)
    return {"weight": rows, "SCB": scales, "weight_format": torch.tensor(0, dtype=torch.uint8)}  # 0: row by row


def quantizable(model: nn.Module) -> Iterator[tuple[str, nn.Linear]]:
    """The layers that are quantized: every linear one but the output head, by name."""
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear) and name != "lm_head":
            yield name, module


def stored_parts(layer: str, names: Container[str]) -> list[str]:
    """Which tensors of a quantized layer there are among `names`, by their names after the layer's; not the weight."""
    return [part for part in STORED_PARTS if f"{layer}.{part}" in names]


def required_parts(parts: Container[str]) -> list[str]:
    """What a 4-bit layer that has `parts` cannot do without; with double quantization that is more."""
    nested = ["weight.nested_absmax", "weight.nested_quant_map"]
    return ["weight.absmax", "weight.quant_map", *(nested if any(part in parts for part in nested) else [])]
