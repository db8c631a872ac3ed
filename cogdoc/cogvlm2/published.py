"""The configuration of the published 19B checkpoints, known before anything is downloaded."""

from __future__ import annotations

from typing import Any

from cogdoc.cogvlm2.configuration import parse_config

CONFIG_JSON: dict[str, Any] = {
    "architectures": ["CogVLMForCausalLM"],
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "hidden_act": "silu",
    "rms_norm_eps": 1e-5,
    "max_position_embeddings": 8192,
    "vocab_size": 128256,
    "template_version": "chat",
    "bos_token_id": 128000,
    "eos_token_id": [128001, 128009],
    "pad_token_id": 128002,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "vision_config": {
        "hidden_size": 1792,
        "intermediate_size": 15360,
        "num_hidden_layers": 63,
        "num_heads": 16,
        "patch_size": 14,
        "image_size": 1344,
        "num_positions": 9217,
        "in_channels": 3,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-6,
        "dropout_prob": 0.0,
    },
}
"""The `config.json` of cogvlm2-llama3-chat-19B without its `auto_map`, which names remote code."""

PUBLISHED = parse_config(CONFIG_JSON)
