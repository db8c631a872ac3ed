"""Reads and writes `cogdoc.json`, which records the origin of a checkpoint and the hash of each of its files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from cogdoc.cogvlm2.folder_files import read_object, unreadable

PROVENANCE_FILE = "cogdoc.json"
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class FileHash:
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a checkpoint comes from."""

    source: str
    """A hub's name, or `quantized`."""
    repository: str
    """On the hub, or the folder of the checkpoint that was quantized."""
    revision: str
    commit: str | None
    """The commit of the revision, if the hub states it."""
    files: Mapping[str, FileHash]


def write_provenance(folder: Path, provenance: Provenance) -> None:
    (folder / PROVENANCE_FILE).write_text(json.dumps(asdict(provenance), indent=2) + "\n", encoding="utf-8")


def record_hashes(folder: Path, source: str, repository: str) -> None:
    """Hash every file of a checkpoint that cogdoc has written, so that `verify` can find damage later."""
    (folder / PROVENANCE_FILE).unlink(missing_ok=True)  # a copy from the original checkpoint
    files = {
        path.name: FileHash(path.stat().st_size, sha256(path)) for path in sorted(folder.iterdir()) if path.is_file()
    }
    write_provenance(folder, Provenance(source, repository, "", None, files))


def read_provenance(folder: Path) -> Provenance | None:
    """The provenance of a checkpoint; None if cogdoc did not write the checkpoint.

    Raises:
        CheckpointError: the file is damaged.
    """
    raw = read_object(folder, PROVENANCE_FILE)
    if raw is None:
        return None
    try:
        files = {name: FileHash(int(file["size"]), str(file["sha256"])) for name, file in raw.pop("files").items()}
        provenance = Provenance(**raw, files=files)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise unreadable(folder / PROVENANCE_FILE, repr(error)) from None
    stated = (provenance.source, provenance.repository, provenance.revision, provenance.commit or "")
    if not all(isinstance(text, str) and text.isprintable() for text in stated):
        raise unreadable(folder / PROVENANCE_FILE, "it does not state where the checkpoint comes from")
    return provenance


def sha256(path: Path, on_bytes: Callable[[int], None] | None = None) -> str:
    """The SHA-256 of a file; `on_bytes` is called with the size of each chunk that was read."""
    return _hash(path, hashlib.sha256(), on_bytes)


def git_blob_sha1(path: Path) -> str:
    """The hash that git gives a file's content; hubs state it for files that are not in LFS."""
    return _hash(path, hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False), None)


def _hash(path: Path, digest: hashlib._Hash, on_bytes: Callable[[int], None] | None) -> str:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            if on_bytes is not None:
                on_bytes(len(chunk))
    return digest.hexdigest()
