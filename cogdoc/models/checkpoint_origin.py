"""Says which checkpoint a folder has, for results: its repository, revision and hash. Reads no large file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cogdoc.errors import CheckpointError
from cogdoc.models.checkpoint_folders import weight_files
from cogdoc.models.provenance import read_provenance, sha256

SMALL = 64 << 20
"""Bytes of weight files that are hashed if no hash of them is recorded."""

SHA256_DIGITS = 64


@dataclass(frozen=True, slots=True)
class CheckpointOrigin:
    """What is known about a checkpoint; None for what is not."""

    repository: str | None = None
    """On its hub, or the folder of the checkpoint that it was made of."""
    revision: str | None = None
    """A commit, or a name."""
    sha256: str | None = None
    """SHA-256 of what `sha256sum` prints for its weight files in the order of their names."""


def origin_of(folder: Path) -> CheckpointOrigin:
    """What cogdoc recorded when it made or pulled a checkpoint, what the Hugging Face cache says, or a hash alone."""
    provenance = None
    with suppress(CheckpointError):  # what the record says does not matter to loading the weights
        provenance = read_provenance(folder)
    if provenance is not None:
        digests = {name: file.sha256 for name, file in provenance.files.items()}
        revision = provenance.commit or provenance.revision or None
        return CheckpointOrigin(provenance.repository, revision, _combined(folder, digests))
    if folder.parent.name == "snapshots":
        repository = folder.parent.parent.name.removeprefix("models--").replace("--", "/", 1)
        return CheckpointOrigin(repository, folder.name, _combined(folder, _cached_digests(folder)))
    return CheckpointOrigin(sha256=_combined(folder, _digests_of_small(folder)))


def _combined(folder: Path, digests: Mapping[str, str]) -> str | None:
    names = sorted(weight_files(folder))
    if any(len(digests.get(name, "")) != SHA256_DIGITS for name in names):
        return None
    return hashlib.sha256("".join(f"{digests[name]}  {name}\n" for name in names).encode()).hexdigest()


def _cached_digests(folder: Path) -> dict[str, str]:
    """The hashes of large files in the Hugging Face cache, after which they are named."""
    return {path.name: path.readlink().name for path in folder.iterdir() if path.is_symlink()}


def _digests_of_small(folder: Path) -> dict[str, str]:
    paths = [folder / name for name in weight_files(folder)]
    try:
        if sum(path.stat().st_size for path in paths) > SMALL:
            return {}
        return {path.name: sha256(path) for path in paths}
    except OSError:
        return {}
