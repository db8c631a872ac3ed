"""Makes parity fixtures of any sizes: random checkpoints, images, and the outputs of the naive reference on them.

Tests make folders with sizes, shards and cases of their own. Run as a script, this writes the committed ones:
`python tests/cogvlm2/parity_folders.py` makes `tests/cogvlm2/parity/` anew.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import sqrt
from pathlib import Path
from typing import Any

import torch
from hypothesis import strategies as st
from naive_reference import NaiveCogVLM2
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

OWN_FIXTURES = Path(__file__).parent / "parity"
PUBLISHED_FIXTURES = Path(__file__).parents[3] / "shared" / "cogvlm2" / "parity"
FIXTURES = sorted(file.parent for root in (OWN_FIXTURES, PUBLISHED_FIXTURES) for file in root.glob("*/config.json"))
"""The committed folders, made by the naive reference, and those made by the published code where they are present."""

BOS, PAD, EOS, SECOND_EOS = 1, 2, 3, 5
FIRST_TEXT_ID = 6
STEPS = 4
ALL_CASES = ("text", "image", "single1", "single2", "image_long", "batch_left", "batch_right")

# The best logit has to exceed the second one by this much, so that rounding cannot change the token.
CLEAR_LEAD = {torch.float32: 1e-3, torch.bfloat16: 0.25}
PADDING = 1e4
"""Fills the padding, so that comparing it is noticed."""


@dataclass(frozen=True)
class Sizes:
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 16
    intermediate: int = 96
    layers: int = 2
    vocab: int = 131
    vision_heads: int = 2
    vision_head_dim: int = 12
    vision_intermediate: int = 40
    vision_layers: int = 2
    patch: int = 6
    grid: int = 4

    @property
    def hidden(self) -> int:
        return self.heads * self.head_dim

    @property
    def vision_hidden(self) -> int:
        return self.vision_heads * self.vision_head_dim

    @property
    def image_tokens(self) -> int:
        return (self.grid // 2) ** 2 + 2


@st.composite
def sizes(draw: st.DrawFn) -> Sizes:
    """At least six wide: norms over two or three numbers magnify rounding."""
    kv_heads = draw(st.integers(1, 3))
    return Sizes(
        heads=kv_heads * draw(st.sampled_from([1, 2, 4])),
        kv_heads=kv_heads,
        head_dim=draw(st.sampled_from([6, 10, 16])),
        intermediate=draw(st.integers(2, 60)),
        layers=draw(st.integers(1, 4)),
        vocab=draw(st.integers(FIRST_TEXT_ID + 1, 200)),
        vision_heads=draw(st.integers(1, 3)),
        vision_head_dim=draw(st.integers(6, 12)),
        vision_intermediate=draw(st.integers(1, 40)),
        vision_layers=draw(st.integers(1, 3)),
        patch=draw(st.integers(1, 5)),
        grid=draw(st.sampled_from([2, 4, 6])),
    )


def raw_config(size: Sizes) -> dict[str, Any]:
    """A config.json in the published form, with these sizes."""
    return {
        "architectures": ["CogVLMForCausalLM"],
        "auto_map": {"AutoModelForCausalLM": "modeling_cogvlm.CogVLMForCausalLM"},
        "vision_config": {
            "dropout_prob": 0.0,
            "hidden_act": "gelu",
            "in_channels": 3,
            "num_hidden_layers": size.vision_layers,
            "hidden_size": size.vision_hidden,
            "patch_size": size.patch,
            "num_heads": size.vision_heads,
            "intermediate_size": size.vision_intermediate,
            "layer_norm_eps": 1e-6,
            "num_positions": size.grid**2 + 1,
            "image_size": size.patch * size.grid,
        },
        "hidden_size": size.hidden,
        "intermediate_size": size.intermediate,
        "num_attention_heads": size.heads,
        "num_multi_query_heads": size.kv_heads,
        "max_position_embeddings": 8192,
        "rms_norm_eps": 1e-5,
        "template_version": "chat",
        "bos_token_id": BOS,
        "eos_token_id": [EOS, SECOND_EOS],
        "pad_token_id": PAD,
        "vocab_size": size.vocab,
        "num_hidden_layers": size.layers,
        "hidden_act": "silu",
        "torch_dtype": "float32",
        "tie_word_embeddings": False,
    }


def random_weights(size: Sizes, generator: torch.Generator) -> dict[str, Tensor]:
    """Every tensor of a checkpoint in fp32, scaled so that the outputs of each layer are of order one."""

    def matrix(rows: int, columns: int, scale: float = 1.0) -> Tensor:
        return torch.randn(rows, columns, generator=generator) * scale / sqrt(columns)

    def vector(width: int, around: float) -> Tensor:
        return around + 0.2 * torch.randn(width, generator=generator)

    def norm(name: str, width: int) -> dict[str, Tensor]:
        return {f"{name}.weight": vector(width, 1), f"{name}.bias": vector(width, 0)}

    def linear(name: str, rows: int, columns: int) -> dict[str, Tensor]:
        return {f"{name}.weight": matrix(rows, columns), f"{name}.bias": vector(rows, 0)}

    width, inner, qkv_size = size.hidden, size.intermediate, (size.heads + 2 * size.kv_heads) * size.head_dim
    vision, patch = size.vision_hidden, size.patch
    weights = {
        "model.embed_tokens.weight": torch.randn(size.vocab, width, generator=generator),
        "lm_head.weight": matrix(size.vocab, width, 2),
        "model.norm.weight": vector(width, 1),
        "model.vision.boi": torch.randn(1, 1, width, generator=generator),
        "model.vision.eoi": torch.randn(1, 1, width, generator=generator),
        "model.vision.patch_embedding.cls_embedding": torch.randn(1, vision, generator=generator),
        "model.vision.patch_embedding.position_embedding.weight": matrix(size.grid**2 + 1, vision, sqrt(vision)),
        "model.vision.patch_embedding.proj.weight": matrix(vision, 3 * patch**2).view(vision, 3, patch, patch),
        "model.vision.patch_embedding.proj.bias": vector(vision, 0),
        "model.vision.conv.weight": matrix(vision, 4 * vision).view(vision, vision, 2, 2),
        "model.vision.conv.bias": vector(vision, 0),
        "model.vision.linear_proj.linear_proj.weight": matrix(width, vision),
        **norm("model.vision.linear_proj.norm1", width),
        "model.vision.linear_proj.gate_proj.weight": matrix(inner, width),
        "model.vision.linear_proj.dense_h_to_4h.weight": matrix(inner, width),
        "model.vision.linear_proj.dense_4h_to_h.weight": matrix(width, inner),
    }
    for number in range(size.vision_layers):
        name = f"model.vision.transformer.layers.{number}"
        weights |= norm(f"{name}.input_layernorm", vision) | norm(f"{name}.post_attention_layernorm", vision)
        weights |= linear(f"{name}.attention.query_key_value", 3 * vision, vision)
        weights |= linear(f"{name}.attention.dense", vision, vision)
        weights |= linear(f"{name}.mlp.fc1", size.vision_intermediate, vision)
        weights |= linear(f"{name}.mlp.fc2", vision, size.vision_intermediate)
    frequencies = [500_000.0 ** (-2 * i / size.head_dim) for i in range(size.head_dim // 2)]
    for number in range(size.layers):
        name = f"model.layers.{number}"
        weights[f"{name}.input_layernorm.weight"] = vector(width, 1)
        weights[f"{name}.post_attention_layernorm.weight"] = vector(width, 1)
        weights[f"{name}.self_attn.rotary_emb.inv_freq"] = torch.tensor(frequencies)
        weights[f"{name}.self_attn.vision_expert_query_key_value.bias"] = vector(qkv_size, 0)
        for expert in ("language", "vision"):
            weights[f"{name}.self_attn.{expert}_expert_query_key_value.weight"] = matrix(qkv_size, width)
            weights[f"{name}.self_attn.{expert}_expert_dense.weight"] = matrix(width, width)
            weights[f"{name}.mlp.{expert}_mlp.gate_proj.weight"] = matrix(inner, width)
            weights[f"{name}.mlp.{expert}_mlp.up_proj.weight"] = matrix(inner, width)
            weights[f"{name}.mlp.{expert}_mlp.down_proj.weight"] = matrix(width, inner)
    return weights


@dataclass(frozen=True)
class PromptSpec:
    """The index of a prompt's image, or None without an image, and the ids of its text."""

    image: int | None
    text: tuple[int, ...]


