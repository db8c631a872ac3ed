"""CogVLM2 sessions with random weights: they read nothing, and fall into loops, as trained models sometimes do."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from llama3_tokenizer import save_llama3_tokenizer
from parity_folders import Sizes, random_weights, raw_config
from safetensors.torch import save_file

from cogdoc.cogvlm2.session import CogVLM2Session, load_session


@cache
def random_session(seed: int, sharpness: float = 1.0) -> CogVLM2Session:
    """`sharpness` multiplies the logits: the greater it is, the less sampling differs from the likeliest token."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        special = save_llama3_tokenizer(folder)
        size = Sizes(vocab=special.vocab_size)
        ids = {"bos_token_id": special.bos, "eos_token_id": [special.eos], "pad_token_id": special.pad}
        (folder / "config.json").write_text(json.dumps(raw_config(size) | ids))
        weights = random_weights(size, torch.Generator().manual_seed(seed))
        weights["lm_head.weight"] *= sharpness
        save_file(weights, folder / "model.safetensors")
        return load_session(folder)
