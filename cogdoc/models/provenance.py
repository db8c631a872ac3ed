"""What lies beside a pulled or quantized checkpoint: where it came from, and the hash that each file had then."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from cogdoc.errors import CheckpointError

RECORD = "cogdoc.json"
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class FileRecord:
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Record:
    """`source` is a hub's name, or `quantized`, where `repository` is the folder that was quantized."""

    source: str
    repository: str
    revision: str
    commit: str | None
    """What the revision stood for, where the hub says so."""
    files: Mapping[str, FileRecord]


def write_record(folder: Path, record: Record) -> None:
    (folder / RECORD).write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")


def record_folder(folder: Path, source: str, repository: str) -> None:
    """Hash every file of a checkpoint that was made here, so that damage can be noticed later."""
    (folder / RECORD).unlink(missing_ok=True)  # that of the checkpoint it was made of
    files = {
        path.name: FileRecord(path.stat().st_size, sha256(path)) for path in sorted(folder.iterdir()) if path.is_file()
    }
    write_record(folder, Record(source, repository, "", None, files))


def read_record(folder: Path) -> Record | None:
    """None where cogdoc did not put the checkpoint there.

    Raises:
        CheckpointError: there is a record that cannot be understood.
    """
    path = folder / RECORD
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        files = {
            str(name): FileRecord(int(file["size"]), str(file["sha256"])) for name, file in raw.pop("files").items()
        }
        return Record(**raw, files=files)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path}: cannot be read: {error!r}") from None


def sha256(path: Path, on_bytes: Callable[[int], None] | None = None) -> str:
    """The hash of a file's content; `on_bytes` hears of each piece that was read."""
    return _hash(path, hashlib.sha256(), on_bytes)


def git_blob(path: Path) -> str:
    """The name that git gives a file's content: hubs state it for files that are not in LFS."""
    return _hash(path, hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False), None)


def _hash(path: Path, digest: hashlib._Hash, on_bytes: Callable[[int], None] | None) -> str:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            if on_bytes is not None:
                on_bytes(len(chunk))
    return digest.hexdigest()
