"""The names of a checkpoint's weight files. Needs no PyTorch, since every start looks for checkpoints."""

from __future__ import annotations

import json
from pathlib import Path

from cogdoc.errors import CheckpointError

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"


def indexed_files(folder: Path) -> list[str] | None:
    """The weight files that the index of a checkpoint names, sorted; None if there is no index.

    Raises:
        CheckpointError: the index is damaged.
    """
    index = folder / INDEX
    if not index.is_file():
        return None
    try:
        return sorted({str(name) for name in json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()})
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise CheckpointError(f"{index}: cannot be read: {error!r}") from None
