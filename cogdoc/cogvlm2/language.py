"""The language model: a Llama 3 decoder with separate experts for image tokens (Wang et al., 2023, arXiv:2311.03079).

Modules and attributes are named after the published tensors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from cogdoc.cogvlm2.attention import attention
from cogdoc.cogvlm2.cache import LayerCache
from cogdoc.cogvlm2.configuration import ModelConfig
from cogdoc.cogvlm2.rotary import RotaryFrequencies, Rotation


@dataclass(frozen=True, slots=True)
class Routing:
    """The tokens of each expert, as indices into the flattened (batch * length) tokens of a batch of prompts.

    They are computed once per prompt, so that no layer needs a mask or has to synchronize with the device. Padding is
    in neither list.
    """

    language: Tensor
    vision: Tensor

    def to(self, device: torch.device) -> Routing:
        return Routing(self.language.to(device), self.vision.to(device))


@dataclass(frozen=True, slots=True)
class AttentionMetadata:
    """How tokens attend to a cache that holds earlier tokens.

    Args:
        slots: (batch, length), where the keys and values of the tokens are written.
        mask: (batch, 1, group * length, slots of the cache), or 1 in place of group * length where all queries of a row
            see the same: true where a query may attend, or else a number that is added to its score. The queries of the
            `group` heads that share a key head follow one another, so that keys are never repeated in memory. None
            where each query sees the whole cache, which lets PyTorch take a kernel that knows no mask.
        rounded: compute attention as the published code does where rows differ in length. The mask is boolean then.
    """

    slots: Tensor
    mask: Tensor | None
    rounded: bool = False

    def to(self, device: torch.device) -> AttentionMetadata:
        mask = None if self.mask is None else self.mask.to(device)
        return AttentionMetadata(self.slots.to(device), mask, self.rounded)


class RMSNorm(nn.Module):
    """Root mean square normalization (Zhang and Sennrich, 2019, arXiv:1910.07467), computed in fp32."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, hidden: Tensor) -> Tensor:
        return functional.rms_norm(hidden, self.weight.shape, self.weight, self.eps)


def apply_experts(hidden: Tensor, routing: Routing | None, language: nn.Module, vision: nn.Module) -> Tensor:
    """Apply to each token (batch, length, width) its expert; without a routing all tokens go to `language`."""
    if routing is None:
        return language(hidden)
    tokens = hidden.flatten(0, 1)
    language_output = language(tokens[routing.language])
    merged = language_output.new_zeros(tokens.shape[0], language_output.shape[-1])
    merged.index_copy_(0, routing.language, language_output)
    merged.index_copy_(0, routing.vision, vision(tokens[routing.vision]))
    return merged.view(*hidden.shape[:-1], -1)


def rounded_attention(query: Tensor, key: Tensor, value: Tensor, visible: Tensor | None) -> Tensor:
    """Attention with scores and weights rounded to the dtype of the tensors, as in the published code.

    Args:
        query: (batch, kv_heads, group * length, head_dim).
        key, value: (batch, kv_heads, slots, head_dim).
        visible: (batch, 1, group * length or 1, slots).
    """
    scores = (query / math.sqrt(query.shape[-1])) @ key.transpose(-1, -2)
    if visible is not None:
        scores = scores.masked_fill(~visible, torch.finfo(scores.dtype).min)
    return scores.softmax(dim=-1, dtype=torch.float32).to(query.dtype) @ value


