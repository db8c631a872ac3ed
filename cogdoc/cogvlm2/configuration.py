"""The sizes of a CogVLM2 checkpoint, read from its `config.json`. Needs no deep learning library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cogdoc.errors import CheckpointError

Template = Literal["base", "chat", "vqa"]

# The published config.json leaves these out; the published code has them as defaults or constants.
DEFAULT_KV_HEADS = 8
DEFAULT_ROTARY_BASE = 500_000.0
ADAPTER_NORM_EPS = 1e-5


@dataclass(frozen=True, slots=True)
class VisionConfig:
    """The vision transformer: square pictures of `image_size` pixels, cut into patches of `patch_size`."""

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
        """Patches along one side."""
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
        """Width of all key heads of a token together; that of the values too."""
        return self.num_kv_heads * self.head_dim

    @property
    def patch_tokens(self) -> int:
        """Image tokens without boi and eoi: the patch grid after 2 x 2 downsampling."""
        return (self.vision.grid // 2) ** 2

    @property
    def image_tokens(self) -> int:
        return self.patch_tokens + 2


def read_config(folder: Path) -> ModelConfig:
    """Read `config.json` of a checkpoint folder.

    Raises:
        CheckpointError: there is none, or it is not one of CogVLM2.
    """
    return parse_config(read_raw_config(folder))


def read_raw_config(folder: Path) -> dict[str, Any]:
    """`config.json` as it stands: the writer of quantized checkpoints keeps what it does not know.

    Raises:
        CheckpointError: there is none, or it is not a JSON object.
    """
    path = folder / "config.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{folder}: no config.json", "expected the folder of a CogVLM2 checkpoint") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: cannot be read: {error}") from None
    if not isinstance(raw, dict):
        raise CheckpointError(f"{path}: not a JSON object")
    return raw


def parse_config(raw: Mapping[str, Any]) -> ModelConfig:
    """Take what the model needs from a parsed `config.json`; `auto_map` and other keys are ignored.

    Raises:
        CheckpointError: a size is missing or contradicts another one, or the model is of another kind.
    """
    try:
        vision = raw["vision_config"]
        _require(raw.get("hidden_act", "silu") == "silu", "hidden_act is not silu")
        _require(vision.get("hidden_act", "gelu") == "gelu", "vision hidden_act is not gelu")
        eos = raw["eos_token_id"]
        config = ModelConfig(
            hidden_size=int(raw["hidden_size"]),
            intermediate_size=int(raw["intermediate_size"]),
            num_layers=int(raw["num_hidden_layers"]),
            num_heads=int(raw["num_attention_heads"]),
            num_kv_heads=int(raw.get("num_multi_query_heads", DEFAULT_KV_HEADS)),
            vocab_size=int(raw["vocab_size"]),
            max_positions=int(raw["max_position_embeddings"]),
            rms_norm_eps=float(raw["rms_norm_eps"]),
            rotary_base=float(raw.get("rope_theta", DEFAULT_ROTARY_BASE)),
            bos_token_id=int(raw["bos_token_id"]),
            eos_token_ids=tuple(int(token) for token in eos) if isinstance(eos, list) else (int(eos),),
            pad_token_id=int(raw["pad_token_id"]),
            tied_embeddings=bool(raw.get("tie_word_embeddings", False)),
            template=raw.get("template_version", "chat"),
            vision=VisionConfig(
                hidden_size=int(vision["hidden_size"]),
                intermediate_size=int(vision["intermediate_size"]),
                num_layers=int(vision["num_hidden_layers"]),
                num_heads=int(vision["num_heads"]),
                patch_size=int(vision["patch_size"]),
                image_size=int(vision["image_size"]),
                in_channels=int(vision["in_channels"]),
                num_positions=int(vision["num_positions"]),
                layer_norm_eps=float(vision["layer_norm_eps"]),
            ),
        )
    except KeyError as error:
        raise CheckpointError(f"config.json: {error.args[0]} is missing, so this is not CogVLM2") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"config.json: {error}") from None
    _check_sizes(config)
    return config


def _check_sizes(config: ModelConfig) -> None:
    vision = config.vision
    _require(config.template in ("base", "chat", "vqa"), f"unknown template_version {config.template!r}")
    _require(config.hidden_size % config.num_heads == 0, "hidden_size is not a multiple of num_attention_heads")
    _require(config.num_heads % config.num_kv_heads == 0, "attention heads are not a multiple of kv heads")
    _require(config.head_dim % 2 == 0, "the head dimension is odd")
    _require(vision.hidden_size % vision.num_heads == 0, "vision hidden_size is not a multiple of num_heads")
    _require(vision.grid % 2 == 0, "the patch grid is odd, so it cannot be halved")
    _require(vision.num_positions == vision.grid**2 + 1, "num_positions does not fit image_size and patch_size")


def _require(condition: bool, complaint: str) -> None:
    if not condition:
        raise CheckpointError(f"config.json: {complaint}")
