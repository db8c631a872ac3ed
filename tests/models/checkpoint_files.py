"""A small random checkpoint with its tokenizer, as the files of a repository."""

from __future__ import annotations

from pathlib import Path

import torch
from llama3_tokenizer import save_llama3_tokenizer
from small_checkpoints import architecture, raw_config, save_checkpoint

SHARDS = tuple(f"model-{number:05}-of-00003.safetensors" for number in (1, 2, 3))
UNWANTED = ("modeling_cogvlm.py", "pytorch_model.bin", "README.md", "assets/other.safetensors")


def make_checkpoint(folder: Path) -> Path:
    """Three shards, index, config and tokenizer; every call writes the same bytes."""
    folder.mkdir(parents=True)
    ids = save_llama3_tokenizer(folder)
    raw = raw_config(
        vocab_size=ids.vocab_size, bos_token_id=ids.bos, eos_token_id=[ids.eos], pad_token_id=ids.pad, hidden_size=64
    )
    generator = torch.Generator().manual_seed(0)
    weights = {
        name: torch.randn(tensor.shape, generator=generator).to(torch.bfloat16)
        for name, tensor in architecture(raw).state_dict().items()
    }
    return save_checkpoint(folder, weights, raw, shards=len(SHARDS))


def repository_files(folder: Path) -> dict[str, bytes]:
    """A checkpoint's files, and other files of repositories that must not be downloaded."""
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    return files | {"LICENSE": b"Be kind.\n"} | dict.fromkeys(UNWANTED, b"not wanted")
