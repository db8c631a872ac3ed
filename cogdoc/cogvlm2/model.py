"""The whole model: image features, reading a prompt, reading tokens that follow, logits. No loop, no sampling here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from cogdoc.cogvlm2.cache import KVCache
from cogdoc.cogvlm2.configuration import Arithmetic, ModelConfig
from cogdoc.cogvlm2.language import DecoderLayer, NewTokens, RMSNorm, Routing
from cogdoc.cogvlm2.prompts import IMAGE, Prompt, vision_expert_tokens
from cogdoc.cogvlm2.rotary import Rotation, inverse_frequencies, rotation
from cogdoc.cogvlm2.vision import VisionTower


@dataclass(frozen=True, slots=True)
class PromptBatch:
    """Prompts side by side, filled up on the right to (batch, length).

    Nothing has to hide the padding: attention is causal, so no real token looks at what stands to its right.
    """

    token_ids: Tensor
    positions: Tensor
    lengths: tuple[int, ...]
    image_indices: Tensor
    """Indices into the flattened tokens of those that image features take the place of, row by row."""
    routing: Routing | None
    """None where no prompt has an image."""


def collate(prompts: Sequence[Prompt], pad_token_id: int, device: torch.device) -> PromptBatch:
    """Put prompts of any lengths, with and without images, into one batch."""
    longest = max(len(prompt) for prompt in prompts)

    def filled(rows: list[tuple[int, ...]], filler: int) -> Tensor:
        return torch.tensor([[*row, *[filler] * (longest - len(row))] for row in rows], device=device)

    images, language, vision = [], [], []
    for row, prompt in enumerate(prompts):
        start = row * longest
        seen = vision_expert_tokens(prompt.token_types)
        vision += [start + i for i in seen]
        language += [start + i for i in sorted(set(range(len(prompt))).difference(seen))]
        images += [start + i for i, kind in enumerate(prompt.token_types) if kind == IMAGE]
    return PromptBatch(
        token_ids=filled([prompt.token_ids for prompt in prompts], pad_token_id),
        positions=filled([prompt.positions for prompt in prompts], 0),
        lengths=tuple(len(prompt) for prompt in prompts),
        image_indices=torch.tensor(images, dtype=torch.long, device=device),
        routing=Routing(torch.tensor(language, device=device), torch.tensor(vision, device=device)) if vision else None,
    )


class CogVLM2Decoder(nn.Module):
    """Everything under the published prefix `model.`."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.num_layers))
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.vision = VisionTower(config)


class CogVLM2(nn.Module):
    """CogVLM2 with a language model head. Build it with `cogdoc.cogvlm2.loading`."""

    def __init__(self, config: ModelConfig, arithmetic: Arithmetic = "precise") -> None:
        super().__init__()
        self.config = config
        self.arithmetic = arithmetic
        self.model = CogVLM2Decoder(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)

    @property
    def device(self) -> torch.device:
        return self.model.embed_tokens.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """What is computed in; quantized weights are expanded to it."""
        return self.model.embed_tokens.weight.dtype

    def image_features(self, pixels: Tensor) -> Tensor:
        """Pixels (batch, channels, image_size, image_size) to features (batch, image_tokens, hidden_size).

        One picture after another: the tower's activations are large, and a batch is no faster.
        """
        return torch.cat([self.model.vision(picture[None].to(self.device, self.dtype)) for picture in pixels])

    def prefill(self, batch: PromptBatch, features: Tensor | None, cache: KVCache) -> Tensor:
        """Read whole prompts into the empty rows of `cache`.

        Args:
            features: (images, image_tokens, hidden_size), one for each row with an image, in the order of rows.

        Returns:
            The last layer's output (batch, length, hidden_size), not yet normalized; at padding it means nothing.

        Raises:
            ValueError: there are not as many features as prompts with an image.
        """
        given = 0 if features is None else features.shape[0] * features.shape[1]
        if given != len(batch.image_indices):
            raise ValueError(
                f"prompts have {len(batch.image_indices)} image tokens, but there are features for {given}"
            )
        hidden = self.model.embed_tokens(batch.token_ids)
        if features is not None:
            flat = hidden.flatten(0, 1).index_copy(0, batch.image_indices, features.flatten(0, 1).to(hidden.dtype))
            hidden = flat.view_as(hidden)
        new = None
        if self.arithmetic == "published" and len(set(batch.lengths)) > 1:
            cache = cache.first(max(batch.lengths))
            slots = torch.arange(cache.slots, device=hidden.device).expand(hidden.shape[:2])
            new = self._new_tokens(slots, cache, rounded=True)
        return self._decode(hidden, self._rotation(batch.positions), cache, batch.routing, new)

    def decode_step(
        self, token_ids: Tensor, positions: Tensor, slots: Tensor, cache: KVCache, ragged: bool = False
    ) -> Tensor:
        """Read text tokens that follow what is in `cache`; a decode step, a suffix, or drafts to be verified.

        Args:
            token_ids, positions, slots: (batch, length) each; padding may go to any slot behind its row.
            ragged: the rows differ in length, which matters to `published` arithmetic alone.

        Returns:
            The last layer's output (batch, length, hidden_size), not yet normalized.
        """
        new = self._new_tokens(slots, cache, rounded=ragged and self.arithmetic == "published")
        hidden = self.model.embed_tokens(token_ids)
        return self._decode(hidden, self._rotation(positions), cache, None, new)

    def logits(self, hidden: Tensor) -> Tensor:
        """The last layer's output (..., hidden_size) to fp32 logits (..., vocab_size)."""
        return self.lm_head(self.model.norm(hidden)).float()

    def _new_tokens(self, slots: Tensor, cache: KVCache, rounded: bool) -> NewTokens:
        visible = torch.arange(cache.slots, device=slots.device) <= slots[..., None]  # (batch, length, slots)
        group = self.config.num_heads // self.config.num_kv_heads
        return NewTokens(slots, visible.repeat(1, group, 1)[:, None], rounded)

    def _decode(
        self, hidden: Tensor, rotated: Rotation, cache: KVCache, routing: Routing | None, new: NewTokens | None
    ) -> Tensor:
        for layer, keys, values in zip(self.model.layers, cache.keys, cache.values, strict=True):
            hidden = layer(hidden, rotated, keys, values, routing, new)
        return hidden

    def _rotation(self, positions: Tensor) -> Rotation:
        if self.arithmetic == "published":
            first = cast(DecoderLayer, self.model.layers[0])
            frequencies = first.self_attn.rotary_emb.inv_freq.to(self.dtype)
        else:
            frequencies = inverse_frequencies(self.config.head_dim, self.config.rotary_base, positions.device)
        return rotation(positions, frequencies)
