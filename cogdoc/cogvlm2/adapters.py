"""Reads LoRA adapters as PEFT stores them: `adapter_config.json` and `adapter_model.safetensors`.

LoRA (Hu et al., 2021, arXiv:2106.09685) adds `scaling * up @ down` to the weight of a layer. PEFT itself is not needed
to use an adapter: the two files say all. Imports no torch.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cogdoc.cogvlm2.folder_files import read_object, shorten
from cogdoc.cogvlm2.shard_headers import ITEM_BYTES, StoredTensor, open_shard, read_header
from cogdoc.errors import CheckpointError, ConfigurationError

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
CHUNK_BYTES = 1 << 20
PREFIX = "base_model.model."

UNSUPPORTED = {
    "use_dora": "DoRA",
    "use_qalora": "QA-LoRA",
    "use_bdlora": "BD-LoRA",
    "alora_invocation_tokens": "activated LoRA",
    "arrow_config": "Arrow routing",
    "kasa_config": "KaSA",
    "velora_config": "VeLoRA",
    "monteclora_config": "MonteCLoRA",
    "layer_replication": "replicated layers",
    "trainable_token_indices": "trained token embeddings",
    "target_parameters": "adapters of single parameters",
    "fan_in_fan_out": "transposed weights",
}
"""Settings of PEFT that change what an adapter computes, with their names."""

CHANGING_INITIALIZATIONS = ("pissa", "olora", "corda", "loftq", "lora_ga")
"""Initializations that change the weights of the model too, so that the adapter alone is not the fine-tune."""

_LOW_RANK = re.compile(r"(?P<module>.+)\.lora_(?P<part>[AB])(?:\.[^.]+)?\.(?P<leaf>weight|bias)")
_COPY = re.compile(r"\.(base_layer|modules_to_save(\.[^.]+)?)(?=\.(weight|bias)$)")


@dataclass(frozen=True, slots=True)
class LowRankUpdate:
    """The update of a layer: the names of its tensors in the file, and their factor.

    Args:
        down: (rank, in_features).
        up: (out_features, rank).
        bias: (out_features), added after `up`, or None.
    """

    down: str
    up: str
    bias: str | None
    scaling: float


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter, unread but for its headers.

    Args:
        digest: SHA-256 of both files, which identifies the adapter.
        updates: by the name of the layer.
        replaced: the names in the file of tensors that replace a tensor of the model, by its name there.
        stored: all tensors of the file.
    """

    folder: Path
    digest: str
    updates: Mapping[str, LowRankUpdate]
    replaced: Mapping[str, str]
    stored: Mapping[str, StoredTensor]

    @property
    def size(self) -> int:
        """Bytes of its tensors as stored."""
        return sum(math.prod(tensor.shape) * ITEM_BYTES[tensor.dtype] for tensor in self.stored.values())

    def __str__(self) -> str:
        return f"{self.folder.resolve().name} sha256:{self.digest}"


def read_adapter(folder: Path) -> Adapter:
    """Read the configuration of an adapter and the names and shapes of its tensors.

    Raises:
        CheckpointError: a file is missing or damaged.
        ConfigurationError: it is another kind of adapter.
    """
    settings = read_object(folder, CONFIG)
    if settings is None:
        raise CheckpointError(f"{folder}: no {CONFIG}", "expected the folder of a LoRA adapter that PEFT saved")
    _check_kind(folder, settings)
    if not (folder / WEIGHTS).exists():
        raise CheckpointError(f"{folder}: no {WEIGHTS}", "weights in pickle files are never opened")
    with open_shard(folder, folder / WEIGHTS) as file:
        stored = read_header(file, folder / WEIGHTS).tensors
        file.seek(0)
        digest = hashlib.sha256()
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    digest.update(repr(sorted(settings.items())).encode())
    parts: dict[str, dict[str, str]] = {}
    replaced: dict[str, str] = {}
    for key in stored:
        name = key.removeprefix(PREFIX)
        if found := _LOW_RANK.fullmatch(name):
            part = f"{found['part']}.{found['leaf']}"
            parts.setdefault(found["module"], {})[part] = key
        elif "lora_" in name or "original_module" in name:
            raise ConfigurationError(f"{folder}: {shorten(key)} is of a kind of adapter that cogdoc does not apply")
        else:
            replaced[_COPY.sub("", name)] = key
    updates = {module: _update(folder, module, keys, settings, stored) for module, keys in parts.items()}
    return Adapter(folder, digest.hexdigest(), updates, replaced, stored)


def _check_kind(folder: Path, settings: Mapping[str, Any]) -> None:
    kind = settings.get("peft_type")
    if kind != "LORA":
        raise ConfigurationError(f"{folder}: is an adapter of the kind {shorten(kind, 40)}, cogdoc applies LORA")
    for setting, name in UNSUPPORTED.items():
        if settings.get(setting):
            raise ConfigurationError(f"{folder}: uses {name} ({setting}), which cogdoc does not apply")
    initialization = settings.get("init_lora_weights")
    if isinstance(initialization, str) and initialization.startswith(CHANGING_INITIALIZATIONS):
        raise ConfigurationError(
            f"{folder}: was initialized with {shorten(initialization, 40)}, which changes the model's own weights",
            "PEFT converts it: save_pretrained(..., path_initial_model_for_weight_conversion=...)",
        )


def _update(
    folder: Path, module: str, keys: Mapping[str, str], settings: Mapping[str, Any], stored: Mapping[str, StoredTensor]
) -> LowRankUpdate:
    if not {"A.weight", "B.weight"} <= keys.keys() or len(stored[keys["A.weight"]].shape) != 2:
        raise CheckpointError(f"{folder}: incomplete: the update of {shorten(module)} is not a pair of matrices")
    rank = _of_layer(folder, "r", "rank_pattern", module, settings)
    alpha = _of_layer(folder, "lora_alpha", "alpha_pattern", module, settings)
    stored_rank = stored[keys["A.weight"]].shape[0]
    if rank != stored_rank or rank == 0:
        raise ConfigurationError(
            f"{folder}: {CONFIG} states the rank {rank:g} for {shorten(module)}, but {WEIGHTS} has {stored_rank}"
        )
    # Rank-stabilized scaling: Kalajdzievski, 2023, arXiv:2312.03732.
    scaling = alpha / (math.sqrt(rank) if settings.get("use_rslora") else rank)
    return LowRankUpdate(keys["A.weight"], keys["B.weight"], keys.get("B.bias"), scaling)


def _of_layer(folder: Path, key: str, pattern_key: str, module: str, settings: Mapping[str, Any]) -> float:
    """The rank or alpha of a layer, which a pattern may set for layers whose name ends with it."""
    value = settings.get(key)
    patterns = settings.get(pattern_key) or {}
    if isinstance(patterns, dict):
        # PEFT takes patterns for regular expressions. Those of a stranger's file could take forever, so only dots and
        # a leading ^ are understood.
        for pattern, own in patterns.items():
            plain = pattern.removeprefix("^").replace("\\.", ".")
            if module == plain or (module.endswith(f".{plain}") and not pattern.startswith("^")):
                value = own
                break
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        raise ConfigurationError(f"{folder}: {CONFIG} has no valid {key}")
    return float(value)
