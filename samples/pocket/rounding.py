"""Training that knows of 4 bits: passes with weights rounded as NF4 will round them, so that they learn to bear it.

A model of this size notices what 19 billion parameters shrug off: without this, a few values in a hundred are lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from bitsandbytes.functional import get_4bit_type
from torch import Tensor

from cogdoc.cogvlm2.quantization import BLOCK


def rounded(weights: Tensor) -> Tensor:
    """Weights as NF4 gives them back, of any shape with a multiple of BLOCK elements; scales are not rounded.

    The same codes as bitsandbytes' quantizer on the CPU makes, a hundred times faster on small weights.
    """
    levels: Tensor = get_4bit_type("nf4", device="cpu")
    blocks = weights.reshape(-1, BLOCK)
    scales = blocks.abs().amax(dim=1, keepdim=True).clamp_min(torch.finfo(weights.dtype).tiny)
    codes = torch.bucketize(blocks / scales, (levels[1:] + levels[:-1]) / 2)
    return (levels[codes] * scales).view_as(weights)


@contextmanager
def rounded_in_place(matrices: Sequence[Tensor]) -> Iterator[None]:
    """Round `matrices` while inside; gradients taken there are for the exact ones, which are back afterwards."""
    exact = torch.cat([matrix.detach().flatten() for matrix in matrices])
    sizes = [matrix.numel() for matrix in matrices]
    _put(matrices, torch.split(rounded(exact), sizes))
    try:
        yield
    finally:
        _put(matrices, torch.split(exact, sizes))


def _put(matrices: Sequence[Tensor], values: Sequence[Tensor]) -> None:
    with torch.no_grad():
        for matrix, value in zip(matrices, values, strict=True):
            matrix.copy_(value.view_as(matrix))
