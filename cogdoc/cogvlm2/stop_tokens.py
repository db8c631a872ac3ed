"""The tokens that end an answer: all that any file of a checkpoint names.

Fine-tuned models end with tokens that only one of the files names; an answer that misses its end goes on for pages.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cogdoc.cogvlm2.configuration import CONFIG_BYTES, MAX_EOS_TOKENS, ModelConfig
from cogdoc.cogvlm2.folder_files import read_object, shorten
from cogdoc.cogvlm2.tokenizer import Tokenizer
from cogdoc.errors import CheckpointError

GENERATION_CONFIG, TOKENIZER_CONFIG = "generation_config.json", "tokenizer_config.json"

LLAMA3_STOP_TOKENS = ("<|end_of_text|>", "<|eot_id|>")
"""The ends of a text and of a turn in the vocabulary of Llama 3: 128001 and 128009."""


def stop_token_ids(folder: Path, config: ModelConfig, tokenizer: Tokenizer) -> frozenset[int]:
    """The stop tokens of a checkpoint: of config.json, generation_config.json, tokenizer_config.json and Llama 3.

    Raises:
        CheckpointError: a file cannot be read, or names a token that the vocabulary does not have.
    """
    generation = (read_object(folder, GENERATION_CONFIG, CONFIG_BYTES) or {}).get("eos_token_id")
    ids = [token for token in (generation if isinstance(generation, list) else [generation]) if token is not None]
    for token in ids[: MAX_EOS_TOKENS + 1]:
        if type(token) is not int or not 0 <= token < config.vocab_size or len(ids) > MAX_EOS_TOKENS:
            raise CheckpointError(
                f"{folder / GENERATION_CONFIG}: eos_token_id is {shorten(generation)}, not tokens of the vocabulary"
            )
    named = (tokenizer.bpe.token_to_id(name) for name in (*LLAMA3_STOP_TOKENS, *_tokenizer_eos(folder)))
    return frozenset((*config.eos_token_ids, *ids, *(token for token in named if token is not None)))


def _tokenizer_eos(folder: Path) -> tuple[str, ...]:
    """The `eos_token` of tokenizer_config.json, which is a name, or an object whose `content` is the name."""
    eos: Any = (read_object(folder, TOKENIZER_CONFIG, CONFIG_BYTES) or {}).get("eos_token")
    name = eos.get("content") if isinstance(eos, dict) else eos
    return (name,) if isinstance(name, str) else ()
