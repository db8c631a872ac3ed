"""What decides a model's answers, so that a command uses only a model that answers as its own would."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cogdoc.cogvlm2.adapters import read_adapter
from cogdoc.cogvlm2.configuration import parse_config, read_raw_config
from cogdoc.engines.cogvlm2.settings import precision_for, tokens_for
from cogdoc.engines.selection import EngineRequest

LIBRARIES = ("cogdoc", "torch", "bitsandbytes", "tokenizers")
CARDS = "CUDA_VISIBLE_DEVICES"
HASHED_BYTES = 16 << 20
"""Files up to this size are hashed; of weights, whose hashing takes minutes, size and time of change are."""

PLAIN_WORDS = {
    "versions": "version",
    "digest": "state of the checkpoint's files",
    "vision": "vision precision",
    "cards": f"value of {CARDS}",
}


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """A model as it is asked for, before the free memory decides anything."""

    versions: tuple[tuple[str, str], ...]
    checkpoint: str
    """The path without links."""
    digest: str
    """SHA-256 over the checkpoint's small files, and the sizes and times of the others."""
    adapter: str | None
    """Its name and hash."""
    quantization: str
    vision: str | None
    """The precision that was asked for, or that the checkpoint has; None if the memory decides."""
    cards: str
    context: int
    """Tokens of image, question and answer that it has to have room for."""

    def difference(self, wanted: ModelIdentity, vision: str) -> str | None:
        """In which point this is not the model that is wanted, in words; None if it is.

        Args:
            vision: the precision that the memory decided on for this one.
        """
        for field in fields(self):
            name = field.name
            own, other = getattr(self, name), getattr(wanted, name)
            if name == "context":
                same = own >= other
            elif name == "vision":
                same = own == other or vision == other
            else:
                same = own == other
            if not same:
                return f"another {PLAIN_WORDS.get(name, name)}"
        return None


def identity_of(checkpoint: Path, request: EngineRequest) -> ModelIdentity:
    """Identify the model that a request for a checkpoint loads. Imports no torch.

    Raises:
        CheckpointError, ConfigurationError: the checkpoint or the adapter cannot be used.
        OSError: a file cannot be read.
    """
    raw = read_raw_config(checkpoint)
    config = parse_config(raw)
    precision = precision_for(raw, config, request)
    return ModelIdentity(
        versions=tuple((name, _version(name)) for name in LIBRARIES),
        checkpoint=str(checkpoint.resolve()),
        digest=_digest(checkpoint),
        adapter=str(read_adapter(Path(request.adapter))) if request.adapter is not None else None,
        quantization=precision.quantization,
        vision=precision.vision,
        cards=os.environ.get(CARDS, "all"),
        context=tokens_for(config, request),
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        found = path.stat()
        digest.update(f"{path.name} {found.st_size} {found.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
        if found.st_size <= HASHED_BYTES:
            digest.update(path.read_bytes())
    return digest.hexdigest()
