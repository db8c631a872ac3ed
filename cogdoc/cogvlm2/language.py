"""The language half: a Llama-3 decoder in which image tokens go through experts of their own.

Module and attribute names are those of the published tensors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from cogdoc.cogvlm2 import cache as kv
from cogdoc.cogvlm2.configuration import ModelConfig
from cogdoc.cogvlm2.rotary import RotaryFrequencies, Rotation


@dataclass(frozen=True, slots=True)
class Routing:
    """Which tokens each expert reads: indices into the flattened (batch * length) tokens of a prompt.

    Computed once a prompt, so that no layer needs a mask or has to wait for the device. Padding is in neither list.
    """

    language: Tensor
    vision: Tensor


@dataclass(frozen=True, slots=True)
class NewTokens:
    """Where tokens stand that follow others: their slots (batch, length), and the slots that each of them sees.

    `visible` is (batch, 1, group * length, slots of the cache), true where the query may look; the queries of the
    `group` heads that share a key head are laid one after another, so that keys are never repeated in memory.
    `rounded` asks for attention as the published code computes it where rows differ in length.
    """

    slots: Tensor
    visible: Tensor
    rounded: bool = False


class RMSNorm(nn.Module):
    """Root mean square normalization (Zhang and Sennrich, 2019), computed in fp32."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, hidden: Tensor) -> Tensor:
        wide = hidden.float()
        scale = torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.eps)
        return (self.weight * (wide * scale)).to(hidden.dtype)


def by_expert(hidden: Tensor, routing: Routing | None, language: nn.Module, vision: nn.Module) -> Tensor:
    """Send each token (batch, length, width) through its expert; all through `language` without a routing."""
    if routing is None:
        return language(hidden)
    tokens = hidden.flatten(0, 1)
    spoken = language(tokens[routing.language])
    mixed = spoken.new_zeros(tokens.shape[0], spoken.shape[-1])
    mixed.index_copy_(0, routing.language, spoken)
    mixed.index_copy_(0, routing.vision, vision(tokens[routing.vision]))
    return mixed.view(*hidden.shape[:-1], -1)


def rounded_attention(query: Tensor, key: Tensor, value: Tensor, visible: Tensor) -> Tensor:
    """Attention with scores and weights in the tensors' dtype, as in the published code; shapes as in `Attention`."""
    scores = (query / math.sqrt(query.shape[-1])) @ key.transpose(-1, -2)
    scores = scores.masked_fill(~visible, torch.finfo(scores.dtype).min)
    return scores.softmax(dim=-1, dtype=torch.float32).to(query.dtype) @ value


class Attention(nn.Module):
    """Causal attention with grouped queries: consecutive query heads share a key and value head."""

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

    def forward(
        self,
        hidden: Tensor,
        rotation: Rotation,
        keys: Tensor,
        values: Tensor,
        routing: Routing | None,
        new: NewTokens | None,
    ) -> Tensor:
        batch, length, _ = hidden.shape
        mixed = by_expert(hidden, routing, self.language_expert_query_key_value, self.vision_expert_query_key_value)
        query, key, value = (
            part.view(batch, length, -1, self.head_dim) for part in torch.split(mixed, self.sizes, dim=-1)
        )  # each (batch, length, heads, head_dim)
        query, key = rotation.apply(query), rotation.apply(key)
        if new is None:
            kv.write_prompt(keys, key)
            kv.write_prompt(values, value)
            context = functional.scaled_dot_product_attention(
                query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2), is_causal=True, enable_gqa=True
            ).transpose(1, 2)  # (batch, length, heads, head_dim)
        else:
            kv.write_at(keys, key, new.slots)
            kv.write_at(values, value, new.slots)
            grouped = query.view(batch, length, self.kv_heads, -1, self.head_dim).permute(0, 2, 3, 1, 4)
            attend = rounded_attention if new.rounded else functional.scaled_dot_product_attention
            context = attend(grouped.flatten(2, 3), keys, values, new.visible)
            # (batch, kv_heads, group * length, head_dim)
            context = context.view(batch, self.kv_heads, -1, length, self.head_dim).permute(0, 3, 1, 2, 4)
        return by_expert(
            context.reshape(batch, length, -1), routing, self.language_expert_dense, self.vision_expert_dense
        )


class MLP(nn.Module):
    """One expert: a gated feed-forward layer."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.down_proj(functional.silu(self.gate_proj(hidden)) * self.up_proj(hidden))


class ExpertMLP(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.language_mlp = MLP(config)
        self.vision_mlp = MLP(config)

    def forward(self, hidden: Tensor, routing: Routing | None) -> Tensor:
        return by_expert(hidden, routing, self.language_mlp, self.vision_mlp)


class DecoderLayer(nn.Module):
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
        keys: Tensor,
        values: Tensor,
        routing: Routing | None,
        new: NewTokens | None,
    ) -> Tensor:
        """Read tokens (batch, length, hidden_size) and write their keys and values, whose layout is KVCache's.

        Without `new` they are a prompt's, from slot 0 on; with it they follow tokens that were read before.
        """
        hidden = hidden + self.self_attn(self.input_layernorm(hidden), rotation, keys, values, routing, new)
        return hidden + self.mlp(self.post_attention_layernorm(hidden), routing)
