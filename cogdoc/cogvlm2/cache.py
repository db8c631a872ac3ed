"""Keys and values of the tokens that were read, in storage that is allocated once and written by index."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cogdoc.cogvlm2.configuration import ModelConfig


@dataclass(frozen=True, slots=True)
class KVCache:
    """One tensor of rotated keys and one of values a layer, each (batch, kv_heads, slots, head_dim).

    The token at slot s of a row sees the slots 0 .. s of that row, so what stands further on may be anything finite:
    padding and drafts that were turned down are simply written over.
    """

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]

    @property
    def slots(self) -> int:
        return self.keys[0].shape[2]

    def first(self, slots: int) -> KVCache:
        """The first `slots` of each row, as views: attention reads no more than it has to."""
        return KVCache(
            keys=tuple(keys[:, :, :slots] for keys in self.keys),
            values=tuple(values[:, :, :slots] for values in self.values),
        )


def allocate_cache(config: ModelConfig, batch: int, capacity: int, dtype: torch.dtype, device: torch.device) -> KVCache:
    """An empty cache for `capacity` tokens a row, with one slot more, so that padding has a place beside a full row.

    Zeros, since attention multiplies unseen slots by zero and NaN would survive that.
    """
    shape = (batch, config.num_kv_heads, capacity + 1, config.head_dim)

    def empty() -> tuple[Tensor, ...]:
        return tuple(torch.zeros(shape, dtype=dtype, device=device) for _ in range(config.num_layers))

    return KVCache(keys=empty(), values=empty())


def write_prompt(storage: Tensor, heads: Tensor) -> None:
    """Write `heads` (batch, length, kv_heads, head_dim) to the slots from 0 on."""
    storage[:, :, : heads.shape[1]] = heads.transpose(1, 2)


def write_at(storage: Tensor, heads: Tensor, slots: Tensor) -> None:
    """Write `heads` (batch, length, kv_heads, head_dim) to `slots` (batch, length), which differ from row to row."""
    rows = torch.arange(slots.shape[0], device=slots.device)[:, None]
    storage[rows, :, slots] = heads
