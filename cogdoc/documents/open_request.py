"""The request to open a file, which is sent to a worker process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cogdoc.documents.remote import RemoteFile
from cogdoc.documents.rendering import MAX_MEGAPIXELS


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A file and how to open it. Equal requests return the same open document while the file does not change."""

    path: Path
    password: str | None = None
    max_megapixels: float = MAX_MEGAPIXELS
    remote: RemoteFile | None = None
    """Where the file comes from, if `path` is a copy that only this machine has."""
