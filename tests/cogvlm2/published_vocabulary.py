"""Converts the vocabulary of Llama 3, which the package llama-models ships, to the tokenizer.json of a checkpoint."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from llama3_tokenizer import SPLIT

BEGIN_OF_TEXT = 128000
SPECIAL_TOKENS = (
    "<|begin_of_text|>",
    "<|end_of_text|>",
    *(f"<|reserved_special_token_{i}|>" for i in range(4)),
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|reserved_special_token_4|>",
    "<|eot_id|>",
    *(f"<|reserved_special_token_{i}|>" for i in range(5, 251)),
)


def read_ranks(model: Path) -> dict[bytes, int]:
    """The ordinary tokens of a `tokenizer.model` of tiktoken, by their bytes."""
    lines = (line.split() for line in model.read_bytes().splitlines())
    return {base64.b64decode(token): int(rank) for token, rank in lines}


def save_published_tokenizer(folder: Path, ranks: dict[bytes, int]) -> None:
    """Write `tokenizer.json` with these tokens, in the form of the published checkpoints."""
    text = _byte_characters()
    spelled = {token: "".join(text[byte] for byte in token) for token in ranks}
    content: dict[str, Any] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": number, "content": name, "special": True}
            | dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
            for number, name in enumerate(SPECIAL_TOKENS, BEGIN_OF_TEXT)
        ],
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": SPLIT}, "behavior": "Isolated", "invert": False},
                {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False},
            ],
        },
        "post_processor": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": True,
            "vocab": {spelled[token]: rank for token, rank in ranks.items()},
            "merges": [f"{spelled[left]} {spelled[right]}" for left, right in _merges(ranks)],
        },
    }
    (folder / "tokenizer.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def _merges(ranks: dict[bytes, int]) -> list[tuple[bytes, bytes]]:
    """The pairs of tokens that make a token, by the rank of that token."""
    pairs = [
        (rank, ranks[token[:cut]], ranks[token[cut:]], token[:cut], token[cut:])
        for token, rank in ranks.items()
        for cut in range(1, len(token))
        if token[:cut] in ranks and token[cut:] in ranks
    ]
    return [(left, right) for *_, left, right in sorted(pairs)]


def _byte_characters() -> list[str]:
    """The printable character that a byte-level BPE writes for each byte: itself, or one from U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]
