"""A naive implementation of CogVLM2 that follows the model's description literally, to check the model against.

It shares no code with `cogdoc.cogvlm2`: it works on a dict of tensors with the published names, materializes attention
matrices, repeats key and value heads, selects experts with boolean masks, and recomputes the whole sequence for each
decoded token. It computes in the dtype of the weights and takes rotary frequencies from the checkpoint, as the
published code does, so that bf16 weights give bf16 angles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)


@dataclass
class Outputs:
    """The outputs of an unpadded prompt: (length, ...) each, keys and values (kv_heads, length, head_dim)."""

    hidden: list[Tensor]
    first_keys: Tensor
    first_values: Tensor
    logits: Tensor


class NaiveCogVLM2:
    """The model.

    Args:
        raw: a parsed config.json.
        weights: tensors by their published names.
        wrong_eoi: route eoi to the vision experts, a mistake of other implementations.
    """

    def __init__(self, raw: Mapping[str, Any], weights: Mapping[str, Tensor], *, wrong_eoi: bool = False) -> None:
        self.raw = raw
        self.w = weights
        self.wrong_eoi = wrong_eoi
        self.heads: int = raw["num_attention_heads"]
        self.kv_heads: int = raw.get("num_multi_query_heads", 8)
        self.head_dim: int = raw["hidden_size"] // self.heads

    # Image part ------------------------------------------------------------------------------------------------

    def pixels(self, image: Image.Image) -> Tensor:
        side = self.raw["vision_config"]["image_size"]
        small = np.asarray(image.convert("RGB").resize((side, side), Image.Resampling.BICUBIC), dtype=np.float32)
        normal = (small / np.float32(255) - np.array(MEAN, np.float32)) / np.array(STD, np.float32)
        return torch.from_numpy(normal.transpose(2, 0, 1).copy())

    def vit_embed(self, pixels: Tensor) -> Tensor:
        """Embed pixels (3, side, side) to (1 + patches, width), patch by patch in row-major order."""
        patch = self.raw["vision_config"]["patch_size"]
        kernel = self.w["model.vision.patch_embedding.proj.weight"].flatten(1)
        bias = self.w["model.vision.patch_embedding.proj.bias"]
        pixels = pixels.to(kernel.dtype)
        rows = [self.w["model.vision.patch_embedding.cls_embedding"][0]]
        for top in range(0, pixels.shape[1], patch):
            for left in range(0, pixels.shape[2], patch):
                square = pixels[:, top : top + patch, left : left + patch].flatten()
                rows.append(kernel @ square + bias)
        return torch.stack(rows) + self.w["model.vision.patch_embedding.position_embedding.weight"]

    def vit_layer(self, number: int, x: Tensor) -> Tensor:
        name = f"model.vision.transformer.layers.{number}."
        eps = self.raw["vision_config"]["layer_norm_eps"]
        heads = self.raw["vision_config"]["num_heads"]
        qkv = self.linear(name + "attention.query_key_value", x)
        queries, keys, values = qkv.view(len(x), 3, heads, -1).unbind(1)  # (length, heads, head_dim) each
        parts = []
        for head in range(heads):
            scores = queries[:, head] @ keys[:, head].T / keys.shape[-1] ** 0.5
            parts.append(scores.float().softmax(-1).to(x.dtype) @ values[:, head])
        attended = self.linear(name + "attention.dense", torch.cat(parts, -1))
        x = x + self.layer_norm(name + "input_layernorm", attended, eps)
        inner = functional.gelu(self.linear(name + "mlp.fc1", x))
        return x + self.layer_norm(name + "post_attention_layernorm", self.linear(name + "mlp.fc2", inner), eps)

    def adapter(self, x: Tensor) -> Tensor:
        """Turn the output of the last block (1 + patches, width) into boi, tokens, eoi."""
        grid = int((len(x) - 1) ** 0.5)
        square = x[1:].view(grid, grid, -1)
        kernel, bias = self.w["model.vision.conv.weight"], self.w["model.vision.conv.bias"]
        tokens = []
        for row in range(0, grid, 2):
            for column in range(0, grid, 2):
                token = bias.clone()
                for down in (0, 1):
                    for right in (0, 1):
                        token = token + kernel[:, :, down, right] @ square[row + down, column + right]
                tokens.append(token)
        name = "model.vision.linear_proj."
        h = functional.gelu(
            self.layer_norm(name + "norm1", self.linear(name + "linear_proj", torch.stack(tokens)), 1e-5)
        )
        h = functional.silu(self.linear(name + "gate_proj", h)) * self.linear(name + "dense_h_to_4h", h)
        h = self.linear(name + "dense_4h_to_h", h)
        return torch.cat((self.w["model.vision.boi"][0], h, self.w["model.vision.eoi"][0]))

    def image_features(self, pixels: Tensor) -> dict[str, Tensor]:
        """The four tensors of the image part, by their names in parity fixtures."""
        embedded = self.vit_embed(pixels)
        first = x = self.vit_layer(0, embedded)
        for number in range(1, self.raw["vision_config"]["num_hidden_layers"]):
            x = self.vit_layer(number, x)
        return {"vit_embed": embedded, "vit_layer0": first, "vit_out": x, "image_features": self.adapter(x)}

    # Language part ---------------------------------------------------------------------------------------------

    def positions(self, types: Sequence[int], first: int = 0) -> list[int]:
        """The positions of bos, boi, all patches together, eoi, and text; `first` is that of bos."""
        positions, position = [], first
        image = [i for i, kind in enumerate(types) if kind == 1]
        for i in range(len(types)):
            if i and not (image and image[0] + 1 < i < image[-1]):
                position += 1
            positions.append(position)
        return positions

    def uses_vision_expert(self, types: Sequence[int]) -> list[bool]:
        if self.wrong_eoi:
            return [kind == 1 for kind in types]
        return [kind == 1 and i + 1 < len(types) and types[i + 1] == 1 for i, kind in enumerate(types)]

    def prefill(
        self, ids: Sequence[int], types: Sequence[int], positions: Sequence[int], features: Tensor | None
    ) -> Outputs:
        x = torch.stack([self.w["model.embed_tokens.weight"][token] for token in ids])
        if features is not None:
            x[[i for i, kind in enumerate(types) if kind == 1]] = features
        vision = torch.tensor(self.uses_vision_expert(types))
        hidden, cached = [], []
        for number in range(self.raw["num_hidden_layers"]):
            x, keys, values = self.decoder_layer(number, x, torch.tensor(positions), vision)
            hidden.append(x)
            cached.append((keys, values))
        logits = (self.rms_norm("model.norm", x) @ self.w["lm_head.weight"].T).float()
        return Outputs(hidden, *cached[0], logits)

    def decoder_layer(self, number: int, x: Tensor, positions: Tensor, vision: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        name = f"model.layers.{number}."
        length, group = len(x), self.heads // self.kv_heads
        h = self.rms_norm(name + "input_layernorm", x)
        qkv = self.expert(name + "self_attn.{}_expert_query_key_value", h, vision)
        kv_size = self.kv_heads * self.head_dim
        q, k, v = qkv[:, : -2 * kv_size], qkv[:, -2 * kv_size : -kv_size], qkv[:, -kv_size:]
        queries = self.rotated(number, q.view(length, self.heads, -1), positions)
        keys = self.rotated(number, k.view(length, self.kv_heads, -1), positions)
        values = v.view(length, self.kv_heads, -1)
        masked = torch.ones(length, length, dtype=torch.bool).triu(1)
        parts = []
        for head, (key, value) in enumerate(
            (keys[:, shared], values[:, shared]) for shared in range(self.kv_heads) for _ in range(group)
        ):
            scores = queries[:, head] @ key.T / self.head_dim**0.5
            weights = scores.masked_fill(masked, -torch.inf).float().softmax(-1)
            parts.append(weights.to(x.dtype) @ value)
        x = x + self.expert(name + "self_attn.{}_expert_dense", torch.cat(parts, -1), vision)
        h = self.rms_norm(name + "post_attention_layernorm", x)
        gate = self.expert(name + "mlp.{}_mlp.gate_proj", h, vision)
        up = self.expert(name + "mlp.{}_mlp.up_proj", h, vision)
        x = x + self.expert(name + "mlp.{}_mlp.down_proj", functional.silu(gate) * up, vision)
        return x, keys.transpose(0, 1), values.transpose(0, 1)

    def decode(
        self,
        ids: Sequence[int],
        types: Sequence[int],
        positions: Sequence[int],
        features: Tensor | None,
        steps: int,
    ) -> tuple[list[int], Tensor]:
        """Greedy tokens, and logits (steps + 1, vocab_size). Each step recomputes the whole sequence."""
        ids, types, positions = list(ids), list(types), list(positions)
        tokens: list[int] = []
        logits = [self.prefill(ids, types, positions, features).logits[-1]]
        for _ in range(steps):
            tokens.append(int(logits[-1].argmax()))
            ids.append(tokens[-1])
            types.append(0)
            positions.append(positions[-1] + 1)
            logits.append(self.prefill(ids, types, positions, features).logits[-1])
        return tokens, torch.stack(logits)

    # Parts of both ---------------------------------------------------------------------------------------------

    def linear(self, name: str, x: Tensor) -> Tensor:
        y = x @ self.w[name + ".weight"].T
        return y + self.w[name + ".bias"] if name + ".bias" in self.w else y

    def expert(self, name: str, x: Tensor, vision: Tensor) -> Tensor:
        """Apply both experts to all tokens, and select the output of each token's own expert."""
        return torch.where(
            vision[:, None], self.linear(name.format("vision"), x), self.linear(name.format("language"), x)
        )

    def layer_norm(self, name: str, x: Tensor, eps: float) -> Tensor:
        wide = x.float()
        normal = (wide - wide.mean(-1, keepdim=True)) / (wide.var(-1, keepdim=True, correction=0) + eps).sqrt()
        return (normal * self.w[name + ".weight"].float() + self.w[name + ".bias"].float()).to(x.dtype)

    def rms_norm(self, name: str, x: Tensor) -> Tensor:
        wide = x.float()
        normal = wide / (wide.square().mean(-1, keepdim=True) + self.raw["rms_norm_eps"]).sqrt()
        return (normal * self.w[name + ".weight"].float()).to(x.dtype)

    def rotated(self, layer: int, heads: Tensor, positions: Tensor) -> Tensor:
        """Rotate each pair (i, i + head_dim / 2) of (length, heads, head_dim) by position * inv_freq[i]."""
        inv_freq = self.w[f"model.layers.{layer}.self_attn.rotary_emb.inv_freq"].to(heads.dtype)
        angles = positions.to(heads.dtype)[:, None, None] * inv_freq
        cos, sin = angles.cos(), angles.sin()
        half = self.head_dim // 2
        a, b = heads[..., :half], heads[..., half:]
        return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)
