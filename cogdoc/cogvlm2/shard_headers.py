"""Reads the header of a safetensors file, and checks every size in it against the size of the file.

The format is described at https://github.com/huggingface/safetensors: eight bytes with the length of the header, a JSON
object with type, shape and position of each tensor, then the tensors without gaps. Nothing is mapped or allocated for a
tensor before its header is checked.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

from cogdoc.cogvlm2.folder_files import JSON_BYTES, open_file, parse_object, shorten
from cogdoc.errors import CheckpointError

LENGTH_BYTES = 8
METADATA = "__metadata__"
MAX_DIMENSIONS = 8

ITEM_BYTES = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2"), 1),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 2),
    **dict.fromkeys(("U32", "I32", "F32"), 4),
    **dict.fromkeys(("U64", "I64", "F64"), 8),
}


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor's shard, with shape and dtype from its header; `dtype` is a safetensors name such as BF16."""

    shard: Path
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class ShardHeader:
    """The header of a shard."""

    text: bytes
    tensors: dict[str, StoredTensor]
    offsets: tuple[tuple[int, int], ...]
    """Begin and end of each tensor in the data, in the order of `tensors`."""
    data_start: int
    """The position of the data in the file."""


def open_shard(folder: Path, shard: Path) -> BinaryIO:
    """Open a weight file of a checkpoint.

    Raises:
        CheckpointError: see `cogdoc.cogvlm2.folder_files.open_file`.
    """
    file = open_file(folder, os.path.relpath(shard, folder))
    if file is None:
        raise CheckpointError(f"{folder}: shards are missing: {shard.name}", "was the download complete?")
    return file


def read_header(file: BinaryIO, shard: Path) -> ShardHeader:
    """Read the header of an open shard.

    Raises:
        CheckpointError: the header is damaged, or does not fit the file.
    """
    try:
        size = os.fstat(file.fileno()).st_size - LENGTH_BYTES
        length = int.from_bytes(file.read(LENGTH_BYTES), "little")
        if size < 0 or length > min(size, JSON_BYTES):
            raise _damaged(shard, f"its header would have {length:,} bytes")
        text = file.read(length)
    except OSError as error:
        raise _damaged(shard, str(error.strerror)) from None
    try:
        entries = parse_object(text, shard)
    except CheckpointError as error:
        raise _damaged(shard, error.message.removeprefix(f"{shard}: ")) from None
    entries.pop(METADATA, None)
    tensors, offsets = {}, []
    for name, entry in entries.items():
        tensors[name], position = _parse_entry(name, entry, shard)
        offsets.append(position)
    end = 0
    for begin, following in sorted(offsets):
        if begin != end:
            raise _damaged(shard, "its tensors overlap, or have gaps between them")
        end = following
    if end != size - length:
        raise _damaged(shard, f"its tensors have {end:,} bytes, but the file has {size - length:,} for them")
    return ShardHeader(text, tensors, tuple(offsets), LENGTH_BYTES + length)


def _parse_entry(name: str, entry: Any, shard: Path) -> tuple[StoredTensor, tuple[int, int]]:
    """A tensor, and where its data begins and ends."""
    values = entry if isinstance(entry, dict) else {}
    dtype: Any = values.get("dtype")
    shape: Any = values.get("shape")
    offsets: Any = values.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in ITEM_BYTES:
        raise _damaged(shard, f"{shorten(name)} has the unknown type {shorten(dtype, 40)}")
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(shape) > MAX_DIMENSIONS or len(offsets) != 2:
        raise _damaged(shard, f"{shorten(name)} has no valid shape and position")
    begin, end = offsets
    if end - begin != prod(shape) * ITEM_BYTES[dtype]:
        raise _damaged(shard, f"{shorten(name)} has {end - begin:,} bytes, which do not fit its shape and type")
    return StoredTensor(shard, tuple(shape), dtype), (begin, end)


def _are_sizes(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and value >= 0 for value in values)


def _damaged(shard: Path, reason: str) -> CheckpointError:
    return CheckpointError(f"{shorten(shard, 400)}: damaged: {reason}", "download it again")
