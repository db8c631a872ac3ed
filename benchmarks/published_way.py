"""CogVLM2 computed as the published code computes it, on the weights of a `CogVLM2`: the baseline of speed comparisons.

It repeats what `modeling_cogvlm.py` and `visual.py` do: a boolean mask for each expert in each layer, keys and values
repeated for each query head, a cache that grows by concatenation, logits of all tokens of a prompt in fp32. Where that
code needs a GPU (attention of xformers, rotary embedding in triton), it takes PyTorch's fused attention and a plain
rotary embedding. A test compares it with the outputs of the published code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional

from cogdoc.cogvlm2.language import MLP, DecoderLayer, RMSNorm
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.vision import VisionLayer

VISION = 1
"""The type of image tokens."""


@dataclass(slots=True)
class PublishedRun:
    """A conversation: its token types and its cache, which grow."""

    types: Tensor
    """(1, length)."""
    cache: list[tuple[Tensor, Tensor]] = field(default_factory=list)
    """Keys and values of each layer, each (1, kv_heads, length, head_dim)."""


@torch.inference_mode()
def image_features(model: CogVLM2, pixels: Tensor) -> Tensor:
    """Encode pixels (1, channels, image_size, image_size) to features (1, image_tokens, hidden_size)."""
    tower = model.model.vision
    hidden = tower.patch_embedding(pixels)
    for layer in tower.transformer.layers:
        block = cast(VisionLayer, layer)
        hidden = hidden + block.input_layernorm(_vision_attention(block, hidden))
        hidden = hidden + block.post_attention_layernorm(block.mlp(hidden))
    tokens = hidden[:, 1:]
    batch, _, width = tokens.shape
    square = tokens.view(batch, tower.grid, tower.grid, width).permute(0, 3, 1, 2)
    tokens = tower.conv(square).flatten(2).transpose(1, 2)
    features = tower.linear_proj(tokens)
    return torch.cat((tower.boi.expand(batch, -1, -1), features, tower.eoi.expand(batch, -1, -1)), dim=1)


@torch.inference_mode()
def prefill(
    model: CogVLM2, ids: Sequence[int], types: Sequence[int], features: Tensor | None
) -> tuple[Tensor, PublishedRun]:
    """The logits (1, length, vocab_size) of a prompt in fp32."""
    run = PublishedRun(torch.tensor([list(types)]))
    token_ids = torch.tensor([list(ids)])
    hidden = model.model.embed_tokens(token_ids)
    if features is not None:
        hidden = hidden.index_put([run.types == VISION], features.flatten(0, 1).to(hidden.dtype))
    length = token_ids.shape[1]
    mask = torch.full((length, length), torch.finfo(hidden.dtype).min).triu(1)[None, None].to(hidden.dtype)
    return _run(model, run, hidden, run.types, _positions(run.types), mask), run


@torch.inference_mode()
def step(model: CogVLM2, run: PublishedRun, token: int) -> Tensor:
    """The logits (1, 1, vocab_size) of a token that continues a conversation."""
    own = torch.zeros(1, 1, dtype=run.types.dtype)
    run.types = torch.cat((run.types, own), dim=1)
    hidden = model.model.embed_tokens(torch.tensor([[token]]))
    mask = torch.zeros(1, 1, 1, run.types.shape[1], dtype=hidden.dtype)
    return _run(model, run, hidden, own, _positions(run.types)[:, -1:], mask)


def _run(model: CogVLM2, run: PublishedRun, hidden: Tensor, types: Tensor, positions: Tensor, mask: Tensor) -> Tensor:
    past, run.cache = run.cache, []
    for number, layer in enumerate(model.model.layers):
        block = cast(DecoderLayer, layer)
        normed = _rms_norm(block.input_layernorm, hidden)
        hidden = hidden + _attention(block, run, normed, types, positions, mask, past[number] if past else None)
        normed = _rms_norm(block.post_attention_layernorm, hidden)
        vision, language = _expert_masks(types)
        output = torch.empty_like(normed)
        output[vision] = _mlp(block.mlp.vision_mlp, normed[vision])
        output[language] = _mlp(block.mlp.language_mlp, normed[language])
        hidden = hidden + output
    return cast(Tensor, model.lm_head(_rms_norm(model.model.norm, hidden)).float())


def _attention(
    block: DecoderLayer,
    run: PublishedRun,
    hidden: Tensor,
    types: Tensor,
    positions: Tensor,
    mask: Tensor,
    past: tuple[Tensor, Tensor] | None,
) -> Tensor:
    own = block.self_attn
    vision, language = _expert_masks(types)
    mixed = torch.empty(*hidden.shape[:2], sum(own.sizes), dtype=hidden.dtype)
    mixed[vision] = own.vision_expert_query_key_value(hidden[vision])
    mixed[language] = own.language_expert_query_key_value(hidden[language])
    query, key, value = (
        part.view(*part.shape[:2], -1, own.head_dim).permute(0, 2, 1, 3)
        for part in torch.split(mixed, own.sizes, dim=-1)
    )  # each (1, heads, length, head_dim)
    query, key = _rotate(own.rotary_emb.inv_freq, positions, query, key)
    if past is not None:
        key, value = torch.cat((past[0], key), dim=2), torch.cat((past[1], value), dim=2)
    run.cache.append((key, value))
    context = _attend(query, _repeated(key, query.shape[1]), _repeated(value, query.shape[1]), mask)
    context = context.transpose(1, 2).contiguous().flatten(2)
    output = torch.empty_like(context)
    output[vision] = own.vision_expert_dense(context[vision])
    output[language] = own.language_expert_dense(context[language])
    return output


def _attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
    visible = mask == 0
    full = bool((visible > 0).all())
    triangle = bool((visible == torch.ones_like(visible, dtype=torch.float).tril()).all())
    if full or triangle:
        return functional.scaled_dot_product_attention(query, key, value, is_causal=not full)
    scores = (query / query.shape[-1] ** 0.5) @ key.transpose(-1, -2) + mask
    return cast(Tensor, scores.softmax(dim=-1, dtype=torch.float32).to(query.dtype) @ value)


def _repeated(heads: Tensor, count: int) -> Tensor:
    batch, own, length, width = heads.shape
    expanded = heads.unsqueeze(2).expand(-1, -1, count // own, -1, -1)
    return expanded.contiguous().view(batch, count, length, width)


def _rotate(inv_freq: Tensor, positions: Tensor, query: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
    """Rotate queries and keys (1, heads, length, head_dim)."""
    count = int(positions.max()) + 1
    angles = torch.outer(torch.arange(count, dtype=query.dtype), inv_freq.to(query.dtype))
    cos, sin = (table[positions][:, None] for table in (angles.cos(), angles.sin()))
    cos, sin = torch.cat((cos, cos), dim=-1), torch.cat((sin, sin), dim=-1)  # (1, 1, length, head_dim)
    return query * cos + _rotated_half(query) * sin, key * cos + _rotated_half(key) * sin


def _rotated_half(heads: Tensor) -> Tensor:
    first, second = heads.chunk(2, dim=-1)
    return torch.cat((-second, first), dim=-1)


def _mlp(expert: MLP, hidden: Tensor) -> Tensor:
    return cast(Tensor, expert.down_proj(functional.silu(expert.gate_proj(hidden)) * expert.up_proj(hidden)))


def _rms_norm(norm: RMSNorm, hidden: Tensor) -> Tensor:
    wide = hidden.float()
    variance = wide.pow(2).mean(-1, keepdim=True)
    return (norm.weight * (wide * torch.rsqrt(variance + norm.eps))).to(hidden.dtype)


def _expert_masks(types: Tensor) -> tuple[Tensor, Tensor]:
    vision = torch.zeros_like(types, dtype=torch.bool)
    vision[:, :-1] = (types[:, :-1] == VISION) & (types[:, 1:] == VISION)
    return vision, ~vision


def _positions(types: Tensor) -> Tensor:
    """As `build_position_ids`: boi, then all patches together, then eoi and the text."""
    moved = types.clone()
    boi = (torch.cat((torch.zeros_like(types[:, :1]), types[:, :-1]), dim=1) != VISION) & (types == VISION)
    eoi = (torch.cat((types[:, 1:], torch.zeros_like(types[:, :1])), dim=1) != VISION) & (types == VISION)
    moved[boi] = 0
    moved[eoi] = 0
    counted = torch.ones_like(types)
    inner = moved == VISION
    first_inner = inner & ~torch.cat((torch.zeros_like(inner[:, :1]), inner[:, :-1]), dim=1)
    counted[inner & ~first_inner] = 0
    return counted.cumsum(dim=1) - 1


def _vision_attention(block: VisionLayer, hidden: Tensor) -> Tensor:
    own = block.attention
    batch, length, width = hidden.shape
    query, key, value = own.query_key_value(hidden).reshape(batch, length, 3, own.num_heads, -1).permute(2, 0, 3, 1, 4)
    context = functional.scaled_dot_product_attention(query, key, value)
    return cast(Tensor, own.dense(context.transpose(1, 2).reshape(batch, length, width)))
