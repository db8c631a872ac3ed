"""The key-value cache: allocated once and written by index."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cogdoc.cogvlm2.configuration import ModelConfig


@dataclass(frozen=True, slots=True)
class KVCache:
    """Rotated keys and values of each layer, each tensor (batch, kv_heads, slots, head_dim).

    The token at slot s of a row attends to the slots 0 .. s of that row, so later slots may hold anything finite:
    padding and rejected drafts are simply overwritten.
    """

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]

    @property
    def slots(self) -> int:
        return self.keys[0].shape[2]

    def truncated(self, slots: int) -> KVCache:
        """Views of the first `slots` of each row, so that attention reads no more than it has to."""
        return KVCache(
            keys=tuple(keys[:, :, :slots] for keys in self.keys),
            values=tuple(values[:, :, :slots] for values in self.values),
        )


def allocate_cache(config: ModelConfig, batch: int, capacity: int, dtype: torch.dtype, device: torch.device) -> KVCache:
    """Allocate a cache for `capacity` tokens in each row, with an extra slot for padding beside a full row.

    It is filled with zeros, since attention multiplies masked slots by zero, which NaN would survive.
    """
    shape = (batch, config.num_kv_heads, capacity + 1, config.head_dim)

    def empty() -> tuple[Tensor, ...]:
        return tuple(torch.zeros(shape, dtype=dtype, device=device) for _ in range(config.num_layers))

    return KVCache(keys=empty(), values=empty())


def write_prompt(storage: Tensor, heads: Tensor) -> None:
    """Write `heads` (batch, length, kv_heads, head_dim) to the slots 0 .. length - 1."""
    storage[:, :, : heads.shape[1]] = heads.transpose(1, 2)


def write_at(storage: Tensor, heads: Tensor, slots: Tensor) -> None:
    """Write `heads` (batch, length, kv_heads, head_dim) to `slots` (batch, length), which may differ between rows."""
    rows = torch.arange(slots.shape[0], device=slots.device)[:, None]
    storage[rows, :, slots] = heads
