"""Writes quantized checkpoints, so that later starts read 12 GB instead of 39.

Tensor names and `quantization_config` are those that transformers writes with bitsandbytes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from math import prod
from pathlib import Path
from typing import Any, Literal

import psutil
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from cogdoc.cogvlm2.checkpoint import TensorReader
from cogdoc.cogvlm2.configuration import parse_config, read_raw_config
from cogdoc.cogvlm2.folder_files import read_file
from cogdoc.cogvlm2.loading import Progress, match_tensors
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.precision import VISION_TOWER, VisionPrecision
from cogdoc.cogvlm2.quantization import int8_parts, nf4_parts
from cogdoc.cogvlm2.quantized_parts import INT8_OUTLIERS, quantizable
from cogdoc.cogvlm2.shard_headers import ITEM_BYTES, StoredTensor
from cogdoc.cogvlm2.weight_files import INDEX
from cogdoc.errors import OutputError, OutputExistsError, ResourceError, UsageError

# A shard is collected in memory before it is written.
SHARD_BYTES = 2 << 30

WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".gguf", ".onnx", ".py")
"""Suffixes of files that are not copied; code in a checkpoint is not used."""

SMALL_FILE_BYTES = 64 << 20

TENSOR_COPIES = 2
"""The stored tensor and its copy in bf16 are in memory together."""


MARKER = ".quantize"
"""An empty file in a folder that is being written."""

Conversion = Callable[[TensorReader, int], Iterator[dict[str, Tensor]]]
"""Turns the tensors of a checkpoint, whose number is given, into those of another one, a few at a time."""

_SHARD = re.compile(r"\d+\.safetensors|model-\d{5}-of-\d{5}\.safetensors")


def write_quantized(
    source: Path,
    destination: Path,
    quantization: Literal["nf4", "int8"] = "nf4",
    device: torch.device | str = "cpu",
    progress: Progress | None = None,
    vision: VisionPrecision = "quantized",
) -> None:
    """Quantize the full checkpoint in `source` into the new folder `destination`.

    The folder appears only when it is complete. Tensors are converted one by one, so peak memory is one shard and the
    temporaries of one tensor. The small files of the checkpoint (tokenizer, generation settings, licence) are copied.

    Args:
        device: where weights are quantized, one after another; the results come back to main memory at once.
        vision: whether the vision tower is quantized too. The written config.json names it if it is not.

    Raises:
        CheckpointError: `source` is not a complete CogVLM2 checkpoint.
        UsageError: `source` is quantized already.
        OutputExistsError: `destination` exists.
        ResourceError: there is too little memory for the largest tensor.
        OutputError: writing failed.
    """
    raw = read_raw_config(source)
    with torch.device("meta"):
        model = CogVLM2(parse_config(raw))
    converted = {f"{name}.weight" for name, _ in quantizable(model, vision)}

    def convert(reader: TensorReader, total: int) -> Iterator[dict[str, Tensor]]:
        return _convert(reader, converted, quantization, torch.device(device), total, progress)

    write_converted(source, destination, model, _quantized_config(raw, quantization, vision), convert)


def write_converted(source: Path, destination: Path, model: CogVLM2, raw: dict[str, Any], convert: Conversion) -> None:
    """Convert the full checkpoint in `source` to the new folder `destination`, which appears when it is complete.

    Args:
        model: its architecture, on the meta device.
        raw: the new `config.json`.

    Raises: see `write_quantized`.
    """
    contents = match_tensors(source, model)
    if contents.quantization != "none":
        raise UsageError(f"{source}: quantized already ({contents.quantization})")
    if os.path.lexists(destination):
        raise OutputExistsError(f"{destination}: exists")
    small_files = _read_small_files(source)
    _check_memory(contents.stored.values())
    partial = destination.with_name(f".{destination.name}.partial")
    if os.path.lexists(partial) and not _is_unfinished(partial):
        raise OutputExistsError(f"{partial}: was not written by cogdoc model quantize", "remove it, or rename it")
    try:
        if partial.exists():
            shutil.rmtree(partial)
        partial.mkdir(parents=True)
        (partial / MARKER).touch()
        with TensorReader(contents.stored) as reader:
            _write_shards(partial, convert(reader, len(contents.stored)))
        _write_json(partial / "config.json", raw)
        for name, content in small_files.items():
            (partial / name).write_bytes(content)
        (partial / MARKER).unlink()
        partial.rename(destination)
    except (OSError, SafetensorError) as error:
        raise OutputError(f"{destination}: cannot be written: {error}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _is_unfinished(folder: Path) -> bool:
    """Whether an interrupted run of `write_quantized` left this folder."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    names = [path.name for path in folder.iterdir()]
    return MARKER in names or all(map(_SHARD.fullmatch, names))