class Attention(nn.Module):
    """Causal grouped-query attention (Ainslie et al., 2023, arXiv:2305.13245).

    Consecutive query heads share a key and value head.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width, kv_size = config.hidden_size, config.kv_size
        self.sizes = [width, kv_size, kv_size]
        self.head_dim = config.head_dim
        self.kv_heads = config.num_kv_heads
        self.language_expert_query_key_value = nn.Linear(width, sum(self.sizes), bias=False)
        self.vision_expert_query_key_value = nn.Linear(width, sum(self.sizes), bias=True)
        self.language_expert_dense = nn.Linear(width, width, bias=False)
        self.vision_expert_dense = nn.Linear(width, width, bias=False)
        self.rotary_emb = RotaryFrequencies(config.head_dim, config.rotary_base)

    def project(self, hidden: Tensor, rotation: Rotation, routing: Routing | None) -> tuple[Tensor, Tensor, Tensor]:
        """The rotated queries and keys, and the values, of tokens: each (batch, length, heads, head_dim)."""
        qkv = apply_experts(hidden, routing, self.language_expert_query_key_value, self.vision_expert_query_key_value)
        heads = qkv.view(*hidden.shape[:2], -1, self.head_dim)
        rotated = rotation.apply(heads[:, :, : -self.kv_heads])
        return rotated[:, :, : -self.kv_heads], rotated[:, :, -self.kv_heads :], heads[:, :, -self.kv_heads :]

    def forward(
        self,
        hidden: Tensor,
        rotation: Rotation,
        cache: LayerCache,
        routing: Routing | None,
        metadata: AttentionMetadata | None,
    ) -> Tensor:
        batch, length, _ = hidden.shape
        query, key, value = self.project(hidden, rotation, routing)
        if metadata is None:
            cache.write_prompt(key, value)
            context = attention(
                query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2), causal=True
            ).transpose(1, 2)  # (batch, length, heads, head_dim)
        else:
            keys, values = cache.write_at(key, value, metadata.slots)
            grouped = query.view(batch, length, self.kv_heads, -1, self.head_dim).permute(0, 2, 3, 1, 4)
            # grouped: (batch, kv_heads, group, length, head_dim)
            attend = rounded_attention if metadata.rounded else functional.scaled_dot_product_attention
            context = attend(grouped.flatten(2, 3), keys, values, metadata.mask)
            # (batch, kv_heads, group * length, head_dim)
            context = context.view(batch, self.kv_heads, -1, length, self.head_dim).permute(0, 3, 1, 2, 4)
            # (batch, length, kv_heads, group, head_dim)
        return apply_experts(
            context.reshape(batch, length, -1), routing, self.language_expert_dense, self.vision_expert_dense
        )


class MLP(nn.Module):
    """An expert: a gated feed-forward layer (SwiGLU, Shazeer, 2020, arXiv:2002.05202)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.down_proj(functional.silu(self.gate_proj(hidden)) * self.up_proj(hidden))


class ExpertMLP(nn.Module):
    """The MLPs of the two experts, each applied to its own tokens."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.language_mlp = MLP(config)
        self.vision_mlp = MLP(config)

    def forward(self, hidden: Tensor, routing: Routing | None) -> Tensor:
        return apply_experts(hidden, routing, self.language_mlp, self.vision_mlp)


class DecoderLayer(nn.Module):
    """A pre-norm decoder layer: attention and MLP, each with a language and a vision expert."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.self_attn = Attention(config)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.mlp = ExpertMLP(config)

    def forward(
        self,
        hidden: Tensor,
        rotation: Rotation,
        cache: LayerCache,
        routing: Routing | None,
        metadata: AttentionMetadata | None,
    ) -> Tensor:
        """Run the layer on tokens (batch, length, hidden_size), and write their keys and values to the cache.

        Args:
            cache: the layer's part of a `KVCache`, for example.
            metadata: None for prompts, which start at slot 0 and attend causally to themselves.
        """
        hidden = hidden + self.self_attn(self.input_layernorm(hidden), rotation, cache, routing, metadata)
        return hidden + self.mlp(self.post_attention_layernorm(hidden), routing)

    def write_prompt(self, hidden: Tensor, rotation: Rotation, cache: LayerCache, routing: Routing | None) -> None:
        """Only write the keys and values of prompts, in the last layer, whose output nobody needs."""
        _, key, value = self.self_attn.project(self.input_layernorm(hidden), rotation, routing)
        cache.write_prompt(key, value)