@dataclass(frozen=True)
class Expected:
    """The outputs of the reference for a prompt, without padding."""

    ids: list[int]
    types: list[int]
    positions: list[int]
    per_token: dict[str, Tensor]
    """hidden_{layer}, kv0_k, kv0_v and prefill_logits, with tokens in the last dimension but one."""
    step_logits: Tensor
    tokens: list[int]


class FolderMaker:
    """Makes a folder. `wrong_eoi` routes eoi to the vision expert, a mistake that the benchmark has to notice."""

    def __init__(
        self, size: Sizes, seed: int, *, dtype: torch.dtype = torch.float32, images: int = 3, wrong_eoi: bool = False
    ) -> None:
        self.size = size
        self.dtype = dtype
        self.generator = torch.Generator().manual_seed(seed)
        self.raw = raw_config(size) | {"torch_dtype": str(dtype).removeprefix("torch.")}
        self.weights = {name: w.to(dtype) for name, w in random_weights(size, self.generator).items()}
        self.reference = NaiveCogVLM2(self.raw, self.weights, wrong_eoi=wrong_eoi)
        side = size.patch * size.grid
        shapes = [(3 * side + 1, side - 1, "RGB"), (side, side, "L"), (5, 2 * side + 3, "RGBA"), (9, 9, "P")]
        self.images = [self._image(*shapes[number % len(shapes)]) for number in range(images)]
        self.pixels = [self.reference.pixels(image) for image in self.images]
        self.parts = [self.reference.image_features(pixels) for pixels in self.pixels]

    def write(
        self,
        folder: Path,
        *,
        cases: tuple[str, ...] = ALL_CASES,
        renamed: dict[str, str] | None = None,
        shards: int = 1,
        unstated: tuple[str, ...] = (),
    ) -> Path:
        """`renamed` maps cases to other names; `unstated` keys are omitted from config.json."""
        folder.mkdir()
        stated = {key: value for key, value in self.raw.items() if key not in unstated}
        (folder / "config.json").write_text(json.dumps(stated, indent=1))
        self._write_weights(folder, shards)
        tensors = {f"pixel_values_{number}": pixels for number, pixels in enumerate(self.pixels)}
        for name in self.parts[0] if self.parts else ():
            tensors[name] = torch.stack([part[name] for part in self.parts])
        for number, image in enumerate(self.images):
            image.save(folder / f"img_{number}.png")
        listing = {}
        for name, case in self._cases():
            if name in cases:
                name = (renamed or {}).get(name, name)
                tensors |= {f"{name}.{key}": tensor for key, tensor in case.items()}
                lengths = case["attention_mask"].sum(1).tolist()
                listing[name] = {"len": lengths, "tokens": case["tokens"].tolist()}
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "expected.safetensors")
        (folder / "expected.json").write_text(json.dumps({"cases": listing}))
        return folder

    def _image(self, width: int, height: int, mode: str) -> Image.Image:
        noise = torch.randint(0, 256, (height, width, 3), generator=self.generator, dtype=torch.uint8)
        return Image.fromarray(noise.numpy()).convert(mode)

    def _write_weights(self, folder: Path, shards: int) -> None:
        if shards == 1:
            save_file(self.weights, folder / "model.safetensors")
            return
        weight_map = {}
        for shard in range(shards):
            file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
            part = {name: self.weights[name] for name in sorted(self.weights)[shard::shards]}
            save_file(part, folder / file)
            weight_map |= dict.fromkeys(part, file)
        (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))

    def _cases(self) -> Iterator[tuple[str, dict[str, Tensor]]]:
        last = len(self.images) - 1
        yield "text", _unpadded(self._clear(None, 9))
        if last < 0:
            return
        yield "image", _unpadded(self._clear(0, 8))
        first, second = self._clear(0, 6), self._clear(min(1, last), 11)
        yield "single1", _unpadded(first)
        yield "single2", _unpadded(second)
        yield "image_long", _unpadded(self._clear(min(2, last), 31))
        padding = len(second.ids) - len(first.ids)
        shifted = self._expected(PromptSpec(0, tuple(first.ids[-6:])), first_position=1)
        yield "batch_left", _stacked(_padded(shifted, padding, "left"), _unpadded(second))
        yield "batch_right", _stacked(_padded(self._wrong_steps(first, padding), padding, "right"), _unpadded(second))

    def _clear(self, image: int | None, length: int) -> Expected:
        """Run the reference on a random prompt whose tokens no rounding can change."""
        for _ in range(1000):
            text = torch.randint(FIRST_TEXT_ID, self.size.vocab, (length,), generator=self.generator).tolist()
            expected = self._expected(PromptSpec(image, tuple(text)))
            best = expected.step_logits[:-1].topk(2).values
            if (best[:, 0] - best[:, 1]).min() > CLEAR_LEAD[self.dtype]:
                return expected
        raise AssertionError("no prompt with clear tokens")

    def _expected(self, spec: PromptSpec, first_position: int = 0) -> Expected:
        image = self.size.image_tokens if spec.image is not None else 0
        ids = [BOS, *[PAD] * image, *spec.text]
        types = [0, *[1] * image, *[0] * len(spec.text)]
        positions = self.reference.positions(types, first_position)
        features = None if spec.image is None else self.parts[spec.image]["image_features"]
        outputs = self.reference.prefill(ids, types, positions, features)
        tokens, step_logits = self.reference.decode(ids, types, positions, features, STEPS)
        per_token = {f"hidden_{layer}": hidden for layer, hidden in enumerate(outputs.hidden)}
        per_token |= {"kv0_k": outputs.first_keys, "kv0_v": outputs.first_values, "prefill_logits": outputs.logits}
        return Expected(ids, types, positions, per_token, step_logits, tokens)

    def _wrong_steps(self, right: Expected, padding: int) -> Expected:
        """Decode as the published code does: padding on the right is read as if it were text."""
        ids, types = right.ids + [EOS] * padding, right.types + [0] * padding
        features = self.parts[0]["image_features"]
        tokens, logits = self.reference.decode(ids, types, self.reference.positions(types), features, STEPS)
        return replace(right, tokens=tokens, step_logits=logits)


