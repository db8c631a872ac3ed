"""The work that reading a picture and writing a token takes: operations and bytes. Imports no torch.

Products of matrices (m, k) and (k, n) count as 2 m k n operations, as in Kaplan et al., 2020 (arXiv:2001.08361);
norms, activations and softmax are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cogdoc.cogvlm2.configuration import ModelConfig
from cogdoc.cogvlm2.memory import plan
from cogdoc.cogvlm2.tensor_memory import Device

if TYPE_CHECKING:
    from cogdoc.cogvlm2.precision import VisionPrecision
    from cogdoc.cogvlm2.quantized_parts import Quantization


def vision_flop(config: ModelConfig) -> int:
    """Operations of the vision tower for one image."""
    vision = config.vision
    width, inner, patches = vision.hidden_size, vision.intermediate_size, vision.num_positions - 1
    tokens = patches // 4  # after the downsampling
    embedding = 2 * patches * vision.in_channels * vision.patch_size**2 * width
    linear = 2 * vision.num_positions * (4 * width**2 + 2 * width * inner)
    attention = 4 * vision.num_positions**2 * width
    adapter = 2 * tokens * (width * config.hidden_size + 3 * config.hidden_size * config.intermediate_size)
    return embedding + vision.num_layers * (linear + attention) + 2 * tokens * 4 * width**2 + adapter


def prefix_flop(config: ModelConfig, tokens: int) -> int:
    """Operations of the language model for a prefix; each token passes one expert, and sees those before it.

    The last layer only makes queries, keys and values.
    """
    hidden, layers = config.hidden_size, config.num_layers
    projection = hidden * (hidden + 2 * config.kv_size)
    rest = hidden * hidden + 3 * hidden * config.intermediate_size
    return 2 * tokens * (layers * projection + (layers - 1) * rest) + (layers - 1) * 2 * tokens**2 * hidden


def step_bytes(
    config: ModelConfig,
    quantization: Quantization,
    length: int,
    vision: VisionPrecision = "quantized",
    *,
    rows: int = 1,
    device: Device = "cuda",
    dtype_bytes: int = 2,
) -> float:
    """Bytes that a decode step reads: language experts, output head, and the keys and values of all rows.

    Args:
        length: tokens in the cache of each row.
    """
    planned = plan(
        config, quantization, length=length, batch=rows, vision=vision, device=device, dtype_bytes=dtype_bytes
    )
    parts = planned.parts
    experts = parts.language_layers + parts.visual_experts
    # Scales belong to language and visual experts and to the vision tower, about in proportion to their codes.
    tower = parts.vision_transformer + parts.adapter if vision == "quantized" else 0
    scales = parts.quantization_state * parts.language_layers / (experts + tower)
    head = parts.output_head or parts.token_embedding
    return parts.language_layers + scales + head + planned.cache
