"""The names of a checkpoint's weight files. Needs no PyTorch, since every start looks for checkpoints."""

from __future__ import annotations

from pathlib import Path

from cogdoc.cogvlm2.folder_files import read_object, unreadable

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"


def indexed_files(folder: Path) -> list[str] | None:
    """The weight files that the index of a checkpoint names, sorted; None if there is no index.

    Raises:
        CheckpointError: the index is damaged.
    """
    weight_map = read_index(folder)
    return None if weight_map is None else sorted(set(weight_map.values()))


def read_index(folder: Path) -> dict[str, str] | None:
    """The file of each tensor, from the index of a checkpoint; None if there is no index.

    Raises:
        CheckpointError: the index is damaged.
    """
    index = read_object(folder, INDEX)
    if index is None:
        return None
    weight_map = index.get("weight_map")
    if not isinstance(weight_map, dict) or not all(isinstance(name, str) and name for name in weight_map.values()):
        raise unreadable(folder / INDEX, "it has no weight_map from tensors to files")
    return weight_map
