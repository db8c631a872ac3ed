"""Describes a checkpoint without loading it: its size, the format of its weights, the memory that it needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cogdoc.cogvlm2.configuration import ModelConfig, parse_config, read_raw_config
from cogdoc.cogvlm2.folder_files import find_file
from cogdoc.cogvlm2.memory import RUNTIME_BYTES, longest_context, plan
from cogdoc.cogvlm2.tensor_memory import Device
from cogdoc.errors import CheckpointError
from cogdoc.models.published_models import QUANTIZATIONS

if TYPE_CHECKING:
    from cogdoc.cogvlm2.quantized_parts import Quantization

GIB = 2**30
DTYPES = ("bfloat16", "float16", "float32")
CARDS = tuple(size * GIB for size in (16, 24, 48, 80))
"""Memory sizes of common cards, in bytes."""


@dataclass(frozen=True, slots=True)
class Description:
    """A checkpoint's files and sizes."""

    config: ModelConfig
    parameters: int
    files: int
    """The number of files."""
    size: int
    """Bytes of all files."""
    stored: Quantization | None
    """The quantization of the stored weights; None if they are not quantized."""
    dtype: str

    @property
    def weights(self) -> str:
        return self.stored or self.dtype

    @property
    def choices(self) -> tuple[Quantization, ...]:
        """The quantizations that it can be loaded with."""
        return (self.stored,) if self.stored else QUANTIZATIONS


def describe(folder: Path) -> Description:
    """Describe the checkpoint in `folder`, from its `config.json` and the sizes of its files.

    Raises:
        CheckpointError: there is no config.json, or it is not a CogVLM2 configuration.
    """
    raw = read_raw_config(folder)
    config = parse_config(raw)
    files = list(_files(folder))
    return Description(
        config=config,
        parameters=parameters(config),
        files=len(files),
        size=sum(path.stat().st_size for path in files),
        stored=stored_quantization(raw),
        dtype=next((name for name in (raw.get("dtype"), raw.get("torch_dtype")) if name in DTYPES), DTYPES[0]),
    )


def _files(folder: Path) -> Iterator[Path]:
    """The files that belong to a checkpoint: no hidden ones, and none of other folders."""
    for path in folder.iterdir():
        with suppress(CheckpointError):
            file = None if path.name.startswith(".") else find_file(folder, path.name)
            if file is not None:
                yield file


def parameters(config: ModelConfig) -> int:
    """The number of parameters, with the rotary frequencies, which the published number includes."""
    return plan(config, "none", dtype_bytes=1).weights


def stored_quantization(raw: dict[str, Any]) -> Quantization | None:
    """The quantization of the stored weights, from `config.json`; FP4 weights are loaded by the NF4 kernels."""
    settings = raw.get("quantization_config")
    if not isinstance(settings, dict):
        return None
    return "int8" if settings.get("load_in_8bit") else "nf4"


def memory_parts(config: ModelConfig, quantization: Quantization, device: Device = "cuda") -> list[tuple[str, int]]:
    """The memory plan by part, in bytes: weights, then what reading needs, and the total as the last part."""
    planned = plan(config, quantization, device=device)
    runtime = RUNTIME_BYTES if device == "cuda" else 0
    return [
        *((name.replace("_", " "), size) for name, size in asdict(planned.parts).items()),
        ("all weights", planned.weights),
        (f"cache of {config.max_positions:,} tokens", planned.cache),
        ("at most while reading", planned.peak - planned.resident),
        *([("CUDA itself", runtime)] if runtime else []),
        ("in all", planned.peak + runtime),
    ]


def fitting_context(
    config: ModelConfig, quantization: Quantization, memory: int, device: Device = "cuda"
) -> int | None:
    """The tokens of prompt and answer that fit `memory` bytes; None if not even a question about a picture fits."""
    runtime = RUNTIME_BYTES if device == "cuda" else 0
    return longest_context(config, memory - runtime, quantization, device=device)
