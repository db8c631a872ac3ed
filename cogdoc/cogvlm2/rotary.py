"""Rotary position embedding (Su et al., 2021, arXiv:2104.09864) in the half-split layout of GPT-NeoX and Llama."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Rotation:
    """Cosines and sines of the angles of each token, both (batch, length, 1, head_dim), shared by all heads.

    The first half of the sines is negative, since the halves of a head are swapped and that of the first is negated.
    """

    cos: Tensor
    sin: Tensor

    def to(self, device: torch.device) -> Rotation:
        return Rotation(self.cos.to(device), self.sin.to(device))

    def apply(self, heads: Tensor) -> Tensor:
        """Rotate queries or keys (batch, length, heads, head_dim)."""
        first, second = heads.chunk(2, dim=-1)
        swapped = torch.cat((second, first), dim=-1)
        # With fp32 tables, bf16 heads are promoted and rounded once; with bf16 tables everything is computed in bf16.
        rotated = heads * self.cos
        rotated += swapped * self.sin
        return rotated.to(heads.dtype)


class RotaryFrequencies(nn.Module):
    """The `inv_freq` buffer (head_dim / 2) of the checkpoint, which only `published` arithmetic uses."""

    inv_freq: Tensor

    def __init__(self, head_dim: int, base: float) -> None:
        super().__init__()
        frequencies = torch.empty(head_dim // 2)
        # On the meta device there is nothing to compute, and torch would import its compiler to do so.
        self.register_buffer("inv_freq", frequencies if frequencies.is_meta else inverse_frequencies(head_dim, base))


def inverse_frequencies(head_dim: int, base: float, device: torch.device | None = None) -> Tensor:
    """`base ** (-2 i / head_dim)` for i = 0 .. head_dim / 2 - 1, in fp32."""
    exponents = torch.arange(0, head_dim, 2, dtype=torch.float32, device=device) / head_dim
    return 1.0 / base**exponents


def compute_rotation(positions: Tensor, frequencies: Tensor) -> Rotation:
    """Compute the rotation of `positions` (batch, length) in the dtype of `frequencies` (head_dim / 2).

    In bf16, as in the published code, the error grows with the position: with the published sizes, at position 511 it
    exceeds 0.1 rad for a fifth of the angles.
    """
    angles = positions.to(frequencies.dtype)[..., None] * frequencies  # (batch, length, head_dim / 2)
    cos, sin = angles.cos()[:, :, None], angles.sin()[:, :, None]
    return Rotation(torch.cat((cos, cos), dim=-1), torch.cat((-sin, sin), dim=-1))  # each (batch, length, 1, head_dim)
