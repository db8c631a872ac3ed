"""Quantization-aware training: forward and backward passes with weights rounded as NF4 rounds them.

A model this small is sensitive to quantization: without this, NF4 reads a few values in a hundred wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from bitsandbytes.functional import get_4bit_type
from torch import Tensor

from cogdoc.cogvlm2.quantization import BLOCK


def rounded(weights: Tensor) -> Tensor:
    """`weights` after quantization to NF4 and back, without double quantization of the scales.

    The number of elements must be a multiple of BLOCK. Gives the same codes as bitsandbytes' quantizer on the CPU,
    a hundred times faster on small weights.
    """
    levels: Tensor = get_4bit_type("nf4", device="cpu")
    blocks = weights.reshape(-1, BLOCK)
    scales = blocks.abs().amax(dim=1, keepdim=True).clamp_min(torch.finfo(weights.dtype).tiny)
    codes = torch.bucketize(blocks / scales, (levels[1:] + levels[:-1]) / 2)
    return (levels[codes] * scales).view_as(weights)


@contextmanager
def rounded_in_place(matrices: Sequence[Tensor]) -> Iterator[None]:
    """Round `matrices` inside the context and restore them after it.

    Gradients are taken at the rounded values and apply to the exact ones (straight-through estimation).
    """
    exact = torch.cat([matrix.detach().flatten() for matrix in matrices])
    sizes = [matrix.numel() for matrix in matrices]
    _assign(matrices, torch.split(rounded(exact), sizes))
    try:
        yield
    finally:
        _assign(matrices, torch.split(exact, sizes))


def _assign(matrices: Sequence[Tensor], values: Sequence[Tensor]) -> None:
    with torch.no_grad():
        for matrix, value in zip(matrices, values, strict=True):
            matrix.copy_(value.view_as(matrix))
