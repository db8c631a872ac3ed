"""Checks that the disk has room for a model before it is written."""

from __future__ import annotations

import shutil
from pathlib import Path

from cogdoc.errors import ResourceError

SPARE_BYTES = 1 << 30
"""Bytes that stay free beside a model: a full disk breaks more than a download."""


def require_disk_space(folder: Path, needed: int, hint: str | None = None) -> None:
    """Check that the disk of `folder`, which need not exist yet, has `needed` bytes and some to spare.

    Raises:
        ResourceError: the disk has too little free space.
    """
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < needed + SPARE_BYTES:
        raise ResourceError(
            f"{existing}: {free / 1e9:.1f} GB free, but the model needs {needed / 1e9:.1f} GB more"
            f" and {SPARE_BYTES / 1e9:.1f} GB to spare",
            hint,
        )
