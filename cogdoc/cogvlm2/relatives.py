"""Recognizes checkpoints of CogVLM2's relatives, which share class names, layers or the look of CogVLM2 but are other
models, so that they are refused by name before their gigabytes are downloaded or loaded. Imports no torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Relative:
    """Another model of the family, and why the code of CogVLM2 cannot run it."""

    name: str
    reason: str
    repositories: re.Pattern[str]
    """Matches the names of its repositories, without their owner."""

    @property
    def refusal(self) -> str:
        return f"this is {self.name}, not CogVLM2: {self.reason}"


def _relative(name: str, reason: str, repositories: str) -> Relative:
    return Relative(name, reason, re.compile(repositories, re.IGNORECASE))


VIDEO = _relative(
    "CogVLM2-Video",
    "it reads frames of videos in low resolution, and has no visual experts",
    r"cogvlm2-(video|llama3-caption)",
)
FIRST = _relative(
    "CogVLM 17B, its predecessor",
    "it has the vocabulary of Vicuna, another image size, no downsampling and no grouped key heads",
    r"cogvlm-",
)
AGENT = _relative(
    "CogAgent 18B",
    "it has a second vision tower with cross attention, and the vocabulary of Vicuna",
    r"cogagent-(chat|vqa)",
)
AGENT_ON_GLM = _relative("CogAgent 9B or GLM-4V", "its language model is GLM-4", r"(cogagent-9b|glm-4v|glm-edge-v)")

RELATIVES = (VIDEO, FIRST, AGENT, AGENT_ON_GLM)

VICUNA_TOKENS = range(32_000, 32_064)
"""The size of Vicuna's vocabulary, with room for a fine-tune's own tokens."""

_AGENT_KEYS = ("cross_image_size", "cross_hidden_size", "cross_compute_hidden_size")
_GLM_KEYS = ("padded_vocab_size", "multi_query_group_num")


def relative_of_config(raw: Mapping[str, Any]) -> Relative | None:
    """The relative that a `config.json` belongs to; None for CogVLM2 and for everything else."""
    stated = raw.get("architectures")
    architectures = stated if isinstance(stated, list) else []
    if "CogVLMVideoForCausalLM" in architectures:
        return VIDEO
    if "CogAgentForCausalLM" in architectures or raw.get("model_type") == "cogagent" or any(map(raw.get, _AGENT_KEYS)):
        return AGENT
    is_glm = raw.get("model_type") == "chatglm" or all(key in raw for key in _GLM_KEYS)
    if is_glm and isinstance(raw.get("vision_config"), dict):
        return AGENT_ON_GLM
    vocab = raw.get("vocab_size")
    if "CogVLMForCausalLM" in architectures and type(vocab) is int and vocab in VICUNA_TOKENS:
        return FIRST
    return None


def relative_of_tensors(names: Iterable[str]) -> Relative | None:
    """The relative that tensors with these names belong to, whatever `config.json` states."""
    names = list(names)

    def any_has(part: str) -> bool:
        return any(part in name for name in names)

    if any_has(".cross_vision.") or any_has(".cross_attn."):
        return AGENT
    if any_has("transformer.encoder.layers.") and any_has("transformer.vision."):
        return AGENT_ON_GLM
    if any_has("language_expert_query_key_value"):
        if not any_has("vision_expert_query_key_value"):
            return VIDEO
        if not any_has("model.vision.conv."):
            return FIRST
    return None


def relative_of_repository(name: str) -> Relative | None:
    """The relative whose repository has this name, with or without its owner."""
    base = name.rstrip("/").rpartition("/")[2]
    return next((relative for relative in RELATIVES if relative.repositories.match(base)), None)
