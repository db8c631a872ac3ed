"""Opens the folders that cogdoc writes to, and the files in them, without following symbolic links.

A path is resolved once, to a descriptor, and names are resolved relative to it (see openat(2)), so that nobody can
exchange a folder between a check and its use. Where the system has no such calls, full paths take their place.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cogdoc.errors import OutputError

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700

_DESCRIPTORS = os.open in os.supports_dir_fd and hasattr(os, "O_DIRECTORY")
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)


@dataclass(frozen=True, slots=True)
class Folder:
    """An open folder."""

    path: Path
    descriptor: int | None

    def open(self, name: str, flags: int, mode: int = PRIVATE_FILE) -> int:
        """Open a file; one that is created has these permissions, less those that the umask takes away.

        Raises:
            OSError: also if `name` is a symbolic link.
        """
        if self.descriptor is None and self.is_link(name):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        flags |= _NO_FOLLOW | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
        return os.open(self._name(name), flags, mode, dir_fd=self.descriptor)

    def status(self, name: str) -> os.stat_result | None:
        """What the folder has under a name, which may be a symbolic link; None for nothing."""
        try:
            return os.stat(self._name(name), dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def is_link(self, name: str) -> bool:
        status = self.status(name)
        return status is not None and stat.S_ISLNK(status.st_mode)

    def names(self) -> list[str]:
        with os.scandir(self.path if self.descriptor is None else self.descriptor) as entries:
            return [entry.name for entry in entries]

    def rename(self, old: str, new: str) -> None:
        os.replace(self._name(old), self._name(new), src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def remove(self, name: str) -> None:
        """Remove a file or a symbolic link, if it exists."""
        with suppress(FileNotFoundError):
            os.unlink(self._name(name), dir_fd=self.descriptor)

    def synchronize(self) -> None:
        """Make a rename survive a power loss, where the system supports it."""
        if self.descriptor is not None:
            os.fsync(self.descriptor)

    def subfolder(self, name: str, mode: int) -> Folder:
        """Open a folder in this one; it is created if it does not exist.

        Raises:
            OutputError: `name` is a symbolic link or a file.
            OSError: it cannot be created or opened.
        """
        with suppress(FileExistsError):
            os.mkdir(self._name(name), mode, dir_fd=self.descriptor)
        path = self.path / name
        status = self.status(name)
        if status is not None and not stat.S_ISDIR(status.st_mode):
            kind = "a symbolic link, which cogdoc does not follow" if stat.S_ISLNK(status.st_mode) else "not a folder"
            raise OutputError(f"{path}: is {kind}", "remove it, or name another place")
        descriptor = None
        if self.descriptor is not None:
            descriptor = os.open(name, _FOLDER | _NO_FOLLOW, dir_fd=self.descriptor)
        return Folder(path, descriptor)

    def close(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)

    def _name(self, name: str) -> str:
        return name if self.descriptor is not None else str(self.path / name)


@contextmanager
def open_folder(root: Path, below: Path = Path(), mode: int = 0o777) -> Iterator[Folder]:
    """Open the folder `below` `root`.

    Args:
        root: the folder that the user named: it must exist, and may be a symbolic link to one.
        below: its parts are created if they do not exist; none may be a symbolic link.
        mode: the permissions of the parts that are created.

    Raises:
        OutputError: a part is a symbolic link or a file.
        OSError: a folder cannot be created or opened.
    """
    with ExitStack() as stack:
        folder = Folder(root, os.open(root, _FOLDER) if _DESCRIPTORS else None)
        stack.callback(folder.close)
        for part in below.parts:
            folder = folder.subfolder(part, mode)
            stack.callback(folder.close)
        yield folder


@contextmanager
def open_private_folder(path: Path) -> Iterator[Folder]:
    """Open a folder of cogdoc's own that only its owner may enter; it is created if it does not exist.

    Raises:
        OutputError: it is a symbolic link or a file, belongs to another user, or cannot be created.
    """
    try:
        with open_folder(path.parent, Path(path.name), PRIVATE_FOLDER) as folder:
            if folder.descriptor is not None:
                _check_owner(folder, path.parent.stat().st_uid)
                with suppress(PermissionError):  # file systems without permissions
                    os.fchmod(folder.descriptor, PRIVATE_FOLDER)
            yield folder
    except OSError as error:
        raise OutputError(f"{path}: cannot create this folder: {error.strerror}") from None


def open_regular_file(folder: Folder, name: str) -> int:
    """Open a file to read and append, or create it for its owner only.

    Raises:
        OutputError: there is something else of this name, such as a symbolic link or a pipe.
        OSError: it cannot be opened.
    """
    path = folder.path / name
    if folder.is_link(name):
        raise OutputError(f"{path}: is a symbolic link, which cogdoc does not follow", "name another file")
    status = folder.status(name)
    if status is not None and not stat.S_ISREG(status.st_mode):
        raise OutputError(f"{path}: is not a regular file")
    return folder.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND)


def make_private(descriptor: int) -> None:
    """Take the permissions of an open file away from everybody but its owner."""
    with suppress(PermissionError):  # the file of another user, or a file system without permissions
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, PRIVATE_FILE)


def is_unused(descriptor: int) -> bool:
    """Whether an open file is empty and has no second name, so that nobody misses anything if it is written."""
    status = os.fstat(descriptor)
    return status.st_size == 0 and status.st_nlink <= 1


def _check_owner(folder: Folder, owner_of_parent: int) -> None:
    assert folder.descriptor is not None
    owner = os.fstat(folder.descriptor).st_uid
    if owner not in (os.geteuid(), owner_of_parent):
        raise OutputError(f"{folder.path}: belongs to another user", "remove it, or name another place with --to")
