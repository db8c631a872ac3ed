"""Registers CogVLM2 with the Auto classes of transformers, for published checkpoints too."""

from __future__ import annotations

import functools
from typing import Any

from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoProcessor,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
)

from cogdoc.cogvlm2.transformers.configuration import MODEL_TYPE, CogVLM2Config
from cogdoc.cogvlm2.transformers.modeling import CogVLM2ForConditionalGeneration
from cogdoc.cogvlm2.transformers.processing import CogVLM2Processor

PUBLISHED_ARCHITECTURE = "CogVLMForCausalLM"


def register() -> None:
    """Register all classes. Repeated calls change nothing."""
    AutoConfig.register(MODEL_TYPE, CogVLM2Config, exist_ok=True)
    for auto_class in (AutoModelForImageTextToText, AutoModelForCausalLM):
        auto_class.register(CogVLM2Config, CogVLM2ForConditionalGeneration, exist_ok=True)
    AutoTokenizer.register(CogVLM2Config, fast_tokenizer_class=PreTrainedTokenizerFast, exist_ok=True)
    AutoProcessor.register(CogVLM2Config, CogVLM2Processor, exist_ok=True)
    if not hasattr(PreTrainedConfig.get_config_dict, "recognizes_cogvlm2"):
        _recognize_published_checkpoints()


def _recognize_published_checkpoints() -> None:
    """Add the model type to the `config.json` of published checkpoints when transformers reads one.

    The published file has none. The Auto classes look for nothing else, and would ask for permission to run the code
    of the model's repository, which fails on current releases. transformers has no hook for this, so its reading of
    the file is wrapped.
    """
    original = PreTrainedConfig.get_config_dict.__func__

    @functools.wraps(original)
    def get_config_dict(cls: type, *args: Any, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        raw, unused = original(cls, *args, **kwargs)
        return (_with_model_type(raw) if is_published(raw) else raw), unused

    vars(get_config_dict)["recognizes_cogvlm2"] = True
    PreTrainedConfig.get_config_dict = classmethod(get_config_dict)


def is_published(raw: dict[str, Any]) -> bool:
    """Whether a `config.json` is one of CogVLM2 as its authors publish it."""
    return (
        not raw.get("model_type")
        and PUBLISHED_ARCHITECTURE in (raw.get("architectures") or [])
        and isinstance(raw.get("vision_config"), dict)
    )


def _with_model_type(raw: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key != "auto_map"} | {"model_type": MODEL_TYPE}
