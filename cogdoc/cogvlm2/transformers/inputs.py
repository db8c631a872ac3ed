"""Token types, positions, experts and visibility of padded batches, computed on their device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from cogdoc.cogvlm2.configuration import ModelConfig
from cogdoc.cogvlm2.language import AttentionMetadata, Routing
from cogdoc.cogvlm2.prompts import IMAGE


@dataclass(frozen=True, slots=True)
class TransformersLayerCache:
    """A layer of a cache of transformers, of any kind, or none."""

    cache: Any
    index: int

    def write_prompt(self, key: Tensor, value: Tensor) -> None:
        if self.cache is not None:
            self.cache.update(key.transpose(1, 2), value.transpose(1, 2), self.index)

    def write_at(self, key: Tensor, value: Tensor, slots: Tensor) -> tuple[Tensor, Tensor]:
        """Append the tokens: the cache counts its slots itself."""
        key, value = key.transpose(1, 2), value.transpose(1, 2)
        if self.cache is None:
            return key, value
        keys, values = self.cache.update(key, value, self.index)
        return keys, values


def image_token_types(token_ids: Tensor, mask: Tensor | None, placeholder: int) -> Tensor:
    """Types (batch, length) of tokens: 1 for placeholders that are no padding."""
    is_image = token_ids == placeholder
    return (is_image if mask is None else is_image & mask).long()


def token_positions(types: Tensor, mask: Tensor | None) -> Tensor:
    """Positions (batch, length) as `cogdoc.cogvlm2.prompts.token_positions` gives them; padding does not count."""
    is_image = types == IMAGE
    before = torch.nn.functional.pad(is_image[:, :-1], (1, 0))
    after = torch.nn.functional.pad(is_image[:, 1:], (0, 1))
    is_patch = is_image & before & after
    shares = is_patch & torch.nn.functional.pad(is_patch[:, :-1], (1, 0))
    counted = ~shares if mask is None else ~shares & mask
    return (counted.long().cumsum(-1) - 1).clamp(min=0)


def route(types: Tensor, mask: Tensor | None) -> Routing | None:
    """The tokens of each expert; None if all are text. Padding goes to neither expert."""
    is_image = types == IMAGE
    if not bool(is_image.any()):
        return None
    to_vision = is_image & torch.nn.functional.pad(is_image[:, 1:], (0, 1))
    to_language = ~to_vision if mask is None else ~to_vision & mask
    return Routing(
        language=to_language.flatten().nonzero().squeeze(-1), vision=to_vision.flatten().nonzero().squeeze(-1)
    )


def attention_metadata(
    sizes: ModelConfig, mask: Tensor | None, length: int, past: int, cache: Any, device: torch.device
) -> AttentionMetadata | None:
    """How tokens attend; None for prompts that have no padding on their left, where causality is enough.

    Args:
        mask: (batch, earlier tokens and these), zero at padding.
        past: the number of earlier tokens.
    """
    if past == 0 and (mask is None or bool((mask[:, 1:] <= mask[:, :-1]).all())):
        return None
    total = length if cache is None else cache.get_mask_sizes(length, 0)[0]
    slots = torch.arange(past, past + length, device=device)
    columns = torch.arange(total, device=device)
    visible = (columns <= slots[:, None])[None]  # (1, length, total)
    batch = 1
    if mask is not None:
        batch = len(mask)
        shown = torch.nn.functional.pad(mask.to(device).bool(), (0, total - mask.shape[1]))
        # Padding attends to itself, since attention to nothing is not a number.
        visible = visible & shown[:, None] | (columns == slots[:, None])[None]
    group = sizes.num_heads // sizes.num_kv_heads
    return AttentionMetadata(slots.expand(batch, -1), visible.repeat(1, group, 1)[:, None])
