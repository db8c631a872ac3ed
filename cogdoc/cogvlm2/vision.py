"""The vision tower: an EVA2-CLIP transformer, a downsampling convolution and the adapter to the language model.

The transformer is that of EVA-CLIP (Sun et al., 2023, arXiv:2303.15389).

Modules and attributes are named after the published tensors.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from cogdoc.cogvlm2.attention import attention
from cogdoc.cogvlm2.configuration import ADAPTER_NORM_EPS, ModelConfig, VisionConfig
from cogdoc.cogvlm2.without_compiler import Embedding


class PatchEmbedding(nn.Module):
    """Embeds patches, prepends a class token, and adds learned positions."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        width, patch = config.hidden_size, config.patch_size
        self.proj = nn.Conv2d(config.in_channels, width, kernel_size=patch, stride=patch)
        self.cls_embedding = nn.Parameter(torch.zeros(1, width))
        self.position_embedding = Embedding(config.num_positions, width)

    def forward(self, pixels: Tensor) -> Tensor:
        patches = self.proj(pixels).flatten(2).transpose(1, 2)  # (batch, grid * grid, width)
        cls = self.cls_embedding.expand(pixels.shape[0], 1, -1)
        positions = torch.arange(self.position_embedding.num_embeddings, device=pixels.device)
        return torch.cat((cls, patches), dim=1) + self.position_embedding(positions)


class VisionAttention(nn.Module):
    """Full attention between all patches."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.num_heads = config.num_heads
        self.query_key_value = nn.Linear(config.hidden_size, 3 * config.hidden_size)
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden: Tensor) -> Tensor:
        batch, length, width = hidden.shape
        qkv = self.query_key_value(hidden).view(batch, length, 3, self.num_heads, -1)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (batch, heads, length, head_dim)
        context = attention(query, key, value)
        return self.dense(context.transpose(1, 2).reshape(batch, length, width))


class VisionMLP(nn.Module):
    """The feed-forward layer of a block."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.fc1 = nn.Linear(config.hidden_size, config.intermediate_size)
        self.fc2 = nn.Linear(config.intermediate_size, config.hidden_size)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.fc2(functional.gelu(self.fc1(hidden)))


class VisionLayer(nn.Module):
    """A transformer block that normalizes the outputs of its sublayers, not their inputs (post-norm)."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.input_layernorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.attention = VisionAttention(config)
        self.post_attention_layernorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.mlp = VisionMLP(config)

    def forward(self, hidden: Tensor) -> Tensor:
        hidden = hidden + self.input_layernorm(self.attention(hidden))
        return hidden + self.post_attention_layernorm(self.mlp(hidden))


class VisionTransformer(nn.Module):
    """The blocks, without a norm before the first or after the last one."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(VisionLayer(config) for _ in range(config.num_layers))

    def forward(self, hidden: Tensor) -> Tensor:
        for layer in self.layers:
            hidden = layer(hidden)
        return hidden


class Adapter(nn.Module):
    """A gated projection from the width of the vision transformer to that of the language model."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width, inner = config.hidden_size, config.intermediate_size
        self.linear_proj = nn.Linear(config.vision.hidden_size, width, bias=False)
        self.norm1 = nn.LayerNorm(width, eps=ADAPTER_NORM_EPS)
        self.gate_proj = nn.Linear(width, inner, bias=False)
        self.dense_h_to_4h = nn.Linear(width, inner, bias=False)
        self.dense_4h_to_h = nn.Linear(inner, width, bias=False)

    def forward(self, hidden: Tensor) -> Tensor:
        hidden = functional.gelu(self.norm1(self.linear_proj(hidden)))
        return self.dense_4h_to_h(functional.silu(self.gate_proj(hidden)) * self.dense_h_to_4h(hidden))


class VisionTower(nn.Module):
    """Encodes an image to the image tokens of the language model."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.vision.hidden_size
        self.grid = config.vision.grid
        self.patch_embedding = PatchEmbedding(config.vision)
        self.transformer = VisionTransformer(config.vision)
        self.conv = nn.Conv2d(width, width, kernel_size=2, stride=2)
        self.linear_proj = Adapter(config)
        self.boi = nn.Parameter(torch.zeros(1, 1, config.hidden_size))
        self.eoi = nn.Parameter(torch.zeros(1, 1, config.hidden_size))

    def forward(self, pixels: Tensor) -> Tensor:
        """Encode pixels (batch, channels, image_size, image_size) to features (batch, image_tokens, hidden_size)."""
        return self.project(self.transformer(self.patch_embedding(pixels)))

    def project(self, hidden: Tensor) -> Tensor:
        """Turn the transformer output (batch, 1 + patches, width) into features (batch, image_tokens, hidden_size)."""
        batch, _, width = hidden.shape
        square = hidden[:, 1:].transpose(1, 2).view(batch, width, self.grid, self.grid)
        # Contiguous, since the 4-bit kernel of bitsandbytes for CPUs ignores strides.
        tokens = self.conv(square).flatten(2).transpose(1, 2).contiguous()  # (batch, patch_tokens, width), row-major
        features = self.linear_proj(tokens)
        return torch.cat((self.boi.expand(batch, 1, -1), features, self.eoi.expand(batch, 1, -1)), dim=1)