def _unpadded(expected: Expected) -> dict[str, Tensor]:
    return _padded(expected, 0, "right")


def _padded(expected: Expected, padding: int, side: str) -> dict[str, Tensor]:
    def beside(tensor: Tensor, filler: float, dimension: int) -> Tensor:
        shape = list(tensor.shape)
        shape[dimension] = padding
        parts = [tensor, torch.full(shape, filler, dtype=tensor.dtype)]
        return torch.cat(parts if side == "right" else parts[::-1], dimension)[None]

    last = expected.positions[-1] if side == "right" else 0
    return {
        "input_ids": beside(torch.tensor(expected.ids), EOS, 0),
        "token_type_ids": beside(torch.tensor(expected.types), 0, 0),
        "attention_mask": beside(torch.ones(len(expected.ids), dtype=torch.long), 0, 0),
        "position_ids": beside(torch.tensor(expected.positions), last, 0),
        **{name: beside(tensor, PADDING, -2) for name, tensor in expected.per_token.items()},
        "step_logits": expected.step_logits[None],
        "tokens": torch.tensor([expected.tokens]),
    }


def _stacked(*rows: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: torch.cat([row[name] for row in rows]) for name in rows[0]}


def main() -> None:
    """Write the committed fixtures."""
    size = Sizes(head_dim=8, intermediate=48, vocab=64, vision_head_dim=8, vision_intermediate=32, patch=4)
    shutil.rmtree(OWN_FIXTURES / "small", ignore_errors=True)
    shutil.rmtree(OWN_FIXTURES / "small_bf16", ignore_errors=True)
    with torch.inference_mode():
        FolderMaker(size, 1).write(OWN_FIXTURES / "small")
        FolderMaker(size, 2, dtype=torch.bfloat16).write(OWN_FIXTURES / "small_bf16")


if __name__ == "__main__":
    main()
