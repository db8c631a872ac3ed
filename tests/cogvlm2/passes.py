"""The passes whose memory the tests compare with the plan."""

from __future__ import annotations

from collections.abc import Callable

import torch
from allocations import Allocations
from torch import Tensor

from cogdoc.cogvlm2.cache import allocate_cache
from cogdoc.cogvlm2.configuration import ModelConfig
from cogdoc.cogvlm2.model import CogVLM2, collate
from cogdoc.cogvlm2.prompts import build_prompt

META = torch.device("meta")


def bare(config: ModelConfig, dtype: torch.dtype) -> CogVLM2:
    """A model on the meta device."""
    with META:
        return CogVLM2(config).to(dtype).eval().requires_grad_(False)


def encode_images(model: CogVLM2, batch: int) -> Callable[[], Tensor]:
    size = model.config.vision.image_size
    pixels = torch.zeros(batch, 3, size, size, device=model.device)
    return lambda: model.image_features(pixels)


def prefill_prompts(model: CogVLM2, batch: int, length: int, with_image: bool) -> Callable[[], Tensor]:
    config = model.config
    cache = allocate_cache(config, batch, length, model.dtype, model.device)
    prompts = [build_prompt(config, [5] * (length - 1 - with_image * config.image_tokens), with_image)] * batch
    shape = (batch, config.image_tokens, config.hidden_size)

    def run() -> Tensor:
        collated = collate(prompts, config.pad_token_id, model.device)
        features = torch.zeros(shape, dtype=model.dtype, device=model.device) if with_image else None
        return model.logits(model.prefill(collated, features, cache)[:, -1])

    return run


def decode_tokens(model: CogVLM2, batch: int, length: int, new_tokens: int) -> Callable[[], Tensor]:
    cache = allocate_cache(model.config, batch, length, model.dtype, model.device)

    def run() -> Tensor:
        token_ids, positions, slots = (
            torch.full((batch, new_tokens), number, device=model.device) for number in (5, length - 1, length - 1)
        )
        return model.logits(model.decode_step(token_ids, positions, slots, cache)[:, -1])

    return run


def tracked(compute: Callable[[], Tensor]) -> int:
    with torch.no_grad(), Allocations() as allocations:
        compute()
    return allocations.peak
