"""A model with random weights that are made on the card, so that nothing has to be carried to it."""

from __future__ import annotations

import itertools
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from cogdoc.cogvlm2.configuration import ModelConfig, parse_config
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.precision import VisionPrecision
from cogdoc.cogvlm2.published import CONFIG_JSON, PUBLISHED
from cogdoc.cogvlm2.quantization import Linear4bit, Linear8bit
from cogdoc.cogvlm2.quantized_parts import Quantization, quantizable
from cogdoc.cogvlm2.rotary import inverse_frequencies

STD = 0.02
DRAWN = 1 << 24

TOY: dict[str, Any] = CONFIG_JSON | {
    "hidden_size": 128,
    "intermediate_size": 192,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_multi_query_heads": 2,
    "max_position_embeddings": 256,
    "vocab_size": 512,
    "bos_token_id": 500,
    "eos_token_id": [501],
    "pad_token_id": 502,
    "vision_config": CONFIG_JSON["vision_config"]
    | {
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_heads": 2,
        "patch_size": 4,
        "image_size": 32,
        "num_positions": 65,
    },
}
"""A model that a CPU runs in milliseconds, with layers that every 4-bit kernel takes."""


def sizes(toy: bool) -> ModelConfig:
    return parse_config(TOY) if toy else PUBLISHED


def random_model(
    config: ModelConfig,
    quantization: Quantization,
    vision: VisionPrecision,
    device: torch.device,
    dtype: torch.dtype = torch.bfloat16,
    *,
    packed: bool = False,
) -> CogVLM2:
    """Make a model that computes in `dtype`, quantized layer by layer: at its peak there is the model and one layer."""
    with torch.device("meta"):
        model = CogVLM2(config)
    generator = torch.Generator(device).manual_seed(0)
    quantized = dict(quantizable(model, vision)) if quantization != "none" else {}
    # Quantizing takes long on a CPU, so layers of one shape get copies of the same weight.
    known: dict[torch.Size, Linear4bit | Linear8bit] = {}
    for name, linear in quantized.items():
        shape = linear.weight.shape
        if shape not in known:
            kind = Linear4bit if quantization == "nf4" else Linear8bit
            known[shape] = kind(linear.in_features, linear.out_features, bias=False)
            known[shape].quantize(_random(shape, generator, dtype))
        layer = deepcopy(known[shape])
        if linear.bias is not None:
            layer.bias = _parameter(torch.zeros(linear.out_features, dtype=dtype, device=device))
        if packed and "language_" in name:
            layer.pack()
        model.set_submodule(name, layer)
    for name, tensor in list(itertools.chain(model.named_parameters(), model.named_buffers())):
        if not tensor.is_meta:
            continue
        path, _, leaf = name.rpartition(".")
        module = model.get_submodule(path)
        if leaf == "inv_freq":
            module._buffers[leaf] = inverse_frequencies(config.head_dim, config.rotary_base, device).to(dtype)
        elif tensor.dim() == 1:  # norms of one, biases of zero
            value = torch.full(tensor.shape, float(leaf == "weight"), dtype=dtype, device=device)
            module.register_parameter(leaf, _parameter(value))
        else:
            module.register_parameter(leaf, _parameter(_random(tensor.shape, generator, dtype)))
    return model.eval().requires_grad_(False)


def _random(shape: torch.Size, generator: torch.Generator, dtype: torch.dtype) -> Tensor:
    """Random numbers; those of the largest tensors repeat, which saves a CPU half a minute."""
    count = shape.numel()
    values = torch.empty(min(count, DRAWN), dtype=dtype, device=generator.device)
    values.normal_(0, STD, generator=generator)
    return values.repeat(-(-count // DRAWN))[:count].view(shape)


def _parameter(value: Tensor) -> nn.Parameter:
    return nn.Parameter(value, requires_grad=False)
