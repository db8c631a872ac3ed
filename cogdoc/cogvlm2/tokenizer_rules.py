"""What the tokenizer.json of a checkpoint may consist of: the parts of Llama 3's byte-level BPE, and nothing else.

A tokenizer.json is a small program. Regular expressions of its own can panic or take hours for a line of text,
normalizers and decoders can make gigabytes of it, and parts of other models can lose text. CogVLM2 needs none of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cogdoc.cogvlm2.folder_files import parse_json, shorten, unreadable

SPLIT_PATTERNS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
)
"""The split pattern of Llama 3. It takes a time that grows with the length of the text only."""

NORMALIZERS = ("NFC", "NFKC")
PRE_TOKENIZERS = ("ByteLevel", "Digits", "Split")
POST_PROCESSORS = ("ByteLevel", "TemplateProcessing")
DECODERS = ("ByteLevel", "Fuse")

MAX_TOKENS = 1 << 20
MAX_TOKEN_LENGTH = 1024
"""Characters of a token. An answer of 2,000 tokens then has 2 MB at most; the longest token of Llama 3 has 128."""


def check_rules(content: bytes, path: Path) -> None:
    """Check the content of a tokenizer.json before the library parses it.

    Raises:
        CheckpointError: it has parts that the tokenizer of CogVLM2 does not have.
    """
    raw = parse_json(content, path)
    problem = next(_problems(raw), None) if isinstance(raw, dict) else "it is not a JSON object"
    if problem is not None:
        raise unreadable(path, f"it is not the tokenizer of CogVLM2: {problem}")


def _problems(raw: dict[str, Any]) -> Iterator[str]:
    yield from _model_problems(raw.get("model"))
    added = raw.get("added_tokens") or []
    if not isinstance(added, list) or not all(isinstance(token, dict) for token in added) or len(added) > MAX_TOKENS:
        yield "its added tokens are no list of tokens"
    elif not all(_is_token(token.get("content")) and _is_id(token.get("id")) for token in added):
        yield "an added token is empty, too long, or has no valid number"
    parts = {
        "normalizer": NORMALIZERS,
        "pre_tokenizer": PRE_TOKENIZERS,
        "post_processor": POST_PROCESSORS,
        "decoder": DECODERS,
    }
    for part, allowed in parts.items():
        types = [step.get("type") for step in _steps(raw.get(part))]
        if unknown := [kind for kind in types if kind not in allowed]:
            yield f"its {part} has the type {shorten(unknown[0], 40)}"
        elif part in ("pre_tokenizer", "decoder") and "ByteLevel" not in types:
            yield f"its {part} is not byte-level"
    for step in _steps(raw.get("pre_tokenizer")):
        if step.get("type") == "Split" and not _is_known_split(step):
            yield "it splits text by another regular expression than Llama 3"


def _model_problems(model: Any) -> Iterator[str]:
    if not isinstance(model, dict) or model.get("type") != "BPE":
        yield "its model is not BPE"
        return
    for option in ("dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix"):
        if model.get(option):
            yield f"its model has the option {option}"
    vocabulary = model.get("vocab")
    if not isinstance(vocabulary, dict) or len(vocabulary) > MAX_TOKENS:
        yield "its model has no vocabulary of a possible size"
    elif not all(map(_is_token, vocabulary)) or not all(map(_is_id, vocabulary.values())):
        yield "a token is empty, too long, or has no valid number"


def _steps(part: Any) -> Iterator[dict[str, Any]]:
    """The steps of a part of the tokenizer, whether it is a single one, a sequence or missing."""
    if part is None:
        return
    if not isinstance(part, dict):
        yield {}
        return
    if part.get("type") != "Sequence":
        yield part
        return
    lists = [part[name] for name in ("normalizers", "pretokenizers", "processors", "decoders") if name in part]
    steps = lists[0] if len(lists) == 1 and isinstance(lists[0], list) else [{}]
    yield from (step if isinstance(step, dict) else {} for step in steps)


def _is_known_split(step: dict[str, Any]) -> bool:
    pattern = step.get("pattern")
    known = isinstance(pattern, dict) and list(pattern) == ["Regex"] and pattern["Regex"] in SPLIT_PATTERNS
    return known and step.get("behavior") == "Isolated" and step.get("invert") is False


def _is_token(text: Any) -> bool:
    return isinstance(text, str) and 0 < len(text) <= MAX_TOKEN_LENGTH


def _is_id(number: Any) -> bool:
    return type(number) is int and 0 <= number < MAX_TOKENS
