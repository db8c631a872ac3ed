"""Estimate CogVLM2's speed on cards that nobody has measured yet: python -m benchmarks.card_estimates [--shapes FILE]

Nothing is run. From the shapes of the checkpoint's tensors follow the operations of a picture and the bytes of a token;
a card's public figures say how long these take at least. `python -m benchmarks.gpu` on such a card replaces them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import torch

from benchmarks.report import markdown_table
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.published import PUBLISHED
from cogdoc.cogvlm2.reading_memory import reading_context, reading_plan, reading_room, required_memory
from cogdoc.cogvlm2.tensor_memory import BLOCK, SCALE_BLOCK

Shapes = Mapping[str, Sequence[int]]

QUESTION_TOKENS = 32
NF4_BYTES = 1 / 2 + 1 / BLOCK + 4 / (BLOCK * SCALE_BLOCK)
"""Of a parameter: its code, and its share of the scale of a block and of the scale of scales."""

REACHED = 0.5
"""The assumed share of a card's operations a second that long products and fused attention reach."""

STEP_LIMIT = 1.5
"""How far from the bandwidth's limit a captured decode step may be, by cogdoc's own aim."""


@dataclass(frozen=True, slots=True)
class Card:
    """Public figures: NVIDIA's data sheets and architecture white papers, without sparsity."""

    name: str
    gib: int
    bandwidth: float
    """Bytes a second."""
    operations: float
    """In bf16 with sums in fp32, a second."""


CARDS = (
    Card("RTX 3090", 24, 936e9, 71e12),
    Card("RTX 4090", 24, 1008e9, 165e12),
    Card("L4", 24, 300e9, 121e12),
    Card("A100 80 GB SXM", 80, 2039e9, 312e12),
    Card("H100 80 GB SXM", 80, 3350e9, 989e12),
)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.card_estimates", description=__doc__)
    parser.add_argument("--shapes", type=Path, metavar="FILE", help="JSON with the shape of each tensor by its name")
    options = parser.parse_args(arguments)
    shapes: Shapes = json.loads(options.shapes.read_text()) if options.shapes else own_shapes()
    picture, prompt, token = picture_operations(shapes), prompt_operations(shapes), token_bytes(shapes)
    print(f"a picture: {picture / 1e12:.0f} TFLOP in the vision tower, {prompt / 1e12:.0f} in its prompt pass")
    print(f"a token after it, NF4 with the output head in bf16: {token / 1e9:.2f} GB\n")
    header = ("estimate", "vision, s", "prompt, s", "tokens/s", "limit of tokens/s", "memory, GB", "side by side")
    print(markdown_table(header, [row(card, picture, prompt, token) for card in CARDS]))


def own_shapes() -> Shapes:
    """The shapes of cogdoc's own model in the published sizes."""
    with torch.device("meta"):
        return {name: tuple(tensor.shape) for name, tensor in CogVLM2(PUBLISHED).state_dict().items()}


def picture_operations(shapes: Shapes) -> int:
    """Of the vision tower: each weight for each patch, and attention between all patches."""
    patches, width = shapes["model.vision.patch_embedding.position_embedding.weight"]
    tokens = {"transformer": patches, "patch_embedding.proj": patches - 1}
    operations = 0
    for name, shape in shapes.items():
        if name.startswith("model.vision.") and name.endswith(".weight") and len(shape) > 1 and "position" not in name:
            part = next((part for part in tokens if f".{part}" in name), None)
            operations += 2 * (tokens[part] if part else (patches - 1) // 4) * prod(shape)
    layers = sum(name.endswith("attention.dense.weight") for name in shapes if name.startswith("model.vision."))
    return operations + layers * 4 * patches**2 * width


def prompt_operations(shapes: Shapes) -> int:
    """Of the language model up to the end of the picture: one expert for each token, causal attention.

    Of the last layer only queries, keys and values are needed.
    """
    tokens = _image_tokens(shapes)
    layers = sum(".vision_expert_dense.weight" in name for name in shapes)
    last = f".layers.{layers - 1}."
    weights = [
        prod(shape)
        for name, shape in shapes.items()
        if (".vision_expert" in name or ".vision_mlp" in name) and len(shape) == 2
        if last not in name or "query_key_value" in name
    ]
    return 2 * tokens * sum(weights) + (layers - 1) * 2 * tokens**2 * shapes["model.norm.weight"][0]


def token_bytes(shapes: Shapes) -> float:
    """What a decode step reads: language experts in NF4, norms, output head, keys and values of a page and a question.

    The width of keys and values follows from the fused projection, which is as wide as queries, keys and values.
    """
    experts = [shape for name, shape in shapes.items() if ".language_expert" in name or ".language_mlp" in name]
    norms = sum(
        prod(shape) for name, shape in shapes.items() if "norm" in name and not name.startswith("model.vision.")
    )
    width = shapes["model.norm.weight"][0]
    fused = [shape for name, shape in shapes.items() if "language_expert_query_key_value.weight" in name]
    cached = (_image_tokens(shapes) + QUESTION_TOKENS) * sum(shape[0] - width for shape in fused)
    return NF4_BYTES * sum(map(prod, experts)) + 2 * (norms + prod(shapes["lm_head.weight"]) + cached)


def _image_tokens(shapes: Shapes) -> int:
    """Boi, a token for each four patches, and eoi."""
    return (shapes["model.vision.patch_embedding.position_embedding.weight"][0] - 1) // 4 + 2


def row(card: Card, picture: float, prompt: float, token: float) -> list[str]:
    """The estimates of one card."""
    planned = reading_plan(PUBLISHED, "nf4", "cuda", "bf16")
    room = reading_room(PUBLISHED, "nf4", "cuda", card.gib * 2**30, reading_context(PUBLISHED), vision="bf16")
    limit = card.bandwidth / token
    return [
        card.name,
        f"{picture / card.operations / REACHED:.1f}",
        f"{prompt / card.operations / REACHED:.1f}",
        f"{limit / STEP_LIMIT:.0f}",
        f"{limit:.0f}",
        f"{required_memory(planned, 'cuda') / 1e9:.1f} of {card.gib * 2**30 / 1e9:.1f}",
        str(room.rows),
    ]


if __name__ == "__main__":
    main()
