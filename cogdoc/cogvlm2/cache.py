"""The key-value cache: allocated once and written by index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from cogdoc.cogvlm2.configuration import ModelConfig


class LayerCache(Protocol):
    """Where a decoder layer keeps the keys and values of its tokens."""

    def write_prompt(self, key: Tensor, value: Tensor) -> None:
        """Store the keys and values (batch, length, kv_heads, head_dim) of whole prompts, which start at slot 0."""
        ...

    def write_at(self, key: Tensor, value: Tensor, slots: Tensor) -> tuple[Tensor, Tensor]:
        """Store keys and values (batch, length, kv_heads, head_dim) at `slots` (batch, length).

        Returns:
            All keys and values to attend to, each (batch, kv_heads, slots, head_dim).
        """
        ...


@dataclass(frozen=True, slots=True)
class AllocatedLayer:
    """The part of a `KVCache` that belongs to a layer: keys and values, each (batch, kv_heads, slots, head_dim)."""

    keys: Tensor
    values: Tensor

    def write_prompt(self, key: Tensor, value: Tensor) -> None:
        """Write keys and values to the slots 0 .. length - 1."""
        self.keys[:, :, : key.shape[1]] = key.transpose(1, 2)
        self.values[:, :, : value.shape[1]] = value.transpose(1, 2)

    def write_at(self, key: Tensor, value: Tensor, slots: Tensor) -> tuple[Tensor, Tensor]:
        """Write keys and values to `slots`, which may differ between rows, and return the whole storage."""
        if slots.shape[0] == 1:
            self.keys.index_copy_(2, slots[0], key.transpose(1, 2))
            self.values.index_copy_(2, slots[0], value.transpose(1, 2))
            return self.keys, self.values
        rows = torch.arange(slots.shape[0], device=slots.device)[:, None]
        self.keys[rows, :, slots] = key
        self.values[rows, :, slots] = value
        return self.keys, self.values


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

    def layers(self) -> Iterator[AllocatedLayer]:
        return map(AllocatedLayer, self.keys, self.values)

    def rows(self, start: int, stop: int) -> KVCache:
        """Views of some of its rows."""
        return KVCache(
            keys=tuple(keys[start:stop] for keys in self.keys),
            values=tuple(values[start:stop] for values in self.values),
        )

    def truncated(self, slots: int) -> KVCache:
        """Views of the first `slots` of each row, so that attention reads no more than it has to."""
        return KVCache(
            keys=tuple(keys[:, :, :slots] for keys in self.keys),
            values=tuple(values[:, :, :slots] for values in self.values),
        )


def allocate_cache(
    config: ModelConfig,
    batch: int,
    capacity: int,
    dtype: torch.dtype,
    device: torch.device | Sequence[torch.device],
) -> KVCache:
    """Allocate a cache for `capacity` tokens in each row, with an extra slot for padding beside a full row.

    It is filled with zeros, since attention multiplies masked slots by zero, which NaN would survive.

    Args:
        device: of all layers, or of each.
    """
    devices = [device] * config.num_layers if isinstance(device, torch.device) else device
    shape = (batch, config.num_kv_heads, capacity + 1, config.head_dim)

    def empty() -> tuple[Tensor, ...]:
        return tuple(torch.zeros(shape, dtype=dtype, device=own) for own in devices)

    return KVCache(keys=empty(), values=empty())
