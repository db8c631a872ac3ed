"""The pocket checkpoint: its layer sizes, its initial weights, and saving it in the published form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from cogdoc.cogvlm2.configuration import parse_config
from cogdoc.cogvlm2.model import CogVLM2
from training.pocket.pocket_tokenizer import SpecialIds, save_tokenizer

# All widths are multiples of 64, so that every 4-bit kernel fits each linear layer. A cell of the page (see
# `samples.pocket.forms`) is one patch wide and two high, so an image token covers two characters.
SIZES: dict[str, Any] = {
    "hidden_size": 128,
    "intermediate_size": 192,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_multi_query_heads": 2,
    "max_position_embeddings": 1024,
    "vision_config": {
        "hidden_size": 128,
        "intermediate_size": 256,
        "num_hidden_layers": 3,
        "num_heads": 4,
        "patch_size": 8,
        "image_size": 112,
        "num_positions": 14 * 14 + 1,
        "in_channels": 3,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-6,
        "dropout_prob": 0.0,
    },
}

LOWEST_FREQUENCY = 0.05
"""Lowest frequency of the initial positions, in radians a patch; the highest is 1."""


def raw_config(special: SpecialIds, sizes: dict[str, Any] = SIZES) -> dict[str, Any]:
    """`config.json` with the keys of the published one."""
    return {
        "architectures": ["CogVLMForCausalLM"],
        "auto_map": {
            "AutoConfig": "configuration_cogvlm.CogVLMConfig",
            "AutoModelForCausalLM": "modeling_cogvlm.CogVLMForCausalLM",
        },
        **sizes,
        "vocab_size": special.vocab_size,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-5,
        "template_version": "chat",
        "bos_token_id": special.bos,
        "eos_token_id": [special.eos],
        "pad_token_id": special.pad,
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
        "use_cache": True,
    }


def create_model(folder: Path, seed: int, sizes: dict[str, Any] = SIZES) -> CogVLM2:
    """Write tokenizer and configuration to `folder` and return the model with random weights."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = raw_config(save_tokenizer(folder), sizes)
    (folder / "config.json").write_text(json.dumps(raw, indent=2) + "\n", encoding="utf-8")
    torch.manual_seed(seed)
    model = CogVLM2(parse_config(raw))
    initialize(model)
    return model


def initialize(model: CogVLM2) -> None:
    """Set random weights from PyTorch's global generator; linear layers preserve the scale of their input."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.8 * module.in_features**-0.5)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    tower = model.model.vision
    for parameter in (tower.boi, tower.eoi, tower.patch_embedding.cls_embedding):
        nn.init.normal_(parameter)
    with torch.no_grad():
        tower.patch_embedding.position_embedding.weight[1:] = _grid_positions(
            tower.grid, model.config.vision.hidden_size
        )


def _grid_positions(grid: int, width: int) -> Tensor:
    """Initial position embeddings, (grid * grid, width): sines and cosines of the row and of the column.

    They are as large as the patch embeddings, and neighboring patches get similar ones. With small or random positions
    the tower takes thousands of steps to learn which patches are next to each other.
    """
    frequencies = LOWEST_FREQUENCY ** torch.linspace(0, 1, width // 4)
    angles = torch.arange(grid)[:, None] * frequencies
    axis = 2**0.5 * torch.cat((angles.sin(), angles.cos()), dim=-1)  # (grid, width / 2), of variance 1
    rows, columns = axis[:, None].expand(-1, grid, -1), axis.expand(grid, -1, -1)
    return torch.cat((rows, columns), dim=-1).flatten(0, 1)


def save(model: CogVLM2, folder: Path) -> None:
    """Write the weights in bf16 under the published names, replacing the file in one step."""
    weights = {name: tensor.detach().to(torch.bfloat16).contiguous() for name, tensor in model.state_dict().items()}
    partial = folder / "model.safetensors.partial"
    save_file(weights, partial, metadata={"format": "pt"})
    partial.chmod(0o644)  # safetensors makes it readable for the owner only
    partial.replace(folder / "model.safetensors")