def _check_memory(tensors: Iterable[StoredTensor]) -> None:
    """Raise ResourceError if the largest tensor does not fit the free memory: its file may be sparse."""
    needed = TENSOR_COPIES * max(prod(tensor.shape) * ITEM_BYTES[tensor.dtype] for tensor in tensors)
    available = psutil.virtual_memory().available
    if needed > available:
        raise ResourceError(
            f"a tensor of the checkpoint needs {needed / 1e9:.1f} GB, and this machine's free memory has "
            f"{available / 1e9:.1f}"
        )


def _quantized_config(
    raw: dict[str, Any], quantization: Literal["nf4", "int8"], vision: VisionPrecision
) -> dict[str, Any]:
    if quantization == "int8":
        settings: dict[str, Any] = {"load_in_8bit": True, "load_in_4bit": False, "llm_int8_threshold": INT8_OUTLIERS}
    else:
        settings = {
            "load_in_8bit": False,
            "load_in_4bit": True,
            "bnb_4bit_quant_type": "nf4",
            "bnb_4bit_use_double_quant": True,
            "bnb_4bit_compute_dtype": "bfloat16",
            "bnb_4bit_quant_storage": "uint8",
        }
    skipped = ["lm_head", *([VISION_TOWER] if vision == "bf16" else [])]
    common = {"quant_method": "bitsandbytes", "llm_int8_skip_modules": skipped}
    return raw | {"torch_dtype": "bfloat16", "quantization_config": common | settings}


def _convert(
    reader: TensorReader,
    converted: set[str],
    quantization: Literal["nf4", "int8"],
    device: torch.device,
    total: int,
    progress: Progress | None,
) -> Iterator[dict[str, Tensor]]:
    """Convert each tensor of the source to the tensors of the destination, in bf16 if not quantized."""
    for done, name in enumerate(reader.names(), start=1):
        used = device if name in converted else torch.device("cpu")
        tensor = reader.read(name).to(used, torch.bfloat16, copy=True)
        if name in converted:
            layer = name.removesuffix(".weight")
            try:
                parts = nf4_parts(tensor) if quantization == "nf4" else int8_parts(tensor)
            except torch.OutOfMemoryError:
                raise ResourceError(f"{device} has too little free memory to quantize {name}", "--device cpu") from None
            yield {f"{layer}.{part}": value.cpu() for part, value in parts.items()}
        else:
            yield {name: tensor}
        if progress is not None:
            progress(done, total)


def _write_shards(folder: Path, converted: Iterator[dict[str, Tensor]]) -> None:
    shards: list[list[str]] = []
    shard: dict[str, Tensor] = {}
    size = total = 0

    def flush() -> None:
        save_file(shard, _shard(folder, len(shards)), metadata={"format": "pt"})
        shards.append(list(shard))
        shard.clear()

    for tensors in converted:
        added = sum(tensor.nbytes for tensor in tensors.values())
        if shard and size + added > SHARD_BYTES:
            flush()
            size = 0
        shard.update(tensors)
        size += added
        total += added
    flush()
    weight_map: dict[str, str] = {}
    for number, names in enumerate(shards):
        file_name = f"model-{number + 1:05}-of-{len(shards):05}.safetensors"
        path = _shard(folder, number).rename(folder / file_name)
        path.chmod(0o644)  # safetensors creates files for the owner only
        with path.open("rb") as file:
            os.fsync(file.fileno())
        weight_map |= dict.fromkeys(names, file_name)
    _write_json(folder / INDEX, {"metadata": {"total_size": total}, "weight_map": weight_map})


def _shard(folder: Path, number: int) -> Path:
    """The path of a shard until the number of shards is known."""
    return folder / f"{number}.safetensors"


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _read_small_files(source: Path) -> dict[str, bytes]:
    """The files of a checkpoint besides its weights and configuration, by name."""
    # cogdoc.json holds the hashes of the source's files.
    excluded = ("config.json", INDEX, "cogdoc.json")
    names = sorted(path.name for path in source.iterdir() if path.suffix not in WEIGHTS and not path.is_dir())
    contents = {
        name: read_file(source, name, SMALL_FILE_BYTES)
        for name in names
        if name not in excluded and not name.startswith(".")
    }
    return {name: content for name, content in contents.items() if content is not None}
