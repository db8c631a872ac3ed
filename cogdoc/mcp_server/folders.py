"""The folders that may be read: names in them, and files opened so that no name leads out of them."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from cogdoc.documents.folder_walk import walk_folder
from cogdoc.errors import InputError, UsageError
from cogdoc.results.printable import well_formed

MAX_WALKED = 100_000
"""Files of a folder that a listing goes through."""

_CLOSE = getattr(os, "O_CLOEXEC", 0)
_FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | _CLOSE
_FILE_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | _CLOSE
_FILE_FLAGS |= getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file of an allowed folder."""

    name: str
    """As callers name it."""
    path: Path
    """Where this process opens the file that was checked, whatever has its name by then."""


class AllowedFolders:
    """Folders by name. A document's name is its path in its folder, after the folder's name if there are several."""

    def __init__(self, folders: list[Path]) -> None:
        """
        Raises:
            UsageError: one is no folder, or two have the same name.
        """
        if not folders:
            raise UsageError("which folders may be read?", "for example: cogdoc mcp ~/Documents/reports")
        self._roots: dict[str, Path] = {}
        for folder in folders:
            path = folder.expanduser().resolve()
            if not path.is_dir():
                raise UsageError(f"{folder}: is not a folder")
            if path.name in self._roots and self._roots[path.name] != path:
                raise UsageError(f"two folders are named {path.name}", "name a folder above them")
            self._roots[path.name] = path

    def documents(self, start: int, count: int) -> tuple[list[str], bool]:
        """The names of up to `count` documents from index `start`, and whether there are more."""
        found = list(islice(self._walk(), start, start + count + 1))
        return found[:count], len(found) > count

    @contextmanager
    def open(self, name: str) -> Iterator[OpenedFile]:
        """Open a document by its name.

        Links are not followed, at any part of the name, and the file stays the one that was checked.

        Raises:
            InputError: the name leads out of the folders, or there is no such file.
        """
        root, parts = self._locate(name)
        descriptor = _open_below(root, parts)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise InputError("not a regular file")
            yield OpenedFile(well_formed(name), _path_of(descriptor, root.joinpath(*parts)))
        finally:
            os.close(descriptor)

    def _walk(self) -> Iterator[str]:
        for label, root in self._roots.items():
            prefix = PurePosixPath(label) if len(self._roots) > 1 else PurePosixPath()
            for found in islice(walk_folder(root), MAX_WALKED):
                if isinstance(found, Path) and not found.is_symlink():
                    yield well_formed(str(prefix.joinpath(*found.relative_to(root).parts)))

    def _locate(self, name: str) -> tuple[Path, tuple[str, ...]]:
        """The folder of a name, and the parts of the path below it."""
        outside = InputError("this is not the name of a document in the folders that may be read")
        path = PurePosixPath(name)
        parts = path.parts
        if not parts or "://" in name or "\0" in name or path.is_absolute() or ".." in parts or Path(name).drive:
            raise outside
        if os.sep != "/" and os.sep in name:
            raise outside
        if any(part.startswith(".") for part in parts):
            raise outside  # hidden files are not listed either
        if len(self._roots) == 1:
            return next(iter(self._roots.values())), parts
        if parts[0] not in self._roots or len(parts) < 2:
            raise outside
        return self._roots[parts[0]], parts[1:]


def _open_below(root: Path, parts: tuple[str, ...]) -> int:
    """A descriptor of the file, reached from its folder one part after the other (see openat(2)).

    Raises:
        InputError: there is no such file, or a part is a link.
    """
    try:
        if os.open not in os.supports_dir_fd:
            path = root.joinpath(*parts)
            if path.resolve(strict=True) != path:
                raise InputError("links are not followed")
            return os.open(path, _FILE_FLAGS)
        folder = os.open(root, _FOLDER_FLAGS)
        for part in parts[:-1]:
            below = os.open(part, _FOLDER_FLAGS, dir_fd=folder)
            os.close(folder)
            folder = below
        try:
            return os.open(parts[-1], _FILE_FLAGS, dir_fd=folder)
        finally:
            os.close(folder)
    except FileNotFoundError:
        raise InputError("no such document") from None
    except (OSError, ValueError, UnicodeError):
        raise InputError("this is not a document in the folders that may be read") from None


def _path_of(descriptor: int, path: Path) -> Path:
    return Path(f"/proc/{os.getpid()}/fd/{descriptor}") if sys.platform == "linux" else path
