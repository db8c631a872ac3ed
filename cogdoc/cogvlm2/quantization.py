"""Linear layers in 4 and 8 bits, with the kernels of bitsandbytes on CUDA and on the CPU.

Only models that are quantized need this module.
"""

from __future__ import annotations

import copy
import logging
import math

import torch
from torch import Tensor, nn

from cogdoc.cogvlm2.folder_files import shorten
from cogdoc.cogvlm2.quantized_parts import INT8_OUTLIERS
from cogdoc.cogvlm2.without_compiler import compiler_on_demand
from cogdoc.errors import CheckpointError

# It warns at import of a missing optional download, and at each int8 product of inputs that are cast to fp16.
logging.getLogger("bitsandbytes").setLevel(logging.ERROR)

# It compiles functions that cogdoc does not call.
with compiler_on_demand():
    import bitsandbytes
    from bitsandbytes.functional import (
        QuantState,
        _convert_weight_packed_for_cpu,
        has_avx512bf16,
        quantize_4bit,
        quantize_blockwise,
    )
    from bitsandbytes.nn import Int8Params, Linear8bitLt

BLOCK = 64
"""The number of weights that share a scale."""
SCALE_BLOCK = 256
"""The number of scales that share a second-level scale (double quantization)."""
BLOCK_SIZES = (32, 64, 128, 256, 512, 1024, 2048, 4096)
"""The block sizes of bitsandbytes."""

# The quantizer makes several fp32 copies: with chunks that fit the processor cache it is 1.6 times faster.
CHUNK = 1 << 20


