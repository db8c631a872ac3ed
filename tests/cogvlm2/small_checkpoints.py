"""Makes small random checkpoints on disk, full and quantized, in the published forms."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import torch
from bitsandbytes.functional import QuantState, dequantize_4bit, quantize_4bit
from safetensors.torch import save_file
from torch import Tensor

from cogdoc.cogvlm2.batch import prefill
from cogdoc.cogvlm2.configuration import parse_config
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.prompts import build_prompt
from cogdoc.cogvlm2.quantization import Linear4bit, Linear8bit
from cogdoc.cogvlm2.quantized_parts import quantizable
from cogdoc.cogvlm2.rotary import inverse_frequencies

# With these widths every linear layer supports the packed CPU kernel.
RAW: dict[str, Any] = {
    "architectures": ["CogVLMForCausalLM"],
    "auto_map": {
        "AutoConfig": "configuration_cogvlm.CogVLMConfig",
        "AutoModelForCausalLM": "modeling_cogvlm.CogVLMForCausalLM",
    },
    "hidden_size": 128,
    "intermediate_size": 192,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_multi_query_heads": 2,
    "hidden_act": "silu",
    "rms_norm_eps": 1e-5,
    "max_position_embeddings": 64,
    "vocab_size": 96,
    "template_version": "chat",
    "bos_token_id": 90,
    "eos_token_id": [91, 92],
    "pad_token_id": 93,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "vision_config": {
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_heads": 2,
        "patch_size": 4,
        "image_size": 16,
        "num_positions": 17,
        "in_channels": 3,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-6,
    },
}

Weights = dict[str, Tensor]


def raw_config(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(RAW) | changes


def architecture(raw: dict[str, Any] = RAW) -> CogVLM2:
    """The model without weights."""
    with torch.device("meta"):
        return CogVLM2(parse_config(raw))


def converted_names(raw: dict[str, Any] = RAW) -> list[str]:
    """The names of the weights that are quantized."""
    return [f"{name}.weight" for name, _ in quantizable(architecture(raw))]


def random_weights(dtype: torch.dtype = torch.bfloat16, seed: int = 0) -> Weights:
    """Every tensor of the architecture under its published name."""
    generator = torch.Generator().manual_seed(seed)
    config = parse_config(RAW)
    weights = {}
    for name, tensor in architecture().state_dict().items():
        if name.endswith("inv_freq"):
            values = inverse_frequencies(config.head_dim, config.rotary_base)
        elif tensor.dim() == 1:
            values = float(name.endswith("weight")) + 0.1 * torch.randn(tensor.shape, generator=generator)
        else:
            values = torch.randn(tensor.shape, generator=generator) * tensor.shape[-1] ** -0.5
        weights[name] = values.to(dtype)
    return weights


def published_int4(weights: Weights) -> Weights:
    """Quantize as transformers does with bitsandbytes: fp4 from fp16, single scales, the rest in fp16 or fp32."""
    converted = set(converted_names())
    saved: Weights = {}
    for name, tensor in weights.items():
        if name in converted:
            codes, state = quantize_4bit(tensor.half(), blocksize=64, quant_type="fp4", compress_statistics=False)
            parts = {f"{name}.{part}": value for part, value in state.as_dict(packed=True).items()}
            saved |= {name: codes} | parts
        else:
            saved[name] = tensor.float() if "norm" in name else tensor.half()
    return saved


def dequantized(weights: Weights) -> Weights:
    """Expand the weights of a 4-bit checkpoint with bitsandbytes."""
    full: Weights = {}
    for name in architecture().state_dict():
        parts = {key.removeprefix(f"{name}."): value for key, value in weights.items() if key.startswith(f"{name}.")}
        if parts:
            state = QuantState.from_dict(dict(parts), torch.device("cpu"))
            full[name] = dequantize_4bit(weights[name], state)
        else:
            full[name] = weights[name]
    return full


def save_checkpoint(folder: Path, weights: Weights, raw: dict[str, Any] = RAW, shards: int = 1) -> Path:
    """Write one file, or shards with an index. The parts of a weight end up in different shards."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(raw), encoding="utf-8")
    if shards == 1:
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        return folder
    files = [f"model-{number + 1:05}-of-{shards:05}.safetensors" for number in range(shards)]
    weight_map = {name: files[index % shards] for index, name in enumerate(weights)}
    for file in files:
        save_file({name: weights[name] for name in weights if weight_map[name] == file}, folder / file)
    index = {"metadata": {}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    return folder


def snapshot(model: CogVLM2) -> Weights:
    """Every tensor of a loaded model, including the scales of quantized layers."""
    tensors: Weights = {}
    for name, module in model.named_modules():
        if isinstance(module, Linear4bit):
            tensors[f"{name}.codes"] = module.codes
            tensors |= {f"{name}.{part}": value for part, value in module.state.as_dict(packed=True).items()}
        elif isinstance(module, Linear8bit):
            tensors |= {f"{name}.rows": module.weight.data, f"{name}.scales": module.weight.SCB}
        else:
            own = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
            tensors |= {f"{name}.{leaf}": tensor.detach() for leaf, tensor in own}
        if isinstance(module, Linear4bit | Linear8bit) and module.bias is not None:
            tensors[f"{name}.bias"] = module.bias.detach()
    return tensors


def outputs(model: CogVLM2) -> tuple[Tensor, Tensor]:
    """Image features, and the next logits of a text prompt and of a prompt with the image; both in fp32."""
    pixels = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    features = model.image_features(pixels)
    prompts = [
        build_prompt(model.config, [5, 6, 7, 8], with_image=False),
        build_prompt(model.config, [9, 10], with_image=True),
    ]
    batch = prefill(model, prompts, features, max_new_tokens=1)
    return features.float(), batch.take_next_logits().float()


def relative_error(actual: Tensor, expected: Tensor) -> float:
    return float((actual.float() - expected.float()).norm() / expected.float().norm())
