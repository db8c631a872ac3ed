"""The files of a checkpoint: lists their tensors, reads them one by one, and fingerprints them. Safetensors only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from cogdoc.cogvlm2.configuration import read_raw_config
from cogdoc.cogvlm2.folder_files import find_file, shorten
from cogdoc.cogvlm2.shard_headers import StoredTensor, open_shard, read_header
from cogdoc.cogvlm2.weight_files import INDEX, SINGLE, indexed_files
from cogdoc.errors import CheckpointError, is_out_of_memory

# The size of a tensor sample in the fingerprint.
SAMPLE_BYTES = 4096


def list_tensors(folder: Path) -> dict[str, StoredTensor]:
    """List the tensors of a checkpoint by name, shard by shard. Reads headers only.

    Raises:
        CheckpointError: there are no weights, or a shard is missing, damaged, or repeats a tensor.
    """
    tensors: dict[str, StoredTensor] = {}
    for shard in shard_paths(folder):
        with open_shard(folder, shard) as file:
            header = read_header(file, shard)
        for name, stored in header.tensors.items():
            if name in tensors:
                raise CheckpointError(f"{folder}: {shorten(name)} is in {tensors[name].shard.name} and in {shard.name}")
            tensors[name] = stored
    return tensors


def shard_paths(folder: Path) -> list[Path]:
    """List the weight files in the order of their names.

    Raises:
        CheckpointError: there are none, or the index names one that is missing or outside the folder.
    """
    names = indexed_files(folder)
    if names is not None:
        missing = [name for name in names if find_file(folder, name) is None]
        if missing:
            listed = shorten(", ".join(missing))
            raise CheckpointError(f"{folder}: shards are missing: {listed}", "was the download complete?")
        return [folder / name for name in names]
    if find_file(folder, SINGLE) is not None:
        return [folder / SINGLE]
    hint = "weights in pickle files are never opened" if any(folder.glob("*.bin")) else None
    raise CheckpointError(f"{folder}: no {SINGLE} and no {INDEX}", hint)


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
        try:
            if shard != self._shard:
                self._opened.close()
                self._handle = self._opened.enter_context(safe_open(shard, framework="pt"))
                self._shard = shard
            tensor: Tensor = self._handle.get_tensor(name)
        except (SafetensorError, OSError) as error:
            if is_out_of_memory(error):
                raise
            raise CheckpointError(f"{shard}: damaged: {error}", "download it again") from None
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
        with open_shard(folder, shard) as file:
            header = read_header(file, shard)
            digest.update(header.text)
            for begin, end in header.offsets:
                for offset in (begin, (begin + end) // 2):
                    file.seek(header.data_start + offset)
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
