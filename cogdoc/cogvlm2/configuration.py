"""The sizes of a CogVLM2 checkpoint, read from its `config.json`. Imports no torch."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from cogdoc.cogvlm2.folder_files import read_object
from cogdoc.cogvlm2.relatives import relative_of_config
from cogdoc.errors import CheckpointError

Template = Literal["base", "chat", "vqa"]
TEMPLATES = get_args(Template)

Arithmetic = Literal["precise", "published"]
"""How to round where the published code loses precision.

`precise`, the default, computes rotary angles in fp32 and attention with PyTorch's kernels, which round once.
`published` repeats the published code: angles in the checkpoint's dtype, and attention scores rounded to it in batches
whose rows differ in length. Use it to reproduce the bf16 outputs of the published code, not for better answers.
"""

# The published config.json omits these; the published code has them as defaults or constants.
DEFAULT_KV_HEADS = 8
DEFAULT_ROTARY_BASE = 500_000.0
ADAPTER_NORM_EPS = 1e-5

CONFIG_BYTES = 1 << 20

LIMITS = {
    "hidden_size": 1 << 16,
    "intermediate_size": 1 << 18,
    "num_hidden_layers": 256,
    "num_attention_heads": 1 << 16,
    "num_multi_query_heads": 1 << 16,
    "num_heads": 1 << 16,
    "vocab_size": 1 << 20,
    "max_position_embeddings": 1 << 20,
    "patch_size": 1 << 8,
    "image_size": 1 << 12,
    "in_channels": 3,
    "num_positions": (1 << 22) + 1,
}
"""The largest sizes, several times those of any published model: a config.json must not decide how long cogdoc builds
layers, or how much memory it takes, before the tensors are compared with it."""

MAX_NORM_EPS = 1.0
MAX_ROTARY_BASE = 1e12
MAX_EOS_TOKENS = 64


@dataclass(frozen=True, slots=True)
class VisionConfig:
    """The vision transformer: square images with sides of `image_size` pixels, split into patches of `patch_size`."""

    hidden_size: int
    intermediate_size: int
    num_layers: int
    num_heads: int
    patch_size: int
    image_size: int
    in_channels: int
    num_positions: int
    layer_norm_eps: float

    @property
    def head_dim(self) -> int:
        return self.hidden_size // self.num_heads

    @property
    def grid(self) -> int:
        """The number of patches along a side."""
        return self.image_size // self.patch_size


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The whole model. `max_positions` counts tokens of prompt and answer together."""

    hidden_size: int
    intermediate_size: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    vocab_size: int
    max_positions: int
    rms_norm_eps: float
    rotary_base: float
    bos_token_id: int
    eos_token_ids: tuple[int, ...]
    pad_token_id: int
    tied_embeddings: bool
    template: Template
    vision: VisionConfig

    @property
    def head_dim(self) -> int:
        return self.hidden_size // self.num_heads

    @property
    def kv_size(self) -> int:
        """The width of all key heads of a token together, and of all value heads."""
        return self.num_kv_heads * self.head_dim

    @property
    def patch_tokens(self) -> int:
        """The number of image tokens without boi and eoi: the patch grid after 2 x 2 downsampling."""
        return (self.vision.grid // 2) ** 2

    @property
    def image_tokens(self) -> int:
        return self.patch_tokens + 2


def read_config(folder: Path) -> ModelConfig:
    """Read `config.json` of a checkpoint folder.

    Raises:
        CheckpointError: the file is missing, or is not a CogVLM2 configuration.
    """
    return parse_config(read_raw_config(folder))


def read_raw_config(folder: Path) -> dict[str, Any]:
    """Read `config.json` unchanged, with the keys that cogdoc does not use.

    Raises:
        CheckpointError: the file is missing, or is not a JSON object.
    """
    raw = read_object(folder, "config.json", CONFIG_BYTES)
    if raw is None:
        raise CheckpointError(f"{folder}: no config.json", "expected the folder of a CogVLM2 checkpoint")
    return raw


def parse_config(raw: Mapping[str, Any]) -> ModelConfig:
    """Extract the sizes from a parsed `config.json`; `auto_map` and other keys are ignored.

    Raises:
        CheckpointError: a size is missing, impossible, or contradicts another one, or it is another model.
    """
    relative = relative_of_config(raw)
    _require(relative is None, relative.refusal if relative is not None else "")
    _require(isinstance(raw.get("vision_config"), dict), "vision_config is missing, so this is not CogVLM2")
    vision = {f"vision_config.{key}": value for key, value in raw["vision_config"].items()}
    _require(raw.get("hidden_act", "silu") == "silu", "hidden_act is not silu")
    _require(vision.get("vision_config.hidden_act", "gelu") == "gelu", "vision_config.hidden_act is not gelu")
    _require(raw.get("template_version", "chat") in TEMPLATES, f"template_version is none of {', '.join(TEMPLATES)}")
    _require(isinstance(raw.get("tie_word_embeddings", False), bool), "tie_word_embeddings is not true or false")
    eos = _present(raw, "eos_token_id")
    eos_tokens = eos if isinstance(eos, list) else [eos]
    _require(len(eos_tokens) <= MAX_EOS_TOKENS, f"eos_token_id has more than {MAX_EOS_TOKENS} tokens")
    config = ModelConfig(
        hidden_size=_size(raw, "hidden_size"),
        intermediate_size=_size(raw, "intermediate_size"),
        num_layers=_size(raw, "num_hidden_layers"),
        num_heads=_size(raw, "num_attention_heads"),
        num_kv_heads=_size({"num_multi_query_heads": DEFAULT_KV_HEADS} | dict(raw), "num_multi_query_heads"),
        vocab_size=_size(raw, "vocab_size"),
        max_positions=_size(raw, "max_position_embeddings"),
        rms_norm_eps=_positive(raw, "rms_norm_eps", MAX_NORM_EPS),
        rotary_base=_positive({"rope_theta": DEFAULT_ROTARY_BASE} | dict(raw), "rope_theta", MAX_ROTARY_BASE, 1.0),
        bos_token_id=_token(raw, "bos_token_id", _present(raw, "bos_token_id")),
        eos_token_ids=tuple(_token(raw, "eos_token_id", token) for token in eos_tokens),
        pad_token_id=_token(raw, "pad_token_id", _present(raw, "pad_token_id")),
        tied_embeddings=raw.get("tie_word_embeddings", False),
        template=raw.get("template_version", "chat"),
        vision=VisionConfig(
            hidden_size=_size(vision, "vision_config.hidden_size"),
            intermediate_size=_size(vision, "vision_config.intermediate_size"),
            num_layers=_size(vision, "vision_config.num_hidden_layers"),
            num_heads=_size(vision, "vision_config.num_heads"),
            patch_size=_size(vision, "vision_config.patch_size"),
            image_size=_size(vision, "vision_config.image_size"),
            in_channels=_size(vision, "vision_config.in_channels"),
            num_positions=_size(vision, "vision_config.num_positions"),
            layer_norm_eps=_positive(vision, "vision_config.layer_norm_eps", MAX_NORM_EPS),
        ),
    )
    _check_sizes(config)
    return config


def _check_sizes(config: ModelConfig) -> None:
    vision = config.vision
    _require(bool(config.eos_token_ids), "eos_token_id is empty, so no answer would end")
    _require(config.hidden_size % config.num_heads == 0, "hidden_size is not a multiple of num_attention_heads")
    _require(
        config.num_heads % config.num_kv_heads == 0, "num_attention_heads is not a multiple of num_multi_query_heads"
    )
    _require(config.head_dim % 2 == 0, "the head dimension is odd, so rotary positions cannot pair it")
    _require(vision.hidden_size % vision.num_heads == 0, "vision_config.hidden_size is not a multiple of num_heads")
    _require(vision.in_channels == 3, "vision_config.in_channels is not 3, but images are RGB")
    _require(vision.image_size % vision.patch_size == 0, "vision_config.image_size is not a multiple of patch_size")
    _require(vision.grid % 2 == 0, "the patch grid is odd, so it cannot be halved")
    _require(
        vision.num_positions == vision.grid**2 + 1,
        "vision_config.num_positions does not fit image_size and patch_size",
    )


def _size(raw: Mapping[str, Any], key: str) -> int:
    value = _present(raw, key)
    _require(type(value) is int and value > 0, f"{key} is {reprlib.repr(value)}, not a positive integer")
    limit = LIMITS[key.removeprefix("vision_config.")]
    _require(value <= limit, f"{key} is {reprlib.repr(value)}, but at most {limit:,} is possible")
    return int(value)


def _positive(raw: Mapping[str, Any], key: str, most: float, least: float = 0.0) -> float:
    value = _present(raw, key)
    _require(type(value) in (int, float) and value > 0, f"{key} is {reprlib.repr(value)}, not a positive number")
    _require(least <= value <= most, f"{key} is {reprlib.repr(value)}, not between {least:g} and {most:g}")
    return float(value)


def _token(raw: Mapping[str, Any], key: str, value: object) -> int:
    _require(
        type(value) is int and 0 <= value < _size(raw, "vocab_size"),
        f"{key} is {reprlib.repr(value)}, not a token of the vocabulary",
    )
    assert isinstance(value, int)
    return value


def _present(raw: Mapping[str, Any], key: str) -> Any:
    _require(key in raw, f"{key} is missing, so this is not CogVLM2")
    return raw[key]


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise CheckpointError(f"config.json: {message}")
