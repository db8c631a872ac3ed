"""Where the reading cache is, and how large it may be: from the environment, or the system's folder for caches."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from cogdoc.documents.reading_cache.cache_database import CacheDatabase
from cogdoc.errors import UsageError

FILE_NAME = "readings.sqlite"
DEFAULT_GB = 2.0
OFF = "off"


def cache_path() -> Path | None:
    """The database's path: in the folder COGDOC_CACHE, or in the system's; None if COGDOC_CACHE is "off"."""
    folder = os.environ.get("COGDOC_CACHE")
    if folder == OFF:
        return None
    return (_expanded(folder) if folder else _system_folder()) / FILE_NAME


def open_cache() -> CacheDatabase | None:
    """The cache of this user; None if it is switched off.

    Raises:
        UsageError: COGDOC_CACHE_GB is not a size.
    """
    path = cache_path()
    return None if path is None else CacheDatabase(path, size_limit())


def size_limit() -> int:
    """Bytes that the cache may take on disk, from COGDOC_CACHE_GB.

    Raises:
        UsageError: it is no positive number.
    """
    text = os.environ.get("COGDOC_CACHE_GB")
    try:
        gigabytes = float(text) if text else DEFAULT_GB
    except ValueError:
        gigabytes = 0.0
    if not 0 < gigabytes < 1e6:
        raise UsageError(f"COGDOC_CACHE_GB: {text!r} is not a size", "a number of gigabytes, such as 0.5")
    return int(gigabytes * 1e9)


def _system_folder() -> Path:
    if sys.platform == "win32":
        return _expanded(os.environ.get("LOCALAPPDATA") or "~/AppData/Local") / "cogdoc" / "Cache"
    if sys.platform == "darwin":
        return _expanded("~/Library/Caches") / "cogdoc"
    return _expanded(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "cogdoc"


def _expanded(name: str) -> Path:
    with suppress(RuntimeError):  # there is no home folder
        return Path(name).expanduser().absolute()
    return Path(name).absolute()
