"""The files of a checkpoint: lists their tensors, reads them one by one, and fingerprints them. Safetensors only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from cogdoc.cogvlm2.configuration import read_raw_config
from cogdoc.cogvlm2.weight_files import INDEX, SINGLE, indexed_files
from cogdoc.errors import CheckpointError

# The size of a tensor sample in the fingerprint.
SAMPLE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor's shard, with shape and dtype from its header; `dtype` is a safetensors name such as BF16."""

    shard: Path
    shape: tuple[int, ...]
    dtype: str


def list_tensors(folder: Path) -> dict[str, StoredTensor]:
    """List the tensors of a checkpoint by name, shard by shard. Reads headers only.

    Raises:
        CheckpointError: there are no weights, or a shard is missing, damaged, or repeats a tensor.
    """
    tensors: dict[str, StoredTensor] = {}
    for shard in shard_paths(folder):
        for name, stored in _read_header(shard).items():
            if name in tensors:
                raise CheckpointError(f"{folder}: {name} is in {tensors[name].shard.name} and in {shard.name}")
            tensors[name] = stored
    return tensors


def shard_paths(folder: Path) -> list[Path]:
    """List the weight files in the order of their names.

    Raises:
        CheckpointError: there are none, or the index names a missing one.
    """
    names = indexed_files(folder)
    if names is not None:
        shards = [folder / name for name in names]
        missing = [shard.name for shard in shards if not shard.is_file()]
        if missing:
            raise CheckpointError(f"{folder}: shards are missing: {', '.join(missing)}", "was the download complete?")
        return shards
    if (folder / SINGLE).is_file():
        return [folder / SINGLE]
    hint = "weights in pickle files are never opened" if any(folder.glob("*.bin")) else None
    raise CheckpointError(f"{folder}: no {SINGLE} and no {INDEX}", hint)


def _read_header(shard: Path) -> dict[str, StoredTensor]:
    try:
        with safe_open(shard, framework="pt") as tensors:
            slices = {name: tensors.get_slice(name) for name in tensors.keys()}  # noqa: SIM118  not a mapping
            return {
                name: StoredTensor(shard, tuple(part.get_shape()), part.get_dtype()) for name, part in slices.items()
            }
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{shard}: damaged: {error}", "download it again") from None


class TensorReader:
    """Reads tensors by name. Only one shard is mapped at a time, so the others do not count as resident memory."""

    def __init__(self, tensors: Mapping[str, StoredTensor]) -> None:
        self._tensors = tensors
        self._shard: Path | None = None
        self._opened = ExitStack()

    def __enter__(self) -> TensorReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def read(self, name: str) -> Tensor:
        """Read a tensor in its stored dtype. It is a view of mapped memory, so copy it to keep it."""
        shard = self._tensors[name].shard
        if shard != self._shard:
            self._opened.close()
            self._handle = self._opened.enter_context(safe_open(shard, framework="pt"))
            self._shard = shard
        tensor: Tensor = self._handle.get_tensor(name)
        return tensor

    def names(self) -> Iterator[str]:
        """Iterate over all names in an order that opens each shard once."""
        return iter(self._tensors)


def fingerprint(folder: Path) -> str:
    """Identify a checkpoint by a SHA-256 over `config.json`, each shard's header, and two samples of every tensor.

    Hashing all 39 GB would take longer than reading a page, and trained tensors differ nearly everywhere.

    Raises:
        CheckpointError: there is no checkpoint.
    """
    config = json.dumps(read_raw_config(folder), sort_keys=True)
    digest = hashlib.sha256(config.encode())
    for shard in shard_paths(folder):
        with shard.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = file.read(size)
            digest.update(header)
            for entry in json.loads(header).values():
                begin, end = entry.get("data_offsets", (0, 0))
                for offset in (begin, (begin + end) // 2):
                    file.seek(8 + size + offset)
                    digest.update(file.read(min(SAMPLE_BYTES, end - offset)))
    return digest.hexdigest()


def torch_dtype(name: str) -> torch.dtype | None:
    """The floating point dtype of a name in `config.json` ("bfloat16") or in a shard ("BF16"); None for other names."""
    return {
        "bfloat16": torch.bfloat16,
        "BF16": torch.bfloat16,
        "float16": torch.float16,
        "F16": torch.float16,
        "float32": torch.float32,
        "F32": torch.float32,
    }.get(name)