class Linear4bit(nn.Module):
    """A linear layer whose weight is stored as 4-bit codes (NF4, Dettmers et al., 2023, arXiv:2305.14314; or FP4).

    CPUs with bf16 instructions have two kernels. One expands the weight to bf16, the other multiplies packed codes. The
    packed one is faster below 256 tokens (a 4096 x 14336 weight takes 0.9 ms instead of 43 for one token, and 209
    instead of 172 for 512 tokens), so layers that decode are packed, and those that process images are not.

    Codes and scales are not parameters: load the layer to its device, and do not move it with `to`.
    """

    waits_for_device = False
    bias: nn.Parameter | None

    def __init__(self, in_features: int, out_features: int, bias: bool) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.bias = nn.Parameter(torch.empty(out_features, device="meta")) if bias else None
        self.codes: Tensor
        self.register_buffer("codes", None)

    def quantize(self, weight: Tensor) -> None:
        """Quantize a weight (out_features, in_features) on its device."""
        self.codes, self.state = quantize_nf4(weight)

    def restore(self, parts: dict[str, Tensor], dtype: torch.dtype = torch.bfloat16) -> None:
        """Set codes and scales from the tensors of a checkpoint, with the names of `nf4_parts` or their FP4 versions.

        Raises:
            CheckpointError: tensors are missing or damaged, or belong to a weight of another shape.
        """
        codes = parts.pop("weight")
        try:
            state = QuantState.from_dict(parts, codes.device)
            _check_state(state)
            shape = tuple(state.shape)
            blocks = -(-codes.numel() * 2 // state.blocksize)
            scales = state.absmax.numel()
            nested = -(-blocks // state.state2.blocksize) if state.nested else 0
            nested_scales = state.state2.absmax.numel() if state.nested else 0
        except Exception as error:  # bitsandbytes does not validate: its parsing may raise any of them
            raise CheckpointError(f"its quantization state is incomplete or damaged: {shorten(repr(error))}") from None
        if shape != (self.out_features, self.in_features):
            raise CheckpointError(f"quantized from the shape {list(shape)}")
        if (scales, nested_scales) != (blocks, nested):
            raise CheckpointError(f"{scales} and {nested_scales} scales instead of {blocks} and {nested}")
        if dtype is not torch.bfloat16:
            state.dtype = dtype  # expand to what computes, not by way of bf16, which the device may not have
        self.codes, self.state = codes.view(-1, 1), state

    def forward(self, hidden: Tensor) -> Tensor:
        # The packed kernel assumes contiguous rows and ignores strides.
        return bitsandbytes.matmul_4bit(hidden.contiguous(), self.codes, bias=self.bias, quant_state=self.state)

    def parts(self) -> dict[str, Tensor]:
        """The tensors of the weight, those of its quantization state included."""
        state = self.state
        parts = {"codes": self.codes, "absmax": state.absmax, "code": state.code}
        if state.nested:
            nested = state.state2
            parts |= {"offset": state.offset, "nested.absmax": nested.absmax, "nested.code": nested.code}
        return parts

    def replace_parts(self, parts: dict[str, Tensor]) -> None:
        """Replace the tensors of `parts()` by equal ones, for example on another device."""
        state = copy.copy(self.state)
        state.absmax, state.code = parts["absmax"], parts["code"]
        if state.nested:
            state.offset, state.state2 = parts["offset"], copy.copy(state.state2)
            state.state2.absmax, state.state2.code = parts["nested.absmax"], parts["nested.code"]
        self.codes, self.state = parts["codes"], state

    @property
    def can_be_packed(self) -> bool:
        """Whether this CPU supports the packed kernel for these sizes. It computes in bf16."""
        fits = self.out_features % 32 == 0 and self.in_features % self.state.blocksize == 0
        return fits and bool(has_avx512bf16())

    def pack(self) -> None:
        """Change irreversibly to the packed layout, if the CPU supports it; scales are rounded to bf16."""
        if self.can_be_packed:
            self.codes, self.state = _convert_weight_packed_for_cpu(self.codes, self.state)


class Linear8bit(Linear8bitLt):  # type: ignore[misc]  # bitsandbytes is not typed
    """A linear layer with LLM.int8() (Dettmers et al., 2022, arXiv:2208.07339)."""

    waits_for_device = True  # whether there are outliers

    def __init__(self, in_features: int, out_features: int, bias: bool) -> None:
        super().__init__(
            in_features, out_features, bias=bias, has_fp16_weights=False, threshold=INT8_OUTLIERS, device="meta"
        )

    def quantize(self, weight: Tensor) -> None:
        """Quantize a weight (out_features, in_features) on its device."""
        self._set(*quantize_int8(weight))

    def restore(self, parts: dict[str, Tensor], dtype: torch.dtype = torch.bfloat16) -> None:  # noqa: ARG002  of the protocol
        """Set rows and scales from the tensors of a checkpoint, with the names of `int8_parts`.

        Raises:
            CheckpointError: the number of scales is not that of the rows.
        """
        if parts["SCB"].numel() != self.out_features:
            raise CheckpointError(f"{parts['SCB'].numel()} scales for {self.out_features} rows")
        self._set(parts["weight"], parts["SCB"].float())

    def parts(self) -> dict[str, Tensor]:
        """The rows of the weight and their scales."""
        rows = self.weight
        return {"rows": rows.data, "scales": rows.SCB if rows.SCB is not None else self.state.SCB}

    def replace_parts(self, parts: dict[str, Tensor]) -> None:
        """Replace the tensors of `parts()` by equal ones, for example on another device."""
        self._set(parts["rows"], parts["scales"])

    def pack(self) -> None:
        """Do nothing: int8 has one layout."""

    def _set(self, rows: Tensor, scales: Tensor) -> None:
        self.weight = Int8Params(rows, requires_grad=False, has_fp16_weights=False, CB=rows, SCB=scales)


def _check_state(state: QuantState) -> None:
    """Raise ValueError if the kernels, which check nothing, would read past the end of a table."""
    valid = (
        state.quant_type in ("nf4", "fp4")
        and state.blocksize in BLOCK_SIZES
        and state.dtype in (torch.bfloat16, torch.float16, torch.float32)
        and (state.code.dtype, state.code.numel()) == (torch.float32, 16)
        and state.absmax.dtype is (torch.uint8 if state.nested else torch.float32)
    )
    if state.nested:
        nested = state.state2
        valid = (
            valid
            and nested.blocksize in BLOCK_SIZES
            and nested.dtype is torch.float32
            and (nested.code.dtype, nested.code.numel()) == (torch.float32, 256)
            and nested.absmax.dtype is torch.float32
            and math.isfinite(state.offset.item())
        )
    if not valid:
        raise ValueError("types or sizes that no kernel has")


def quantize_nf4(weight: Tensor) -> tuple[Tensor, QuantState]:
    """Quantize a weight to codes and doubly quantized scales, equal to those of bitsandbytes' `quantize_4bit`.

    Args:
        weight: (out_features, in_features), bf16, fp16 or fp32.
    """
    chunks = [quantize_4bit(chunk, blocksize=BLOCK, quant_type="nf4") for chunk in torch.split(weight.view(-1), CHUNK)]
    scales = torch.cat([state.absmax for _, state in chunks])
    offset = scales.mean()
    nested_scales, nested = quantize_blockwise(scales - offset, blocksize=SCALE_BLOCK)
    state = QuantState(
        absmax=nested_scales,
        shape=weight.shape,
        dtype=weight.dtype,
        blocksize=BLOCK,
        code=chunks[0][1].code,
        quant_type="nf4",
        offset=offset,
        state2=nested,
    )
    return torch.cat([codes for codes, _ in chunks]), state


def quantize_int8(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Quantize a weight to int8 rows (out_features, in_features) and the fp32 absolute maximum of each row."""
    rows, scales, _ = bitsandbytes.functional.int8_vectorwise_quant(weight.to(torch.float16))
    return rows, scales


def nf4_parts(weight: Tensor) -> dict[str, Tensor]:
    """Quantize a weight to the tensors of an NF4 checkpoint, keyed by name relative to the layer."""
    codes, state = quantize_nf4(weight)
    return {"weight": codes} | {f"weight.{part}": value for part, value in state.as_dict(packed=True).items()}


def int8_parts(weight: Tensor) -> dict[str, Tensor]:
    """Quantize a weight to the tensors of an int8 checkpoint, keyed by name relative to the layer."""
    rows, scales = quantize_int8(weight)
    return {"weight": rows, "SCB": scales, "weight_format": torch.tensor(0, dtype=torch.uint8)}  # 0: row by row
